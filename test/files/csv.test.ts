import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAll, tempDir, want, write } from './helpers.js';

const dir = tempDir();
const actions = want({ user_id: 'text', item_id: 'text' });
const utf8 = (text: string) => Buffer.from(text);

test('broken lines are reported where they are, the others are read with their lines', async () => {
  const path = write(
    dir,
    'broken.csv',
    Buffer.concat([
      utf8('\uFEFFuser_id,item_id,type\r\n'), // 1
      utf8('u1,i1,save\r\n\r\n'), // 2, 3 blank
      utf8('u2,i2\r\n'), // 4: too few
      utf8('u3,"two\r\nlines",save\r\n'), // 5 and 6
      utf8('u4,i4,save,more\r\n'), // 7: too many
      utf8('u5,"bro"ken",save\r\n'), // 8: text behind the quote
      Buffer.from([0x75, 0xff, 0xfe]), // 9: not UTF-8
      utf8(',i6,save\r\nü7,"i""7",\r\n'), // 10
      utf8('u8,"never closed,save\r\nu9,i9,save'), // 11: open quote; 12 without a line end
    ]),
  );
  const { rows, lines, bad } = await readAll(path, actions);
  expect(rows).toEqual([
    ['u1', 'i1'],
    ['u3', 'two\r\nlines'],
    ['ü7', 'i"7'],
    ['u9', 'i9'],
  ]);
  expect(lines).toEqual([2, 5, 10, 12]);
  expect(bad.map(({ line, reason }) => [line, reason])).toEqual(
    [4, 7, 8, 9, 11].map((line) => [line, 'malformed-row']),
  );
  expect(bad.map(({ detail }) => detail)).toEqual([
    '2 fields, expected 3',
    '4 fields, expected 3',
    'text behind a closing quote',
    'not valid UTF-8 (iconv converts other encodings)',
    'a quote that is not closed, or a line beyond 4 MiB',
  ]);
});

test('a file without a header, with a delimiter of two characters', async () => {
  const path = write(dir, 'ratings.dat', '1::0120::9::1767225600\n2::"a::b"::7::1767225601\n');
  const columns = ['user', 'movie', 'rating', 'at'];
  const options = { delimiter: '::', columns, map: { user_id: 'user', item_id: 'movie', timestamp: 'at' } };
  const requests = [...actions, ...want({ timestamp: 'timestamp', rating: 'number' })];
  const { rows, lines } = await readAll(path, requests, options);
  expect(rows).toEqual([
    ['1', '0120', 1767225600000, 9],
    ['2', 'a::b', 1767225601000, 7],
  ]);
  expect(lines).toEqual([1, 2]);
});

test.each([
  ['a.csv', ','],
  ['b.csv', ';'],
  ['c.txt', '|'],
  ['d.tsv', '\t'],
  ['e.csv', '\t'],
])('the delimiter of %s is found out', async (name, delimiter) => {
  const path = write(dir, name, `user_id,item_id\nu,i\n`.replaceAll(',', delimiter));
  expect((await readAll(path, actions)).rows).toEqual([['u', 'i']]);
});

test('gzip is unpacked', async () => {
  const path = write(dir, 'log.csv.gz', gzipSync('user_id,item_id\nu,i\n'));
  expect((await readAll(path, actions)).rows).toEqual([['u', 'i']]);
});

test('empty fields are null, empty quoted ones empty; kinds and the rest', async () => {
  const path = write(
    dir,
    'items.csv',
    'item_id,embedding,quality,tags,title,zip,year,flag\n' +
      'i1,"[0.5, -1e-3]",0.25,"[""a"",""b""]","A ""b""",007,1999,true\n' +
      'i2,,,,"",,,\ni3,"[1, x]",much,"[a",t,1,1,1\n',
  );
  const requests = want({
    item_id: 'text',
    embedding: 'vector',
    quality: 'number',
    tags: 'json',
    'none?': 'text',
  });
  const { rows, batches } = await readAll(path, requests, { rest: true });
  expect(rows).toEqual([
    [
      'i1',
      [0.5, Math.fround(-1e-3)],
      0.25,
      ['a', 'b'],
      null,
      { title: 'A "b"', zip: '007', year: 1999, flag: true },
    ],
    ['i2', 'vector-missing', Number.NaN, undefined, null, { title: '' }],
    ['i3', 'vector-unparsable', Number.NaN, '[a', null, { title: 't', zip: 1, year: 1, flag: 1 }],
  ]);
  expect(batches[0].has('tags')).toBe(true);
  expect(batches[0].has('none')).toBe(false);
});

