import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Rejects } from '../../src/files/rejects.js';
import { tempDir } from './helpers.js';

const dir = tempDir();
const bad = (line: number, reason: string) => ({ file: 'log.csv', line, reason, detail: `"${line}"` });

test('counts by reason, with the first three of each', () => {
  const rejects = new Rejects({});
  for (let line = 1; line <= 5; line++) rejects.add(bad(line, 'malformed-row'));
  rejects.add(bad(6, 'id-invalid'));
  rejects.add(bad(7, 'future'));
  expect(rejects.total).toBe(7);
  expect(Object.entries(rejects.counts)).toEqual([
    ['malformed-row', 5],
    ['future', 1],
    ['id-invalid', 1],
  ]);
  expect(rejects.examples.map(({ line }) => line)).toEqual([1, 2, 3, 6, 7]);
});

test('every row goes to the file, also many', () => {
  const path = join(dir, 'rejects.ndjson');
  const rejects = new Rejects({ path });
  const rows = Array.from({ length: 3000 }, (_, i) => bad(i + 1, 'ünusable'));
  for (const row of rows) rejects.add(row);
  rejects.close();
  rejects.close();
  expect(
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(rows);
});

test('strict throws on the first, which is in the file all the same', () => {
  const path = join(dir, 'strict.ndjson');
  const rejects = new Rejects({ path, strict: true });
  expect(() => rejects.add(bad(7, 'malformed-row'))).toThrow('log.csv, line 7: malformed-row ("7")');
  rejects.close();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(bad(7, 'malformed-row'));
});

test('a file that cannot be written is said before anything is read', () => {
  const path = join(dir, 'none', 'rejects.ndjson');
  expect(() => new Rejects({ path })).toThrow(/rejects file .* cannot be written/);
  expect(existsSync(path)).toBe(false);
});
