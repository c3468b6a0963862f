import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRng } from '../../src/math/rng.js';
import { drawWithoutReplacement, firstDrawShare, orderedPropensity } from '../../src/math/sampling.js';

/** Every ordered choice of `count` out of 0 … n − 1. */
function orderedChoices(n: number, count: number): number[][] {
  if (count === 0) return [[]];
  return orderedChoices(n, count - 1).flatMap((head) =>
    Array.from({ length: n }, (_, i) => i)
      .filter((i) => !head.includes(i))
      .map((i) => [...head, i]),
  );
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function chiSquare(observed: readonly number[], shares: readonly number[]): number {
  const draws = sum(observed);
  return sum(observed.map((count, i) => (count - draws * shares[i]) ** 2 / (draws * shares[i])));
}

/** Quantile .999 of χ² with 1 … 11 degrees of freedom. */
const chi999 = [0, 10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32, 26.12, 27.88, 29.59, 31.26];

describe('by hand', () => {
  test('weights 1, 2, 5: shares and the propensity of one ordered draw', () => {
    expect(firstDrawShare([1, 2, 5], 2)).toBe(5 / 8);
    // 5/8 for the third, then 1 of the 3 that are left, then no choice.
    expect(orderedPropensity([1, 2, 5], [2, 0])).toBeCloseTo((5 / 8) * (1 / 3), 15);
    expect(orderedPropensity([1, 2, 5], [2, 0, 1])).toBeCloseTo((5 / 8) * (1 / 3), 15);
  });

  test('a draw says its own shares and propensity', () => {
    const draw = drawWithoutReplacement([1, 2, 5], 2, createRng(7));
    expect(draw.indices).toHaveLength(2);
    expect(draw.probabilities).toEqual(draw.indices.map((i) => [1 / 8, 2 / 8, 5 / 8][i]));
    expect(draw.propensity).toBe(orderedPropensity([1, 2, 5], draw.indices));
  });

  test('nothing to draw from, nothing to draw, and more than there is', () => {
    const none = { indices: [], probabilities: [], propensity: 1 };
    expect(drawWithoutReplacement([], 3, createRng(1))).toEqual(none);
    expect(drawWithoutReplacement([1, 2], 0, createRng(1))).toEqual(none);
    expect([...drawWithoutReplacement([1, 2], 9, createRng(1)).indices].sort()).toEqual([0, 1]);
  });

  test('weight 0 comes after every positive weight, then uniformly', () => {
    for (let seed = 0; seed < 200; seed++) {
      const { indices, probabilities, propensity } = drawWithoutReplacement([0, 3, 0, 1], 3, createRng(seed));
      expect([...indices.slice(0, 2)].sort()).toEqual([1, 3]);
      expect(probabilities[2]).toBe(0);
      // 3/4 or 1/4 for the first, 1 for the second, 1/2 for one of the two zeros.
      expect(propensity).toBe(indices[0] === 1 ? 3 / 8 : 1 / 8);
    }
  });

  test('all weights 0 is a uniform draw', () => {
    expect(orderedPropensity([0, 0, 0], [1, 2])).toBeCloseTo(1 / 6, 15);
    expect(firstDrawShare([0, 0, 0, 0], 3)).toBe(0.25);
  });

  test('the smallest and the largest doubles neither vanish nor overflow', () => {
    expect(firstDrawShare([5e-324, 5e-324], 0)).toBe(0.5);
    expect(firstDrawShare([1.7e308, 1.7e308, 1.7e308], 1)).toBeCloseTo(1 / 3, 15);
    expect(drawWithoutReplacement([5e-324, 1.7e308, 0], 3, createRng(3)).indices).toEqual([1, 0, 2]);
  });

  test('the state of the generator afterwards depends on the number of draws alone', () => {
    const next = (weights: number[]) => {
      const rng = createRng(5);
      drawWithoutReplacement(weights, 2, rng);
      return rng.uniform();
    };
    expect(next([1, 0])).toBe(next([0, 0, 4, 9]));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('weight %d is refused', (weight) => {
    expect(() => drawWithoutReplacement([1, weight], 1, createRng(1))).toThrow(/weight 1: got/);
  });

  test.each([-1, 1.5, Number.NaN])('%d draws are refused', (count) => {
    expect(() => drawWithoutReplacement([1], count, createRng(1))).toThrow(/draws: got/);
  });
});

describe('distribution', () => {
  const weights = [0.5, 1, 2, 4, 0.1];
  const n = weights.length;
  const total = sum(weights);
  const draws = Array.from({ length: 40_000 }, (_, seed) =>
    drawWithoutReplacement(weights, 2, createRng(seed)),
  );

  test('the first draw takes each in proportion to its weight', () => {
    const observed = weights.map((_, i) => draws.filter((draw) => draw.indices[0] === i).length);
    const shares = weights.map((w) => w / total);
    expect(chiSquare(observed, shares)).toBeLessThan(chi999[n - 1]);
  });

  test.each([2, 3])('the second draw, given the first took %d, is in proportion to the rest', (first) => {
    const given = draws.filter((draw) => draw.indices[0] === first);
    const rest = weights.map((_, i) => i).filter((i) => i !== first);
    const observed = rest.map((i) => given.filter((draw) => draw.indices[1] === i).length);
    const shares = rest.map((i) => weights[i] / (total - weights[first]));
    expect(chiSquare(observed, shares)).toBeLessThan(chi999[n - 2]);
  });

  test('ordered draws come as often as their propensity says', () => {
    const small = [1, 2, 5, 2];
    const choices = orderedChoices(4, 2);
    const observed = new Map(choices.map((choice) => [choice.join(), 0]));
    for (let seed = 0; seed < 40_000; seed++) {
      const key = drawWithoutReplacement(small, 2, createRng(seed)).indices.join();
      observed.set(key, observed.get(key)! + 1);
    }
    const shares = choices.map((choice) => orderedPropensity(small, choice));
    expect(chiSquare([...observed.values()], shares)).toBeLessThan(chi999[11]);
  });
});

const weightArb = fc.oneof(
  fc.constant(0),
  fc.double({ min: 0, max: 1e6, noNaN: true }),
  fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true }),
);

test('propensities of all ordered draws sum to 1', () => {
  fc.assert(
    fc.property(fc.array(weightArb, { minLength: 1, maxLength: 5 }), fc.nat(5), (weights, count) => {
      const choices = orderedChoices(weights.length, Math.min(count, weights.length));
      expect(sum(choices.map((choice) => orderedPropensity(weights, choice)))).toBeCloseTo(1, 12);
    }),
  );
});

test('a draw is made of different things and has a positive propensity', () => {
  fc.assert(
    fc.property(fc.array(weightArb, { maxLength: 40 }), fc.nat(6), fc.nat(), (weights, count, seed) => {
      const { indices, propensity } = drawWithoutReplacement(weights, count, createRng(seed));
      expect(new Set(indices).size).toBe(Math.min(count, weights.length));
      expect(indices.every((i) => i >= 0 && i < weights.length)).toBe(true);
      expect(propensity).toBeGreaterThan(0);
      expect(propensity).toBeLessThanOrEqual(1);
    }),
  );
});
