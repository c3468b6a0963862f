// The actions of the Interactive Fiction Database, one by one in the order of time, through the engine behind `serve`:
// does what is answered at once agree with clustering everything anew, and how long does an answer take?
//
//   node examples/ifdb/replay.mjs [FOLDER WITH THE .parquet FILES] [onlineExactItems]
//
// Clock: that of the log. Every action is a request of its own, those of a day at once; a batch runs every four weeks.
// Window, decay and threshold as in run.mjs. Embeddings are of 2026: no evaluation of quality, but of consistency and
// speed. `onlineExactItems` (default 2000) is the history up to which everything is clustered again; above, the overlay
// answers. A few minutes.
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open, openEngine } from 'pinnersage';

const folder = process.argv[2] ?? fileURLToPath(new URL('../../../shared/data/ifdb', import.meta.url));
if (!existsSync(join(folder, 'wishlists.parquet'))) {
  console.error(`no IFDB files in ${folder}; name their folder as the first argument`);
  process.exit(77);
}
const onlineExactItems = Number(process.argv[3] ?? 2000);

const day = 86_400_000;
const batchEvery = 28 * day;
const compareEvery = 13; // batches: about once a year
const started = performance.now();
const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
const dir = mkdtempSync(join(tmpdir(), 'pinnersage-replay-'));
const path = join(dir, 'data');
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));

/** Games with embeddings stay in the directory; the actions are read from a copy of it, by rising time. */
async function prepare() {
  const data = await open(path);
  await data.importItems(join(folder, 'game_docs_retrieval.parquet'), {
    sql: `SELECT gameid AS item_id, title, author, tags,
      regexp_extract(doc_text, 'Description: (.*)', 1, 's') AS description FROM file`,
  });
  const space = await data.embedText({ fields: ['title', 'tags', 'description'] });
  await data.configure({ windowDays: 'all', lambda: 0.001, onlineExactItems });
  await data.setAlpha(1.3);
  await data.close();
  cpSync(path, join(dir, 'whole'), { recursive: true });
  const whole = await open(join(dir, 'whole'));
  const map = { user_id: 'userid', item_id: 'gameid', timestamp: 'date_added' };
  const sinceMs = Date.parse('2007-01-01T00:00:00Z'); // rows of 1980 are placeholders
  await whole.importActions(join(folder, 'wishlists.parquet'), { map, type: 'wishlist', sinceMs });
  await whole.importActions(join(folder, 'playedgames.parquet'), { map, type: 'played', sinceMs });
  const actions = Array.from(whole.rows('actions'), ({ user_id, item_id, type, timestamp }) => ({
    userId: user_id,
    itemId: item_id,
    type,
    timestamp: Date.parse(timestamp),
  })).sort((a, b) => a.timestamp - b.timestamp);
  await whole.close();
  console.log(`${space.items} games in ${space.dim} dimensions, ${actions.length} actions (${seconds()})`);
  return actions;
}

function* byDay(actions) {
  for (let from = 0; from < actions.length; ) {
    const today = Math.floor(actions[from].timestamp / day);
    let to = from;
    while (to < actions.length && Math.floor(actions[to].timestamp / day) === today) to++;
    yield actions.slice(from, to);
    from = to;
  }
}

const actions = await prepare();
let clock = 0;
const engine = await openEngine({ path, now: () => clock, recommendationDays: 0 });
const encoder = new TextEncoder();

// Histories by their number of actions; how often a user is asked for after an action keeps the request numbers alike.
const sizes = [
  { from: 1, name: '1 to 9', every: 20 },
  { from: 10, name: '10 to 99', every: 30 },
  { from: 100, name: '100 to 999', every: 40 },
  { from: 1000, name: '1,000 and more', every: 4 },
].map((size) => ({ ...size, users: 0, cold: [], warm: [] }));
const sizeOf = (length) => sizes.findLast(({ from }) => length >= from);
const history = new Map();

async function ask(userId) {
  const size = sizeOf(history.get(userId));
  if (size.users++ % size.every !== 0) return;
  const request = { count: 100, seed: 1 };
  const begin = performance.now();
  const answer = await engine.recommend(userId, request);
  const middle = performance.now();
  const again = await engine.recommend(userId, request);
  const end = performance.now();
  if (again.recommendationId !== answer.recommendationId) throw new Error('the same request, another answer');
  size.cold.push(middle - begin);
  size.warm.push(end - middle);
}

const sources = ['batch', 'exact', 'overlay'];
const compared = Object.fromEntries(sources.map((source) => [source, { users: 0, identical: 0 }]));
let instants = 0;
let drift = 0;

/** Every user, answered as of now, beside a recompute of the whole log. */
async function compare() {
  const report = await engine.verify({ users: history.size });
  for (const source of sources) {
    compared[source].users += report[source].users;
    compared[source].identical += report[source].identical;
  }
  drift = Math.max(drift, report.importanceDrift);
  instants++;
}

let batches = 0;
let nextBatch = Math.ceil(actions[0].timestamp / batchEvery) * batchEvery;
for (const today of byDay(actions)) {
  if (today[0].timestamp >= nextBatch) {
    clock = nextBatch;
    if (batches++ % compareEvery === 0) await compare();
    const { failed } = await engine.batch({ windowDays: 'all', lambda: 0.001, alpha: 1.3, workers: 1 });
    if (failed > 0) throw new Error(`${failed} users failed`);
    while (today[0].timestamp >= nextBatch) nextBatch += batchEvery;
  }
  clock = today.at(-1).timestamp;
  await Promise.all(today.map((action) => engine.appendActions(encoder.encode(JSON.stringify([action])))));
  for (const { userId } of today) history.set(userId, (history.get(userId) ?? 0) + 1);
  for (const userId of new Set(today.map((action) => action.userId))) await ask(userId);
}
await compare();
console.log(`replayed with ${batches} batches (${seconds()})`);

console.log(`\ninterests of all users at ${instants} instants, as a recompute of the whole log says`);
for (const source of sources) {
  const { users, identical } = compared[source];
  const share = users > 0 ? `${((100 * identical) / users).toFixed(2)} %` : '–';
  console.log(
    `  ${source.padEnd(8)} ${String(identical).padStart(7)} of ${String(users).padStart(7)}  ${share}`,
  );
}
console.log(`  importances differ by at most ${drift.toExponential(1)}`);

const quantile = (values, p) =>
  values.sort((a, b) => a - b)[Math.ceil(p * values.length) - 1]?.toFixed(2) ?? '–';
console.log('\nrecommendation of 100 items, ms: median, p90; first after an action, and the same again');
for (const { name, cold, warm } of sizes) {
  const row = [quantile(cold, 0.5), quantile(cold, 0.9), quantile(warm, 0.5), quantile(warm, 0.9)];
  console.log(`  ${name.padEnd(15)} ${row.map((ms) => ms.padStart(8)).join('')}   ${cold.length} requests`);
}
await engine.close();
console.log(`\ndone in ${seconds()}`);
