// From the raw files of the Interactive Fiction Database to an evaluation report: which way to serve its readers finds what
// they play or wish for next, in three spaces (text, co-engagement, a mix of both), each calibrated on a time before the test.
//
//   node examples/ifdb/evaluate.mjs [FOLDER WITH THE .parquet FILES] [REPORT.html] [RESULT.json]
//
// Test period: from July 2022 on, the last fifth of the log; calibrated on the two years before. Both begin where a step does:
// people come to this site a few times a year, so steps are of four weeks, and vectors are learnt anew every year. Tags are
// those of before both: each carries its date, the newest becomes the item's `as_of`, and calibration and evaluation would
// refuse tags that are younger than their first cut. Titles and descriptions are those of 2026: they carry no date, and hardly
// change once a game is out. Window: all of it, for every contender. For time, of a reader who ticked off thousands of games
// the newest 200 count, and 40 readers are calibrated on and 150 tested. Relevance and diversity are measured in the text space.
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open } from 'pinnersage';
import { evaluateSpaces } from '../spaces.mjs';

const folder = process.argv[2] ?? fileURLToPath(new URL('../../../shared/data/ifdb', import.meta.url));
const report = process.argv[3] ?? 'ifdb-evaluation.html';
const result = process.argv[4];
if (!existsSync(join(folder, 'gametags.parquet'))) {
  console.error(`no IFDB files in ${folder}; name their folder as the first argument`);
  process.exit(77);
}

const [tagsUntil, validationFrom, testFrom] = ['2020-06-01', '2020-07-09', '2022-07-07'];
const dir = join(mkdtempSync(join(tmpdir(), 'pinnersage-ifdb-')), 'data');
const data = await open(dir);
const tags = join(folder, 'gametags.parquet').replaceAll("'", "''");
await data.importItems(join(folder, 'game_docs_retrieval.parquet'), {
  sql: `SELECT gameid AS item_id, title, author, dated.tags AS tags, dated.as_of AS as_of,
      regexp_extract(doc_text, 'Description: (.*)', 1, 's') AS description
    FROM file LEFT JOIN (
      SELECT gameid, list_sort(list(DISTINCT tag)) AS tags, strftime(max(moddate::TIMESTAMP), '%Y-%m-%dT%H:%M:%SZ') AS as_of
      FROM read_parquet('${tags}') WHERE moddate::TIMESTAMP < TIMESTAMP '${tagsUntil}' GROUP BY gameid
    ) AS dated USING (gameid)`,
});
const map = { user_id: 'userid', item_id: 'gameid', timestamp: 'date_added' };
const sinceMs = Date.parse('2007-01-01T00:00:00Z'); // rows of 1980 are placeholders
for (const [file, type] of [
  ['wishlists.parquet', 'wishlist'],
  ['playedgames.parquet', 'played'],
])
  await data.importActions(join(folder, file), { map, type, sinceMs });
const fields = ['title', 'tags', 'description'];
await data.embed({ from: 'text', fields });
await data.embed({ from: 'actions' });
await data.embed({ from: 'mix', fields });
await data.configure({ windowDays: 'all', maxItemsPerUser: 200 });
await data.close();

evaluateSpaces(dir, {
  calibrate: ['--from', validationFrom, '--until', testFrom, '--step', '28', '--users', '40'],
  evaluate: ['--from', testFrom, '--step', '28', '--refit', '365', '--users', '150'],
  report,
  result,
});
