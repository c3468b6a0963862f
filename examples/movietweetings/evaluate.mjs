// From the raw files of MovieTweetings to an evaluation report: which way to serve its viewers finds the films they like next,
// in three spaces (text, co-engagement, a mix of both), each calibrated on a time before the test.
//
//   node examples/movietweetings/evaluate.mjs [FOLDER WITH movies.dat AND ratings.dat] [REPORT.html] [RESULT.json]
//
// Ratings of 8 or more are "liked", of 4 or less "disliked" (an exclude type), as in run.mjs beside. Test period: the last
// fifth of the half year that the log spans; calibrated on the fifth before it. Window: all of it, for every contender.
// Content is names and genres, which carry no date and do not change. Relevance and diversity are measured in the text space.
// For time, 300 viewers are calibrated on and 500 tested.
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open } from 'pinnersage';
import { evaluateSpaces } from '../spaces.mjs';

const folder =
  process.argv[2] ?? fileURLToPath(new URL('../../../shared/data/movietweetings', import.meta.url));
const report = process.argv[3] ?? 'movietweetings-evaluation.html';
const result = process.argv[4];
if (!existsSync(join(folder, 'ratings.dat'))) {
  console.error(`no MovieTweetings files in ${folder}; name their folder as the first argument`);
  process.exit(77);
}

const dir = join(mkdtempSync(join(tmpdir(), 'pinnersage-movietweetings-')), 'data');
const data = await open(dir);
const raw = { format: 'csv', delimiter: '::' };
await data.importItems(join(folder, 'movies.dat'), {
  ...raw,
  columns: ['id', 'name', 'genre'],
  sql: `SELECT id AS item_id, name AS title, string_split(genre, '|') AS genres,
    regexp_replace(name, ' *\\(\\d{4}\\)$', '') AS name FROM file`,
});
await data.importActions(join(folder, 'ratings.dat'), {
  ...raw,
  columns: ['user_id', 'item_id', 'rating', 'timestamp'],
  sql: `SELECT user_id, item_id, timestamp, if(rating >= 8, 'liked', 'disliked') AS type,
    greatest(1, rating - 7) AS weight FROM file WHERE rating >= 8 OR rating <= 4`,
  types: { liked: { role: 'interest', weight: 1 }, disliked: { role: 'exclude', weight: 1 } },
});
await data.embed({ from: 'text', fields: ['name', 'genres'] });
await data.embed({ from: 'actions' });
await data.embed({ from: 'mix', fields: ['name', 'genres'] });
await data.configure({ windowDays: 'all' });
await data.close();

evaluateSpaces(dir, {
  calibrate: ['--users', '300'],
  evaluate: ['--users', '500'],
  report,
  result,
});
