import { expect, test } from 'vitest';
import { readAll, tempDir, want, write, writeParquet } from './helpers.js';

const dir = tempDir();
const time = Date.UTC(2026, 1, 28, 22, 15, 54);

test('scalars of every type as text', async () => {
  const path = await writeParquet(
    dir,
    'text.parquet',
    `SELECT 'short' AS a, 'longer than twelve bytes ü' AS b, 12345678901234567890::UBIGINT AS c, 7::TINYINT AS d,
       1234567.0::DOUBLE AS e, 0.5::FLOAT AS f, true AS g, encode('ü') AS h, '\\xFF'::BLOB AS i, NULL::VARCHAR AS k,
       'b5a5c5d6-0000-4000-8000-000000000001'::UUID AS l`,
  );
  const names = [...'abcdefghikl'];
  const { rows } = await readAll(path, want(Object.fromEntries(names.map((name) => [name, 'text']))));
  expect(rows).toEqual([
    [
      'short',
      'longer than twelve bytes ü',
      '12345678901234567890',
      '7',
      '1234567',
      '0.5',
      'true',
      'ü',
      null,
      null,
      'b5a5c5d6-0000-4000-8000-000000000001',
    ],
  ]);
});

test.each([
  [`TIMESTAMP '2026-02-28 22:15:54.1239'`, time + 123, true],
  [`TIMESTAMPTZ '2026-02-29 00:15:54+02'`.replace('29', '28'), time - 86_400_000, false],
  [`'2026-02-28 22:15:54'::TIMESTAMP_NS`, time, true],
  [`'2026-02-28 22:15:54'::TIMESTAMP_S`, time, true],
  [`'2026-02-28 22:15:54'::TIMESTAMP_MS`, time, true],
  [`DATE '2026-02-28'`, Date.UTC(2026, 1, 28), false],
  [`'infinity'::TIMESTAMP`, 'timestamp-missing', true],
  [`${time / 1000}::INTEGER`, time, true],
  [`${time / 1000}.25::DOUBLE`, time + 250, true],
  [`${time}::BIGINT`, time, true],
  [`'2026-02-28T22:15:54Z'`, time, false],
  [`NULL::TIMESTAMP`, 'timestamp-missing', true],
])('%s as a timestamp', async (sql, expected, isNoted) => {
  const path = await writeParquet(dir, 'time.parquet', `SELECT ${sql} AS timestamp`);
  const { rows, notes } = await readAll(path, want({ timestamp: 'timestamp' }));
  expect(rows).toEqual([[expected]]);
  expect(notes).toHaveLength(isNoted ? 1 : 0);
});

test.each([
  ['text', `[1]`, 'INTEGER[]'],
  ['timestamp', `{'a': 1}`, 'STRUCT(a INTEGER)'],
  ['number', `MAP {'a': 1}`, 'MAP(VARCHAR, INTEGER)'],
] as const)('a column of lists or objects is not read as %s', async (kind, sql, type) => {
  const path = await writeParquet(dir, 'nested.parquet', `SELECT ${sql} AS "of many"`);
  await expect(readAll(path, want({ 'of many': kind }))).rejects.toMatchObject({
    code: 'file-format',
    message: `${path}, column "of many": got ${type}, expected text, numbers or times`,
  });
});

test.each(['FLOAT[]', 'DOUBLE[]', 'FLOAT[2]', 'DOUBLE[2]', 'DECIMAL(4,2)[]', 'INTEGER[]', 'VARCHAR'])(
  'vectors as %s',
  async (type) => {
    const path = await writeParquet(
      dir,
      'vectors.parquet',
      `SELECT CAST(v AS ${type}) AS v FROM (VALUES ([1, 2]), (NULL), ([3, 4]), ([5, NULL])) t(v)`,
    );
    const { rows } = await readAll(path, want({ v: 'vector' }));
    expect(rows.flat()).toEqual([[1, 2], 'vector-missing', [3, 4], 'vector-unparsable']);
  },
);

test('vectors of different lengths, a scalar, and an empty list', async () => {
  const path = await writeParquet(
    dir,
    'odd.parquet',
    `SELECT v::FLOAT[] AS v, 5 AS n FROM (VALUES ([1.5]), ([2, 3, 'inf'::FLOAT]), ([])) t(v)`,
  );
  const { rows } = await readAll(path, want({ v: 'vector', n: 'vector' }));
  expect(rows.map(([v]) => v)).toEqual([[1.5], [2, 3, Number.POSITIVE_INFINITY], 'vector-unparsable']);
  expect(rows[0][1]).toBe('vector-unparsable');
});

