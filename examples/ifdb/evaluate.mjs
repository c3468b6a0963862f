// From the raw files of the Interactive Fiction Database to an evaluation report: which way to serve its readers finds what
// they play or wish for next.
//
//   node examples/ifdb/evaluate.mjs [FOLDER WITH THE .parquet FILES] [REPORT.html]
//
// Test period: from July 2022 on, the last fifth of the log. Tags are those of before: each carries its date, the newest
// becomes the item's `as_of`, and the evaluation would refuse tags that are younger than its first cut. Titles and
// descriptions are those of 2026: they carry no date, and hardly change once a game is out.
// Window: all of it, for every contender. People come to this site a few times a year.
// Alpha: 1.3, as in run.mjs beside, because the starting rule leaves most text vectors alone.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open } from 'pinnersage';

const folder = process.argv[2] ?? fileURLToPath(new URL('../../../shared/data/ifdb', import.meta.url));
const report = process.argv[3] ?? 'ifdb-evaluation.html';
if (!existsSync(join(folder, 'gametags.parquet'))) {
  console.error(`no IFDB files in ${folder}; name their folder as the first argument`);
  process.exit(77);
}

const testFrom = '2022-07-01';
const dir = join(mkdtempSync(join(tmpdir(), 'pinnersage-ifdb-')), 'data');
const data = await open(dir);
const tags = join(folder, 'gametags.parquet').replaceAll("'", "''");
await data.importItems(join(folder, 'game_docs_retrieval.parquet'), {
  sql: `SELECT gameid AS item_id, title, author, dated.tags AS tags, dated.as_of AS as_of,
      regexp_extract(doc_text, 'Description: (.*)', 1, 's') AS description
    FROM file LEFT JOIN (
      SELECT gameid, list_sort(list(DISTINCT tag)) AS tags, strftime(max(moddate::TIMESTAMP), '%Y-%m-%dT%H:%M:%SZ') AS as_of
      FROM read_parquet('${tags}') WHERE moddate::TIMESTAMP < TIMESTAMP '${testFrom}' GROUP BY gameid
    ) AS dated USING (gameid)`,
});
const map = { user_id: 'userid', item_id: 'gameid', timestamp: 'date_added' };
const sinceMs = Date.parse('2007-01-01T00:00:00Z'); // rows of 1980 are placeholders
for (const [file, type] of [
  ['wishlists.parquet', 'wishlist'],
  ['playedgames.parquet', 'played'],
])
  await data.importActions(join(folder, file), { map, type, sinceMs });
await data.embed({ from: 'text', fields: ['title', 'tags', 'description'] });
await data.setAlpha(1.3);
await data.configure({ windowDays: 'all' });
await data.close();

const cli = fileURLToPath(new URL('cli/main.js', import.meta.resolve('pinnersage')));
const flags = ['--data', dir, '--from', testFrom, '--exposure-strength', '1', '--report', report];
const { status } = spawnSync(process.execPath, [cli, 'evaluate', ...flags], { stdio: 'inherit' });
rmSync(join(dir, '..'), { recursive: true });
if (status === 0) console.log(`\nthe report with charts: ${report}`);
process.exit(status ?? 1);
