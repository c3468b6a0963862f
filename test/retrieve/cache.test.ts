import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createExactSearch } from '../../src/ann/exact.js';
import { itemsOf, listed, NeighborCache, portion } from '../../src/retrieve/cache.js';
import { randomMatrix } from '../helpers/vectors.js';

const dim = 4;
const rows = 60;
const vectors = randomMatrix(1, rows, dim);
const live = new Uint8Array(rows).fill(1);
const search = createExactSearch({ vectors, dim, live, normalized: true });
const rowOf = (row: number): Float32Array => vectors.subarray(row * dim, (row + 1) * dim);
const every = (step: number) => {
  const bits = Uint8Array.from(live, (_, row) => Number(row % step === 0));
  return { text: `every ${step}`, rows: { bits, count: bits.reduce((sum, bit) => sum + bit, 0) } };
};

test('a remembered answer equals a new one, whatever was asked before', () => {
  const question = fc.record({
    row: fc.nat(5),
    k: fc.constantFrom(1, 7, 8, 60),
    admit: fc.constantFrom(null, every(2), every(7)),
  });
  fc.assert(
    fc.property(fc.array(question, { maxLength: 40 }), (questions) => {
      const cache = new NeighborCache();
      for (const { row, k, admit } of questions)
        expect(cache.neighbors(search, row, rowOf(row), k, admit)).toEqual(
          search.search(rowOf(row), k, admit?.rows),
        );
      const { hits, misses, hitRate } = cache.stats();
      expect(misses).toBe(new Set(questions.map(({ row, k, admit }) => `${row}/${k}/${admit?.text}`)).size);
      expect(hits + misses).toBe(questions.length);
      expect(hitRate).toBe(questions.length === 0 ? 0 : hits / questions.length);
    }),
  );
});

const step = (version: number, before: number | null, changed: readonly number[], rowsOf = 'a') => ({
  rowsOf,
  version,
  before,
  items: Uint32Array.from(changed),
  rows: Uint32Array.from(changed),
});
const itemOfRow = Uint32Array.from(live.keys());
const tableOf = (alive: Uint8Array, of: ReturnType<typeof step>) => ({
  dim,
  vectors,
  itemOfRow,
  rowOfItem: Int32Array.from(itemOfRow),
  live: alive,
  step: of,
});

test('another index, other rows and a change that nobody tells of forget everything', () => {
  const cache = new NeighborCache();
  const ask = () => cache.neighbors(search, 3, rowOf(3), 5, null);
  cache.keepUp(tableOf(live, step(1, null, [])), 'index 1');
  const first = ask();
  cache.keepUp(tableOf(live, step(1, null, [])), 'index 1');
  expect(ask()).toBe(first);
  expect(cache.stats()).toEqual({ answers: 1, hits: 1, misses: 1, hitRate: 1 / 2 });
  const others = [
    [step(1, null, []), 'index 2'],
    [step(1, null, [], 'b'), 'index 2'],
    [step(3, 2, [], 'b'), 'index 2'],
    [step(4, null, [], 'b'), 'index 2'],
  ] as const;
  for (const [next, index] of others) {
    const before = ask();
    expect(ask()).toBe(before);
    cache.keepUp(tableOf(live, next), index);
    expect(ask()).not.toBe(before);
  }
});

test('what is remembered while items come, go and are admitted or not is what would be found anew', () => {
  const change = fc.uniqueArray(fc.nat(rows - 1), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 1, maxLength: 30 }),
      fc.constantFrom(1, 7, 30),
      (changes, k) => {
        const cache = new NeighborCache();
        const alive = Uint8Array.from(live, (_, row) => Number(row % 3 > 0));
        const admitted = every(2);
        changes.forEach((changed, i) => {
          // Every change turns some rows on or off: for all, or for those who ask with the filter.
          for (const row of changed) {
            if (i % 3 === 0) admitted.rows.bits[row] ^= 1;
            else alive[row] ^= 1;
          }
          const now = alive.slice();
          const search = createExactSearch({ vectors, dim, live: now, normalized: true });
          cache.keepUp(tableOf(now, step(i + 1, i === 0 ? null : i, changed)), '');
          const bits = admitted.rows.bits.slice();
          const count = bits.reduce((sum, bit) => sum + bit, 0);
          for (const admit of [null, { text: 'admitted', rows: { bits, count } }])
            for (const row of [0, 1, 2])
              expect(cache.neighbors(search, row, rowOf(row), k, admit)).toEqual(
                search.search(rowOf(row), k, admit?.rows),
              );
        });
      },
    ),
  );
});