test('many chunks: lines are row numbers, every vector and text is its own row’s', async () => {
  const path = await writeParquet(
    dir,
    'many.parquet',
    `SELECT 'item-number-' || i AS item_id, CASE WHEN i % 5 > 0 THEN [i, i + 0.5]::FLOAT[] END AS v, i // 3 AS g,
       CASE WHEN i % 7 > 0 THEN i END AS n, 'item' || lpad(CAST(i AS VARCHAR), 8, '0') AS twelve FROM range(10000) t(i)`,
  );
  const { rows, lines, batches } = await readAll(
    path,
    want({ item_id: 'text', v: 'vector', g: 'text', n: 'number', twelve: 'text' }),
  );
  expect(batches.length).toBeGreaterThan(2);
  expect(lines).toEqual(Array.from({ length: 10_000 }, (_, i) => i + 1));
  const expected = (i: number) => [
    `item-number-${i}`,
    i % 5 > 0 ? [i, i + 0.5] : 'vector-missing',
    String(Math.floor(i / 3)),
    i % 7 > 0 ? i : Number.NaN,
    `item${String(i).padStart(8, '0')}`,
  ];
  expect(rows).toEqual(Array.from({ length: 10_000 }, (_, i) => expected(i)));
});

test('json columns and the rest: NULLs, binary columns and numbers JSON has no word for are left out', async () => {
  const path = await writeParquet(
    dir,
    'rest.parquet',
    `SELECT 'i1' AS item_id, ['a', 'nan'] AS tags, '{"a":1}' AS j, 'A "nan"' AS title, 1999 AS year, 'nan'::DOUBLE AS score,
       NULL AS none, 'x'::BLOB AS image, {'k': 'inf'::DOUBLE, 't': 'nan'} AS s, DATE '2026-01-01' AS "d'ay"`,
  );
  const { rows } = await readAll(path, want({ item_id: 'text', tags: 'json', j: 'json' }), { rest: true });
  const rest = { title: 'A "nan"', year: 1999, s: { k: null, t: 'nan' }, "d'ay": '2026-01-01' };
  expect(rows).toEqual([['i1', ['a', 'nan'], { a: 1 }, rest]]);
});

test('a SELECT over Parquet, NDJSON and CSV', async () => {
  const parquet = await writeParquet(
    dir,
    'q.parquet',
    `SELECT i AS "user", i * 2 AS game FROM range(5) t(i)`,
  );
  const sql =
    'SELECT "user" AS user_id, game AS item_id FROM file WHERE CAST(game AS INTEGER) > 4 ORDER BY 1 DESC;';
  const json = write(dir, 'q.ndjson', [0, 1, 2, 3, 4].map((i) => `{"user":${i},"game":${2 * i}}\n`).join(''));
  const csv = write(dir, 'q.csv', `user;game\n${[0, 1, 2, 3, 4].map((i) => `0${i};${2 * i}\n`).join('')}`);
  const requests = want({ user_id: 'text', item_id: 'text' });
  const expected = [4, 3].map((i) => [String(i), String(2 * i)]);
  expect(await readAll(parquet, requests, { sql })).toMatchObject({ rows: expected, lines: [1, 2] });
  expect((await readAll(json, requests, { sql })).rows).toEqual(expected);
  expect((await readAll(csv, requests, { sql })).rows).toEqual(
    expected.map(([user, game]) => [`0${user}`, game]),
  );
});

test('a SELECT over a CSV file counts with columns of numbers; ids with leading zeros keep them', async () => {
  const csv = write(dir, 'n.csv', 'user,item,stars,share\n1,007,9,.5\n2,010,7,1e-3\n3,,10,2\n12,1,,0.25\n');
  const sql =
    'SELECT "user" AS user_id, item AS item_id FROM file WHERE stars >= 8 ORDER BY stars DESC, "user"';
  expect((await readAll(csv, want({ user_id: 'text', item_id: 'text' }), { sql })).rows).toEqual([
    ['3', null],
    ['1', '007'],
  ]);
  const shares =
    'SELECT "user" + 1 AS user_id, item AS item_id FROM file WHERE try_cast(share AS DOUBLE) < 0.3';
  expect((await readAll(csv, want({ user_id: 'text', item_id: 'text' }), { sql: shares })).rows).toEqual([
    ['3', '010'],
    ['13', '1'],
  ]);
});

test('a SELECT over a CSV file with broken lines and no header', async () => {
  const path = write(dir, 'q.dat', '1::2\n3\n\n4::5::6\n7::"a\nb"\n8::9\n');
  const options = {
    sql: 'SELECT a AS user_id, b AS item_id FROM file',
    delimiter: '::',
    columns: ['a', 'b'],
  };
  const { rows, bad } = await readAll(path, want({ user_id: 'text', item_id: 'text' }), options);
  expect(rows).toEqual([
    ['1', '2'],
    ['7', 'a\nb'],
    ['8', '9'],
  ]);
  expect(bad.map(({ line, reason }) => [line, reason])).toEqual([
    [2, 'malformed-row'],
    [4, 'malformed-row'],
  ]);
});

test('batches stay readable when all of them were read and the file is closed', async () => {
  const path = await writeParquet(
    dir,
    'kept.parquet',
    `SELECT 'item-number-' || i AS item_id, [i, i]::FLOAT[] AS v FROM range(20000) t(i)`,
  );
  const { batches } = await readAll(path, want({ item_id: 'text', v: 'vector' }));
  const texts = batches.flatMap((batch) => batch.text('item_id'));
  expect(texts).toEqual(Array.from({ length: 20_000 }, (_, i) => `item-number-${i}`));
  expect(batches.reduce((sum, batch) => sum + batch.vector('v').data.length, 0)).toBe(40_000);
});
