import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTable } from '../../src/files/read.js';
import type { ReadOptions } from '../../src/files/table.js';
import { readAll, tempDir, want, write, writeParquet } from './helpers.js';

const dir = tempDir();
const actions = want({ user_id: 'text' });

async function errorOf(path: string, options: ReadOptions = {}) {
  const error = await readAll(path, actions, options).then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error?.name).toBe('PinnersageError');
  expect(error.message).toContain(path);
  expect(error.message).not.toContain('\n');
  return `${error.code}: ${error.message.replaceAll(path, 'FILE')}`;
}

test('files that are not there, or hold nothing', async () => {
  expect(await errorOf(join(dir, 'none.csv'))).toBe('file-missing: FILE does not exist');
  mkdirSync(join(dir, 'folder.csv'));
  expect(await errorOf(join(dir, 'folder.csv'))).toMatch(/^file-missing: FILE is a directory/);
  expect(await errorOf(write(dir, 'empty.csv', ''))).toBe('file-empty: FILE is empty (0 bytes)');
  expect(await errorOf(write(dir, 'blank.csv', '\n\n'))).toBe('file-empty: FILE holds no line');
  expect(await errorOf(write(dir, 'blank.ndjson', '\n \n'))).toBe('file-empty: FILE: holds no rows');
  expect(await errorOf(write(dir, 'header.csv', 'user_id\n'))).toBe('file-empty: FILE: holds no rows');
  const none = await writeParquet(dir, 'none.parquet', `SELECT 'u' AS user_id WHERE false`);
  expect(await errorOf(none)).toBe('file-empty: FILE: holds no rows');
  expect(await errorOf(none, { sql: 'SELECT * FROM file' })).toBe(
    'file-empty: FILE: the SELECT gives no rows',
  );
});

test('files of no known format', async () => {
  expect(await errorOf(write(dir, 'log.xlsx', 'x'))).toMatch(
    /^file-format: FILE: the extension does not tell/,
  );
  expect((await readAll(write(dir, 'log.out', 'user_id\nu\n'), actions, { format: 'csv' })).rows).toEqual([
    ['u'],
  ]);
  expect(await errorOf(write(dir, 'text.parquet', 'user_id\nu\n'))).toMatch(/^file-format: FILE: /);
  const whole = await writeParquet(
    dir,
    'whole.parquet',
    `SELECT 'u' || i AS user_id FROM range(100000) t(i)`,
  );
  const half = write(dir, 'half.parquet', readFileSync(whole).subarray(0, 100_000));
  expect(await errorOf(half)).toMatch(/^file-format: FILE: /);
  expect(await errorOf(write(dir, 'plain.csv.gz', 'user_id\nu\n'))).toMatch(
    /^file-format: FILE cannot be read/,
  );
});

test('a missing column names those that are there', async () => {
  const expected =
    'column-missing: FILE has no column "user_id"; its columns are "userid", "game". ' +
    'Say which one it is with --map user_id=userid';
  expect(await errorOf(write(dir, 'map.csv', 'userid,game\n1,2\n'))).toBe(expected);
  expect(await errorOf(write(dir, 'map.ndjson', '{"userid":1,"game":2}\n'))).toBe(expected);
  expect(await errorOf(await writeParquet(dir, 'map.parquet', 'SELECT 1 AS userid, 2 AS game'))).toBe(
    expected,
  );
  expect(await errorOf(write(dir, 'other.csv', 'who,game\n1,2\n'))).toMatch(/--map user_id=COLUMN$/);
  const path = write(dir, 'mapped.csv', 'user_id\n1\n');
  expect(await errorOf(path, { map: { user_id: 'user' } })).toMatch(
    /^column-missing: FILE has no column "user"/,
  );
});

test('options that cannot be', async () => {
  const path = write(dir, 'options.csv', 'a,b\n1,2\n');
  const unknown = await errorOf(path, { sql: 'SELECT c AS user_id FROM file' });
  expect(unknown).toMatch(/^option-invalid: FILE: .*"c" not found/);
  expect(await errorOf(path, { sql: 'SELEC 1' })).toMatch(/^option-invalid: FILE: syntax error/);
  expect(await errorOf(path, { columns: ['user_id'] })).toBe(
    'option-invalid: FILE, line 1: 2 fields, but --columns names 1',
  );
  const quote = readAll(path, actions, { delimiter: '"' });
  await expect(quote).rejects.toMatchObject({ code: 'option-invalid' });
});

test('a reader that stops early leaves nothing open', async () => {
  const path = await writeParquet(dir, 'early.parquet', `SELECT i AS user_id FROM range(100000) t(i)`);
  const ignore = () => undefined;
  for await (const batch of readTable(path, {}, actions, ignore, ignore)) {
    expect(batch.text('user_id')[0]).toBe('0');
    break;
  }
});

test('a column is read as what it was requested for', async () => {
  const { batches } = await readAll(write(dir, 'kind.csv', 'user_id\nu\n'), actions);
  expect(() => batches[0].number('user_id')).toThrow(/user_id is read as number/);
  expect(() => batches[0].text('item_id')).toThrow(/item_id is read as text/);
});
