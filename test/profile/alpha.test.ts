import { describe, expect, test } from 'vitest';
import { createRng } from '../../src/math/rng.js';
import { startingAlpha } from '../../src/profile/alpha.js';

const allRows = (n: number) => Uint32Array.from({ length: n }, (_, i) => i);

/** Points on the unit circle, at these angles. */
function circle(angles: readonly number[]): Float32Array {
  return Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
}

describe('by hand', () => {
  test('few items: the percentile over all pairs', () => {
    // 3 pairs; ⌈.01 · 3⌉ = 1, so the smallest: 2 (1 − cos 0.1) = 0.00999167.
    const { value, origin } = startingAlpha(circle([0, 0.1, 1.5]), 2, allRows(3));
    expect(value).toBeCloseTo(0.00999167, 7);
    expect(origin).toBe('rule');
  });

  test('never more than 0.64', () => {
    expect(startingAlpha(circle([0, 2, 4]), 2, allRows(3)).value).toBe(0.64);
  });

  test('only live rows count', () => {
    expect(startingAlpha(circle([0, 0.1, 1.5]), 2, Uint32Array.of(0, 2)).value).toBe(0.64);
  });

  test('duplicates do not bring it down to 0', () => {
    const angles = [...Array<number>(20).fill(0), 0.1];
    expect(startingAlpha(circle(angles), 2, allRows(21)).value).toBeCloseTo(0.00999167, 7);
  });

  test('nothing to compare: 0.64', () => {
    expect(startingAlpha(circle([]), 2, allRows(0)).value).toBe(0.64);
    expect(startingAlpha(circle([1]), 2, allRows(1)).value).toBe(0.64);
    expect(startingAlpha(circle([1, 1, 1]), 2, allRows(3)).value).toBe(0.64);
  });

  test.each([0, 1.5, Number.NaN])('%d pairs are refused', (pairs) => {
    expect(() => startingAlpha(circle([1, 2]), 2, allRows(2), { pairs })).toThrow(/pairs: got/);
  });
});

describe('many items', () => {
  const n = 2_000;
  const rng = createRng(1);
  const vectors = circle(Array.from({ length: n }, () => rng.uniform() * 2 * Math.PI));

  test('random pairs find the percentile', () => {
    // On the circle the angle between two random points is uniform over 0 … π: the percentile is 2 (1 − cos .01π).
    const { value } = startingAlpha(vectors, 2, allRows(n));
    expect(Math.abs(value / (2 * (1 - Math.cos(0.01 * Math.PI))) - 1)).toBeLessThan(0.15);
  });

  test('a seed fixes the answer', () => {
    const value = (seed: number) => startingAlpha(vectors, 2, allRows(n), { seed, pairs: 5_000 }).value;
    expect(value(3)).toBe(value(3));
    expect(value(3)).not.toBe(value(4));
  });
});
