import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TopK } from '../../src/math/topk.js';

function keep(top: TopK, scores: readonly number[], keys = scores.map((_, i) => i)): [number, number][] {
  for (const [i, score] of scores.entries()) top.offer(keys[i], score);
  const length = top.finish();
  return Array.from({ length }, (_, i) => [top.keys[i], top.scores[i]]);
}

/** The plain twin: sort everything. */
function sorted(k: number, scores: readonly number[], keys: readonly number[]): [number, number][] {
  const all = scores.map((score, i): [number, number] => [keys[i], score]);
  return all.sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, k);
}

test('scores descend, equal ones to the lower key', () => {
  expect(keep(new TopK(3), [0.1, 0.9, 0.5, 0.9, 0.5])).toEqual([
    [1, 0.9],
    [3, 0.9],
    [2, 0.5],
  ]);
});

test('keeps what a full sort would keep, whatever the order and with buffers used again', () => {
  const top = new TopK();
  const score = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(-0, 0, -Infinity, Infinity),
    fc.float({ noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(score, { maxLength: 60 }), fc.nat(20), fc.boolean(), (scores, k, descending) => {
      const keys = scores.map((_, i) => (descending ? 4_000_000_000 - i : i));
      top.reset(k);
      const want = sorted(k, scores, keys).map(([key, value]) => [key, value + 0]);
      expect(keep(top, scores, keys).map(([key, value]) => [key, value + 0])).toEqual(want);
    }),
  );
});

test('an offer below the floor is not kept, one at the floor may be', () => {
  const top = new TopK(2);
  expect(top.floor).toBe(-Infinity);
  top.offer(7, 1);
  top.offer(8, 2);
  expect(top.floor).toBe(1);
  top.offer(3, 1);
  expect(keep(top, [])).toEqual([
    [8, 2],
    [3, 1],
  ]);
});

test('k = 0 keeps nothing', () => {
  const top = new TopK(0);
  expect(top.floor).toBe(Infinity);
  expect(keep(top, [1, Infinity])).toEqual([]);
});

test('NaN is refused', () => {
  expect(() => new TopK(1).offer(4, Number.NaN)).toThrow(/key 4: got NaN/);
});

test.each([-1, 0.5, Number.NaN])('k = %d is refused', (k) => {
  expect(() => new TopK(k)).toThrow(/k: got/);
});
