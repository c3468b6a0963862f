#!/usr/bin/env bash
# Requests made from the server's own OpenAPI document, valid and not: no defect, no answer that is not documented, no
# accepted nonsense; and afterwards the data are as the log says and the server stops with 0.
set -euo pipefail
work=$1
seconds=${2:-40}
mkdir -p "$work"
python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet schemathesis==4.32.5
node dist/cli/main.js serve --data "$work/data" --port 0 --api-key fuzz --host 127.0.0.1 --batch-every 7s --json --log-level error > "$work/server" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
until [ -s "$work/server" ]; do kill -0 "$server"; sleep 0.1; done
url=$(node -e 'console.log(JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8")).url)' "$work/server")
post() { curl -sf -H 'x-api-key: fuzz' -H 'content-type: application/json' -d "$2" "$url$1"; }
post /v1/items "$(node -p 'JSON.stringify(Array.from({ length: 50 }, (_, i) => ({ itemId: `${i}`, embedding: [Math.cos(i), Math.sin(i), 1], metadata: { n: i } })))')"
post /v1/actions "$(node -p 'JSON.stringify(Array.from({ length: 200 }, (_, i) => ({ userId: `${i % 5}`, itemId: `${(7 * i) % 50}`, type: "save", timestamp: Date.now() - 1000 * i })))')"
post /v1/admin/batch '{}'
# Not checked: that generated requests are accepted, for text that must be JSON or name something is not.
config=$PWD/.ci/fuzz.toml
fuzz() {
  (cd "$work" && python/bin/schemathesis --config-file "$config" run "$url/openapi.json" -H 'X-API-Key: fuzz' --seed 1 --continue-on-failure "$@")
}
fuzz --max-time "$seconds" --exclude-checks positive_data_acceptance \
  --exclude-operation-id putItems --exclude-operation-id appendActions
# Of an array the elements that cannot be used are named in a successful answer.
fuzz --max-time $((seconds / 2)) --exclude-checks positive_data_acceptance,negative_data_rejection,ensure_resource_availability \
  --include-operation-id putItems --include-operation-id appendActions
node dist/cli/main.js verify --data "$work/data" --json
kill -TERM "$server"
trap - EXIT
wait "$server"
echo 'nothing broke'
