import fc from 'fast-check';
import { expect, test } from 'vitest';
import { adjustedRand } from '../../src/cluster/rand.js';

/** Hubert and Arabie from the four counts of pairs, one pair after the other. */
function twin(a: readonly number[], b: readonly number[]): number {
  let both = 0;
  let onlyA = 0;
  let onlyB = 0;
  let neither = 0;
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < i; j++) {
      if (a[i] === a[j]) b[i] === b[j] ? both++ : onlyA++;
      else b[i] === b[j] ? onlyB++ : neither++;
    }
  }
  const bottom = (both + onlyA) * (onlyA + neither) + (both + onlyB) * (onlyB + neither);
  return bottom === 0 ? 1 : (2 * (both * neither - onlyA * onlyB)) / bottom;
}

test('partitions by hand', () => {
  expect(adjustedRand([0, 0, 1, 1], [5, 5, 3, 3])).toBe(1);
  expect(adjustedRand([0, 0, 1, 2], [0, 0, 1, 1])).toBeCloseTo(4 / 7, 12);
  expect(adjustedRand([0, 0, 1, 1], [0, 1, 0, 1])).toBeCloseTo(-0.5, 12);
  expect(adjustedRand([0, 0, 0], [0, 1, 2])).toBe(0);
  expect(adjustedRand([1, 2, 3], [4, 5, 6])).toBe(1);
  expect(adjustedRand([7], [7])).toBe(1);
});

test('any two partitions agree with a count of pairs', () => {
  const labels = fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { minLength: 2, maxLength: 30 });
  fc.assert(
    fc.property(labels, (pairs) => {
      const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
      expect(adjustedRand(a, b)).toBeCloseTo(twin(a, b), 9);
      expect(adjustedRand(b, a)).toBeCloseTo(adjustedRand(a, b), 12);
    }),
  );
});
