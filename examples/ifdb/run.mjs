// From the raw files of the Interactive Fiction Database to interests and explained candidates.
//
//   node examples/ifdb/run.mjs [FOLDER WITH THE .parquet FILES]
//
// Clock: the newest action of the log (March 2026 dump), because the data stand still while the wall clock goes on.
// Window: all of it. People come to this site a few times a year; 90 days before the newest action hold the actions of
// about one user in twenty, and a shelf of played games is a lasting taste. The share is printed below.
// Decay and threshold: lambda .001 per day (half-life two years) for the same reason. The starting rule caps alpha at .64,
// which leaves most text vectors alone; 1.3 makes clusters that a reader would call a taste. Both are printed.
// Embeddings: titles, tags and descriptions as of 2026, which is fine for a walk-through and would leak the future into
// an evaluation.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open } from 'pinnersage';

const folder = process.argv[2] ?? fileURLToPath(new URL('../../../shared/data/ifdb', import.meta.url));
if (!existsSync(join(folder, 'wishlists.parquet'))) {
  console.error(`no IFDB files in ${folder}; name their folder as the first argument`);
  process.exit(77);
}

const started = performance.now();
const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
const dir = mkdtempSync(join(tmpdir(), 'pinnersage-ifdb-'));
const data = await open(join(dir, 'data'));
const onNote = (note) => console.log(`  note: ${note}`);

const games = await data.importItems(join(folder, 'game_docs_retrieval.parquet'), {
  sql: `SELECT gameid AS item_id, title, author, tags,
    regexp_extract(doc_text, 'Description: (.*)', 1, 's') AS description FROM file`,
});
console.log(`games: ${games.accepted} (${seconds()})`);

const since = Date.parse('2007-01-01T00:00:00Z'); // rows of 1980 are placeholders
const map = { user_id: 'userid', item_id: 'gameid', timestamp: 'date_added' };
for (const [file, type] of [
  ['wishlists.parquet', 'wishlist'],
  ['playedgames.parquet', 'played'],
]) {
  const { accepted, duplicates, rejected } = await data.importActions(join(folder, file), {
    map,
    type,
    sinceMs: since,
  });
  console.log(
    `${type}: ${accepted} actions taken, ${duplicates} duplicates, rejected ${JSON.stringify(rejected)}`,
  );
}

const space = await data.embedText({ fields: ['title', 'tags', 'description'], onNote });
console.log(
  `embeddings: ${space.items} games in ${space.dim} dimensions, ${space.skipped} skipped (${seconds()})`,
);

const { users, newestAction } = data.describe();
const nowMs = Date.parse(newestAction);
const recent = await data.batch({ nowMs, windowDays: 90 });
console.log(`users: ${users}; ${recent.users} with an action in the last 90 days`);
const perUser = ({ interests: { median, p90, max }, alpha }) =>
  `interests per user: median ${median}, p90 ${p90}, max ${max} (alpha ${alpha.toFixed(2)})`;
console.log(`starting rule, ${perUser(await data.batch({ nowMs, windowDays: 'all' }))}`);
const batch = await data.batch({ nowMs, windowDays: 'all', lambda: 0.001, alpha: 1.3, onNote });
console.log(`users: ${batch.users} in the whole log, ${batch.usersPerSecond} users/s`);
console.log(perUser(batch));
console.log(`actions without a point: ${JSON.stringify(batch.actionsLeftOut)} (${seconds()})`);

const title = (itemId) => data.item(itemId)?.metadata?.title ?? itemId;
for (const userId of data.sampleUsers({ count: 3, seed: 11, minInterests: 5 })) {
  const { interests } = data.interests(userId, { members: true });
  const total = interests.reduce((sum, { importance }) => sum + importance, 0);
  console.log(`\na reader with ${interests.length} interests, the weightiest:`);
  for (const { medoid, importance, size, members } of interests.slice(0, 5)) {
    const others = members.filter((member) => member !== medoid).slice(0, 4);
    const share = `${((100 * importance) / total).toFixed(0)} %`.padStart(5);
    console.log(
      `  ${share}  ${title(medoid)} (${size} games${others.length ? `: ${others.map(title).join(', ')}` : ''})`,
    );
  }
  const answer = data.recommend(userId, { count: 9, seed: 1, explain: true, nowMs });
  console.log(`  drawn: ${answer.interests.map(({ medoid }) => title(medoid)).join(' | ')}`);
  for (const { itemId, score, because } of answer.items)
    console.log(`    ${score.toFixed(2)}  ${title(itemId)}  <- ${because.map(title).join(', ')}`);
}

await data.close();
rmSync(dir, { recursive: true });
console.log(`\ndone in ${seconds()}`);
