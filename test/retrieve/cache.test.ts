import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createExactSearch } from '../../src/ann/exact.js';
import { NeighborCache, portion } from '../../src/retrieve/cache.js';
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
      cache.keepFor(search);
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

test('another state of the index forgets everything', () => {
  const cache = new NeighborCache();
  const ask = () => cache.neighbors(search, 3, rowOf(3), 5, null);
  cache.keepFor(live);
  const first = ask();
  cache.keepFor(live);
  expect(ask()).toBe(first);
  cache.keepFor(Uint8Array.from(live));
  expect(ask()).not.toBe(first);
  expect(cache.stats()).toEqual({ answers: 1, hits: 1, misses: 2, hitRate: 1 / 3 });
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