test('a change leaves alone what is remembered of far away, until too much has changed', () => {
  const cache = new NeighborCache();
  const near = (row: number) => cache.neighbors(search, row, rowOf(row), 3, null);
  cache.keepUp(tableOf(live, step(1, null, [])), '');
  const first = Array.from(live.keys(), near);
  const outside = (changed: number) =>
    first.map((found, row) => !found.rows.includes(changed) && row !== changed);
  const gone = live.slice();
  gone[7] = 0;
  cache.keepUp(tableOf(gone, step(2, 1, [7])), '');
  for (const [row, isOutside] of outside(7).entries())
    if (isOutside) expect(near(row)).toBe(first[row]);
    else expect(cache.find(row, 3, null)).toBeNull();
  expect(outside(7).filter((isOutside) => isOutside).length).toBeGreaterThan(rows / 2);
  const [row] = [...outside(7).keys()].filter((place) => outside(7)[place]);
  for (let version = 3; version < 5_000; version++)
    cache.keepUp(tableOf(gone, step(version, version - 1, [7])), '');
  expect(cache.find(row, 3, null)).toBeNull();
});

test('a row that comes a little nearer than the last disturbs an answer, however far away both are', () => {
  // The score of row 1 is rounded up to float32 by .18; row 2 is nearer by .055.
  const far = Float32Array.of(0, 0, 3001, 0.6, 3001, 0.5);
  const three = {
    dim: 2,
    vectors: far,
    itemOfRow: Uint32Array.of(0, 1, 2),
    rowOfItem: Int32Array.of(0, 1, 2),
  };
  const cache = new NeighborCache();
  const ask = (alive: Uint8Array) => {
    const scan = createExactSearch({ vectors: far, dim: 2, live: alive, normalized: false });
    return [...cache.neighbors(scan, 0, far.subarray(0, 2), 1, null).rows];
  };
  const [before, after] = [Uint8Array.of(0, 1, 0), Uint8Array.of(0, 1, 1)];
  cache.keepUp({ ...three, live: before, step: step(1, null, []) }, '');
  expect(ask(before)).toEqual([1]);
  cache.keepUp({ ...three, live: after, step: step(2, 1, [2]) }, '');
  expect(ask(after)).toEqual([2]);
});

test('portions are few, at least what is wanted and at most half more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), (wanted) => {
      expect(portion(wanted)).toBeGreaterThanOrEqual(wanted);
      if (wanted > 64) expect(portion(wanted)).toBeLessThan(1.5 * wanted);
      expect(portion(portion(wanted))).toBe(portion(wanted));
      expect(portion(4 * portion(wanted))).toBe(4 * portion(wanted));
    }),
  );
  expect([1, 64, 65, 96, 97, 128, 129, 300].map(portion)).toEqual([64, 64, 96, 96, 128, 128, 192, 384]);
});

test('the items of a remembered list are looked up once, for whoever asks for it', () => {
  const itemOfRow = Uint32Array.from({ length: rows }, (_, row) => 1000 - row);
  const cache = new NeighborCache();
  const first = cache.neighbors(search, 3, rowOf(3), 5, null);
  expect(itemsOf(first, { itemOfRow })).toBeNull();
  const items = itemsOf(first, { itemOfRow });
  expect([...(items ?? [])]).toEqual([...first.rows].map((row) => 1000 - row));
  const again = cache.neighbors(search, 3, rowOf(3), 5, null);
  expect(itemsOf(again, { itemOfRow: new Uint32Array(rows) })).toBe(items);
});

test('what is learned once more for the same version leaves what is remembered, for a later one replaces it', () => {
  const cache = new NeighborCache();
  cache.keepUp(tableOf(live, step(1, null, [])), 'index');
  const known = cache.neighbors(search, 3, rowOf(3), 5, null);
  const again = listed(known);
  cache.learn(3, 5, '', { found: again, isCounted: true });
  expect(cache.find(3, 5, null)).toBe(known);
  cache.learn(3, 5, '', { found: again, version: 2, isCounted: true });
  expect(cache.find(3, 5, null)).toBe(again);
});
