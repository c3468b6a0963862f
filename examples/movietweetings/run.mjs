// From the raw files of MovieTweetings (ratings that people tweeted) to interests and explained candidates.
//
//   node examples/movietweetings/run.mjs [FOLDER WITH movies.dat AND ratings.dat]
//
// The files come without a header and with `::` between fields: `columns` and `delimiter` say so.
// Actions: a rating of 8 or more is "liked", with a weight of 1 for an 8, 2 for a 9 and 3 for a 10; one of 4 or less is
// "disliked", an exclude type, so the film stays out of the candidates and out of the interests. What lies between says
// little and is left out by the SELECT. A rating is made once, so weights say how much an interest is loved.
// Clock: the newest rating. Window: all of it. The log spans half a year and most people rate a few films; 90 days would
// leave out a good part of the users. Both shares are printed.
// Embeddings: names and genres. The year is left out of the names: as a word it is rarer than a genre and would pull films
// of one year together. Alpha 1.2 makes tastes that a reader would name (the starting rule caps it at .64, which leaves
// most text vectors alone). Vectors from so little text are coarse; real use would bring better ones.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open } from 'pinnersage';

const folder =
  process.argv[2] ?? fileURLToPath(new URL('../../../shared/data/movietweetings', import.meta.url));
if (!existsSync(join(folder, 'ratings.dat'))) {
  console.error(`no MovieTweetings files in ${folder}; name their folder as the first argument`);
  process.exit(77);
}

const started = performance.now();
const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
const dir = mkdtempSync(join(tmpdir(), 'pinnersage-movietweetings-'));
const data = await open(join(dir, 'data'));
const raw = { format: 'csv', delimiter: '::' };
const onNote = (note) => console.log(`  note: ${note}`);

const movies = await data.importItems(join(folder, 'movies.dat'), {
  ...raw,
  columns: ['id', 'name', 'genre'],
  sql: `SELECT id AS item_id, name AS title, string_split(genre, '|') AS genres,
    regexp_replace(name, ' *\\(\\d{4}\\)$', '') AS name FROM file`,
});
console.log(`movies: ${movies.accepted} taken, rejected ${JSON.stringify(movies.rejected)} (${seconds()})`);

const ratings = await data.importActions(join(folder, 'ratings.dat'), {
  ...raw,
  columns: ['user_id', 'item_id', 'rating', 'timestamp'],
  sql: `SELECT user_id, item_id, timestamp, if(rating >= 8, 'liked', 'disliked') AS type,
    greatest(1, rating - 7) AS weight FROM file WHERE rating >= 8 OR rating <= 4`,
  types: { liked: { role: 'interest', weight: 1 }, disliked: { role: 'exclude', weight: 1 } },
  onNote,
});
console.log(
  `ratings of 8 to 10 or 0 to 4: ${ratings.accepted} actions taken, ${ratings.duplicates} duplicates, ` +
    `rejected ${JSON.stringify(ratings.rejected)}`,
);

const space = await data.embedText({ fields: ['name', 'genres'], onNote });
console.log(
  `embeddings: ${space.items} movies, ${space.dim} dimensions, ${space.skipped} skipped (${seconds()})`,
);

const { users, newestAction } = data.describe();
const nowMs = Date.parse(newestAction);
const recent = await data.batch({ nowMs, windowDays: 90 });
const batch = await data.batch({ nowMs, windowDays: 'all', alpha: 1.2, onNote });
console.log(
  `users: ${users}; with a liked movie: ${recent.users} in the last 90 days, ${batch.users} in all`,
);
const { median, p90, max } = batch.interests;
console.log(`interests per user: median ${median}, p90 ${p90}, max ${max} (alpha ${batch.alpha})`);
console.log(`actions without a point: ${JSON.stringify(batch.actionsLeftOut)} (${seconds()})`);

const title = (itemId) => data.item(itemId)?.metadata?.title ?? itemId;
for (const userId of data.sampleUsers({ count: 3, seed: 5, minInterests: 6 })) {
  const { interests } = data.interests(userId, { members: true });
  const total = interests.reduce((sum, { importance }) => sum + importance, 0);
  console.log(`\na viewer with ${interests.length} interests, the weightiest:`);
  for (const { medoid, importance, members } of interests.slice(0, 5)) {
    const genres = (data.item(medoid)?.metadata?.genres ?? []).join(', ');
    const others = members.filter((member) => member !== medoid).slice(0, 3);
    const share = `${((100 * importance) / total).toFixed(0)} %`.padStart(5);
    console.log(
      `  ${share}  ${title(medoid)} [${genres}]${others.length ? `: ${others.map(title).join(', ')}` : ''}`,
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