test('a quote that is never closed costs one line, also where the file is far longer than a record may be', async () => {
  const row = `u,${'x'.repeat(1000)}\n`;
  const path = write(dir, 'open.csv', `user_id,item_id\nu,"open\n${row.repeat(6000)}`);
  const { lines, bad } = await readAll(path, actions);
  expect(bad.map(({ line }) => line)).toEqual([2]);
  expect(lines).toHaveLength(6000);
  expect([lines[0], lines[5999]]).toEqual([3, 6002]);
});

test('a line that is too long costs one line', async () => {
  const path = write(dir, 'long.csv', `user_id,item_id\nu1,i1\n${'x'.repeat(9 << 20)}\nu2,i2\n`);
  const { rows, lines, bad } = await readAll(path, actions);
  expect(rows.map(([user]) => user)).toEqual(['u1', 'u2']);
  expect(lines).toEqual([2, 4]);
  expect(bad.map(({ line }) => line)).toEqual([3]);
});

test('what is written by the rules is read back, whatever is in it, with its line', async () => {
  const cell = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'ü', '"', ',', '\n', '\r', ':', ' ', '😀') }),
    fc.constant('plain'),
  );
  const table = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 30 });
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const delimiters = fc.constantFrom(',', '::', '\t');
  let run = 0;
  await fc.assert(
    fc.asyncProperty(table, delimiters, fc.constantFrom('\n', '\r\n'), async (rows, delimiter, end) => {
      const expected: number[] = [];
      let text = `user_id${delimiter}item_id${end}`;
      for (const [i, row] of rows.entries()) {
        if (i % 3 === 1) text += end;
        expected.push(text.split('\n').length);
        text += row.map(quote).join(delimiter) + end;
      }
      const path = write(dir, `any${run++}.csv`, text);
      const got = await readAll(path, actions, { delimiter });
      expect(got.rows).toEqual(rows);
      expect(got.lines).toEqual(expected);
      expect(got.bad).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test('records across chunk borders: a file of several chunks keeps every row and line', async () => {
  const count = 60_000;
  const rows = Array.from({ length: count }, (_, i) => [`user-${i}`, i % 7 === 0 ? `a\nb${i}` : `item${i}`]);
  const text = rows.map(([user, item]) => `${user},"${item}"\n`).join('');
  const {
    rows: got,
    lines,
    batches,
  } = await readAll(write(dir, 'chunks.csv', `user_id,item_id\n${text}`), actions);
  expect(got).toEqual(rows);
  expect(batches.length).toBeGreaterThan(3);
  let line = 2;
  for (const [i, [, item]] of rows.entries()) {
    expect(lines[i]).toBe(line);
    line += item.includes('\n') ? 2 : 1;
  }
});

test.each([
  ['utf16.csv', Buffer.from('\uFEFFuser_id,item_id\nu,i\n', 'utf16le'), 'not valid UTF-8'],
  ['latin1.csv', Buffer.from('user_id,item_id,größe\nu,i,1\n', 'latin1'), 'not valid UTF-8'],
  ['quote.csv', Buffer.from('user_id,"item_id"x\nu,i\n'), 'text behind a closing quote'],
])('%s: the line after a broken header is not taken for the header', async (name, bytes, why) => {
  const error = await readAll(write(dir, name, bytes), actions).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'file-format' });
  expect(error.message).toContain(`${name}, line 1: no CSV header: ${why}`);
});

test('a column without a name, as an index is written, is no metadata', async () => {
  const path = write(dir, 'index.csv', ',user_id,item_id\n0,u,i\n');
  expect((await readAll(path, actions, { rest: true })).rows).toEqual([['u', 'i', {}]]);
});

test('of two columns of one name neither is taken, where somebody would miss it', async () => {
  const path = write(dir, 'twice.csv', 'item_id,title,,note,title,,note\na,Lamp,,x,Lampe,,y\n');
  const request = want({ item_id: 'text' });
  await expect(readAll(path, request, { rest: true })).rejects.toMatchObject({
    code: 'file-format',
    message: `${path}: columns 2 and 5 are both named "title", expected a name for each`,
  });
  await expect(readAll(path, want({ note: 'text' }))).rejects.toThrow(
    'columns 4 and 7 are both named "note"',
  );
  expect((await readAll(path, request)).rows).toEqual([['a']]);
  const columns = ['item_id', 'title', 'n', 'n', 'title', 'x', 'y'];
  await expect(readAll(path, request, { columns, rest: true })).rejects.toThrow('columns 3 and 4');
});
