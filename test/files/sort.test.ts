import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExternalSort } from '../../src/files/sort.js';
import { tempDir } from './helpers.js';

const dir = tempDir();
const MiB = 1 << 20;
type Pair = readonly [Uint8Array, Uint8Array];

const text = (value: Uint8Array) => Buffer.from(value).toString('latin1');

/** The slow twin: Array.prototype.sort is stable. */
function plainSort(pairs: readonly Pair[]): string[][] {
  return [...pairs].sort(([a], [b]) => Buffer.compare(a, b)).map((pair) => pair.map(text));
}

function sortAll(pairs: readonly Pair[], memoryBytes: number): string[][] {
  const sort = new ExternalSort({ tempDir: dir, memoryBytes });
  for (const [key, value] of pairs) sort.add(key, value);
  expect(sort.count).toBe(pairs.length);
  return Array.from(sort.records(), ({ key, value }) => [text(key), text(value)]);
}

const bytes = (value: string) => new Uint8Array(Buffer.from(value));
const numbered = (keys: readonly Uint8Array[]): Pair[] =>
  keys.map((key, i) => [key, bytes(String(i))] as const);

test('any keys come out in byte order, equal ones as they came', () => {
  const key = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.array(fc.constantFrom(0, 1, 255), { maxLength: 20 }).map((values) => Uint8Array.from(values)),
  );
  fc.assert(
    fc.property(fc.array(key, { maxLength: 80 }), (keys) => {
      const pairs = numbered(keys);
      expect(sortAll(pairs, MiB)).toEqual(plainSort(pairs));
    }),
  );
});

test('what does not fit into memory comes out the same, and leaves no file', () => {
  const keys = Array.from({ length: 60_000 }, (_, i) => {
    const x = Math.imul(i + 1, 2654435761) >>> 0;
    return bytes(`${x % 50}:user-${x % 2000}${'-'.repeat(x % 13)}`);
  });
  const pairs = numbered(keys);
  expect(sortAll(pairs, MiB)).toEqual(plainSort(pairs));
  expect(readdirSync(dir)).toEqual([]);
});

test('runs are merged stably, also where a record is larger than the buffers', () => {
  const large = bytes('x'.repeat(3 * MiB));
  const pairs: Pair[] = [];
  for (let i = 0; i < 30_000; i++) pairs.push([bytes(i % 2 === 0 ? 'b' : 'a'), bytes(`${i}`)]);
  pairs.push([bytes('ab'), large], [large, bytes('long key')], [bytes(''), bytes('empty key')]);
  expect(sortAll(pairs, MiB)).toEqual(plainSort(pairs));
});

test('nothing, and records without values', () => {
  expect(sortAll([], MiB)).toEqual([]);
  expect(
    sortAll(
      [
        [bytes('b'), bytes('')],
        [bytes('a'), bytes('')],
      ],
      MiB,
    ),
  ).toEqual([
    ['a', ''],
    ['b', ''],
  ]);
});

test.each(['closed', 'left early', 'thrown out of'])(
  'a spilled sort that is %s leaves no file and ends',
  (how) => {
    const tempDirOfSort = join(dir, how.replaceAll(' ', '-'));
    mkdirSync(tempDirOfSort);
    const sort = new ExternalSort({ tempDir: tempDirOfSort, memoryBytes: MiB });
    for (let i = 0; i < 50_000; i++) sort.add(bytes(`key${i}`), bytes('value'));
    const leave = () => {
      for (const { key } of sort.records()) {
        if (how === 'thrown out of' && key.length > 0) throw new Error('stop');
        break;
      }
    };
    if (how === 'closed') sort.close();
    else if (how === 'left early') leave();
    else expect(leave).toThrow('stop');
    expect(readdirSync(tempDirOfSort)).toEqual([]);
    expect(existsSync(tempDirOfSort)).toBe(true);
    expect(() => sort.add(bytes('a'), bytes('b'))).toThrow(/after its records were read/);
    expect(() => [...sort.records()]).toThrow(/after its records were read/);
    sort.close();
  },
);

test('too little memory is refused', () => {
  expect(() => new ExternalSort({ tempDir: dir, memoryBytes: 1000 })).toThrow(
    /expected 1048576 to 4294967296/,
  );
});
