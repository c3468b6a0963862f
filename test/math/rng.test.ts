import { describe, expect, test } from 'vitest';
import { deriveSeed } from '../../src/math/hash.js';
import { createRng } from '../../src/math/rng.js';

/** χ² of values in [0, 1) over equal bins. */
function chiSquare(values: readonly number[], bins: number): number {
  const counts = new Uint32Array(bins);
  for (const value of values) counts[Math.floor(value * bins)]++;
  const expected = values.length / bins;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** Quantile .9999 of χ² with 63 degrees of freedom. */
const chi63 = 111.1;

describe.each([
  ['consecutive seeds', (i: number) => i],
  ['seeds that differ in the high word only', (i: number) => i * 2 ** 32],
  ['derived seeds', (i: number) => deriveSeed('user', i)],
])('over %s', (_, seedOf) => {
  const streams = Array.from({ length: 20_000 }, (_, i) => {
    const rng = createRng(seedOf(i));
    return Array.from({ length: 3 }, () => rng.uniform());
  });

  test.each([0, 1, 2])('output %d is uniform', (draw) => {
    expect(
      chiSquare(
        streams.map((stream) => stream[draw]),
        64,
      ),
    ).toBeLessThan(chi63);
  });

  test('first and second output are independent', () => {
    const cell = (u: number, v: number) => (Math.floor(u * 8) + v) / 8;
    expect(
      chiSquare(
        streams.map(([u, v]) => cell(u, v)),
        64,
      ),
    ).toBeLessThan(chi63);
  });
});

test('a seed fixes the whole stream', () => {
  const take = (seed: number) => {
    const rng = createRng(seed);
    return [rng.u32(), rng.uniform(), rng.below(10), rng.normal()];
  };
  expect(take(42)).toEqual(take(42));
  expect(take(42)).not.toEqual(take(43));
});

test('below is uniform and stays below', () => {
  const rng = createRng(3);
  const values = Array.from({ length: 30_000 }, () => rng.below(3));
  expect(Math.max(...values)).toBe(2);
  expect(
    chiSquare(
      values.map((value) => (value + 0.5) / 3),
      3,
    ),
  ).toBeLessThan(18.4);
});

test('normal has mean 0 and variance 1', () => {
  const rng = createRng(4);
  const values = Array.from({ length: 40_000 }, () => rng.normal());
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.02);
  expect(Math.abs(variance - 1)).toBeLessThan(0.03);
});

test.each([-1, 1.5, 2 ** 53, Number.NaN])('seed %d is refused', (seed) => {
  expect(() => createRng(seed)).toThrow(/seed: got/);
});
