import { expect, test } from 'vitest';
import { readAll, tempDir, want, write } from './helpers.js';

const dir = tempDir();
const actions = want({ user_id: 'text', item_id: 'text' });

test('broken lines are reported where they are, blank ones skipped', async () => {
  const text = Buffer.from(
    '\uFEFF{"user_id":"u1","item_id":"i1"}\r\n\n{"user_id":"u2",\n[1,2]\n7\n  {"user_id":"ü3","item_id":3} \n',
  );
  const bytes = [text, Buffer.from([0x22, 0xff, 0x22, 0x0a]), Buffer.from('{"user_id":"u4","item_id":true}')];
  const { rows, lines, bad } = await readAll(write(dir, 'broken.ndjson', Buffer.concat(bytes)), actions);
  expect(rows).toEqual([
    ['u1', 'i1'],
    ['ü3', '3'],
    ['u4', 'true'],
  ]);
  expect(lines).toEqual([1, 6, 8]);
  expect([...bad].sort((a, b) => a.line - b.line).map(({ line, detail }) => [line, detail])).toEqual([
    [3, 'not JSON: {"user_id":"u2",'],
    [4, 'not a JSON object'],
    [5, 'not a JSON object'],
    [7, 'not valid UTF-8'],
  ]);
});

test('ids beyond 2^53 keep their digits', async () => {
  const path = write(
    dir,
    'long.jsonl',
    '{"user_id":12345678901234567890,"item_id":"x:12345678901234567890,","n":{"a":[1234567890123456789]}}\n' +
      '{"user_id":-9007199254740993,"item_id":9007199254740991}\n{"user_id":1e21,"item_id":0.1234567890123456789}\n',
  );
  expect((await readAll(path, actions)).rows).toEqual([
    ['12345678901234567890', 'x:12345678901234567890,'],
    ['-9007199254740993', '9007199254740991'],
    ['1000000000000000000000', '0.12345678901234568'],
  ]);
});

test('kinds, columns that come and go, and the rest', async () => {
  const path = write(
    dir,
    'items.json',
    '{"id":"i1","v":[1,2.5],"q":"0.5","at":"2026-01-01T00:00:00Z","tags":["a"],"title":"A","none":null}\n' +
      '{"id":"i2","v":[1,null],"q":2,"at":1767225600}\n{"v":null,"late":"1"}\n',
  );
  const requests = want({
    item_id: 'text',
    v: 'vector',
    q: 'number',
    at: 'timestamp',
    tags: 'json',
    'late?': 'number',
  });
  const { rows } = await readAll(path, requests, { map: { item_id: 'id' }, rest: true });
  const time = Date.UTC(2026, 0, 1);
  expect(rows).toEqual([
    ['i1', [1, 2.5], 0.5, time, ['a'], Number.NaN, { title: 'A' }],
    ['i2', 'vector-unparsable', 2, time, undefined, Number.NaN, {}],
    [null, 'vector-missing', Number.NaN, 'timestamp-missing', undefined, 1, {}],
  ]);
});

test('a list or an object where there is one value to a cell makes its row a bad one', async () => {
  const path = write(
    dir,
    'nested.ndjson',
    '{"id":"a","weight":[2],"tags":["x"]}\n{"id":{"$oid":"b"}}\n{"id":"c","at":[1]}\n{"id":"d","tags":{"x":1}}\n',
  );
  const requests = want({ id: 'text', 'weight?': 'text', 'at?': 'timestamp', 'tags?': 'json' });
  const { rows, bad } = await readAll(path, requests);
  expect(rows).toEqual([['d', null, 'timestamp-missing', { x: 1 }]]);
  expect(bad.map(({ line, reason, detail }) => [line, reason, detail])).toEqual([
    [1, 'malformed-row', 'weight: got a list, expected text or a number'],
    [2, 'malformed-row', 'id: got an object, expected text or a number'],
    [3, 'malformed-row', 'at: got a list, expected text or a number'],
  ]);
});

test('a file of many chunks keeps every row and line', async () => {
  const count = 20_000;
  const text = Array.from({ length: count }, (_, i) => {
    const line = JSON.stringify({ user_id: `ü${i}`, item_id: i, pad: 'x'.repeat(i % 50) });
    return i % 10 === 3 ? `\n${line}` : line;
  }).join('\n');
  const { rows, lines, batches } = await readAll(write(dir, 'chunks.ndjson', text), actions);
  expect(rows).toEqual(Array.from({ length: count }, (_, i) => [`ü${i}`, String(i)]));
  expect(lines).toEqual(Array.from({ length: count }, (_, i) => i + 1 + Math.floor((i + 6) / 10 + 0.1)));
  expect(batches.length).toBeGreaterThan(2);
});

test('a line that is too long costs one line', async () => {
  const long = JSON.stringify({ user_id: 'x'.repeat(40 << 20) });
  const path = write(
    dir,
    'long.ndjson',
    `{"user_id":"u1","item_id":"i"}\n${long}\n{"user_id":"u2","item_id":"i"}`,
  );
  const { lines, bad } = await readAll(path, actions);
  expect(lines).toEqual([1, 3]);
  expect(bad.map(({ line, detail }) => [line, detail])).toEqual([[2, 'a line beyond 16 MiB']]);
});

test('one JSON array is refused with what to do', async () => {
  const path = write(dir, 'array.json', '[\n{"user_id":"u1","item_id":"i"}\n]\n');
  await expect(readAll(path, actions)).rejects.toMatchObject({
    code: 'file-format',
    message: /one JSON object per line/,
  });
});
