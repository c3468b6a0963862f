#!/usr/bin/env bash
# The demo as a newcomer runs it: it shows, serves, answers the requests that it prints, and a SIGTERM ends it with 0.
set -euo pipefail
data=$1
export PORT=$2
npm run demo -- --data "$data" --no-serve
npm run demo -- --data "$data" > "$data.out" &
demo=$!
trap 'kill "$demo" 2>/dev/null || true' EXIT
for _ in $(seq 300); do
  if grep -q openapi.json "$data.out"; then break; fi
  kill -0 "$demo"
  sleep 0.2
done
curl -sf "http://127.0.0.1:$PORT/readyz"
# The lines that it prints, as they stand.
grep '^  curl ' "$data.out" > "$data.sh"
[ "$(wc -l < "$data.sh")" -eq 7 ]
bash -e "$data.sh" > "$data.answers"
grep -q '"fallback":"popularity"' "$data.answers"
grep -q '"accepted":1' "$data.answers"
grep -q '"fallback":"online"' "$data.answers"
kill -TERM "$demo"
trap - EXIT
wait "$demo"
echo 'demo serves and stops'
