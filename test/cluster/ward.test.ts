import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cut } from '../../src/cluster/cut.js';
import { wardTwin } from '../../src/cluster/twin.js';
import { complete, ward } from '../../src/cluster/ward.js';
import { anyPoints, thresholdsInGaps } from './points.js';

describe('ward', () => {
  test('equals the twin in heights and in flat clusters', () => {
    fc.assert(
      fc.property(anyPoints({ maxN: 40, maxDim: 12 }), ({ x, n, dim, sizes }) => {
        const tree = ward(x, { n, dim, ...(sizes && { sizes }) });
        const twin = wardTwin(x, { n, dim }, sizes);
        const scale = Math.max(0, ...twin.heights);
        for (let i = 0; i < n - 1; i++) {
          expect(Math.abs(tree.heights[i] - twin.heights[i])).toBeLessThanOrEqual(
            1e-4 * twin.heights[i] + 1e-13 * scale,
          );
        }
        for (const alpha of thresholdsInGaps(twin.heights).slice(0, 8)) {
          expect(cut(tree, alpha)).toEqual(cut(twin, alpha));
        }
      }),
      { numRuns: 150, seed: 20201103 },
    );
  });

  test('a size is the same as repeating the point', () => {
    const x = Float32Array.of(0, 1, 3, 7, 8);
    const repeated = Float32Array.of(0, 0, 0, 1, 3, 3, 7, 8);
    const tree = ward(x, { n: 5, dim: 1, sizes: [3, 1, 2, 1, 1] });
    const expected = [0, 0, 0, ...tree.heights];
    ward(repeated, { n: 8, dim: 1 }).heights.forEach((h, i) => {
      expect(h).toBeCloseTo(expected[i], 4);
    });
    // 3 points at 0 and one at 1: 2 · 3 · 1 / 4 · 1
    expect(tree.heights[1]).toBeCloseTo(1.5, 5);
  });

  test('ties: the predecessor, then the smallest first member', () => {
    // 0–1–2–3 in a row at unit steps: the chain starts at 0, 1 is its nearest, and 1 keeps its predecessor over 2.
    const tree = ward(Float32Array.of(0, 1, 2, 3), { n: 4, dim: 1 });
    expect([tree.a[0], tree.b[0]]).toEqual([0, 1]);
    expect([tree.a[1], tree.b[1]]).toEqual([2, 3]);
    // A cross around point 0: all four are as near; the first of them wins.
    const cross = ward(Float32Array.of(0, 0, 1, 0, -1, 0, 0, 1, 0, -1), { n: 5, dim: 2 });
    expect([cross.a[0], cross.b[0], cross.heights[0]]).toEqual([0, 1, 1]);
  });

  test('the cut accepts a merge at exactly alpha and leaves the rest single', () => {
    const tree = ward(Float32Array.of(0, 2, 10), { n: 3, dim: 1 });
    expect(tree.heights[0]).toBe(4);
    expect(cut(tree, 4)).toEqual({ count: 2, labels: Int32Array.of(0, 0, 1) });
    expect(cut(tree, 3.999)).toEqual({ count: 3, labels: Int32Array.of(0, 1, 2) });
  });

  test.each([
    ['a row that is not finite', [1, Number.NaN], { n: 2, dim: 1 }, 'vector-invalid'],
    ['a number whose square is infinite', [1, -1e155], { n: 2, dim: 1 }, 'vector-invalid'],
    ['too few numbers', [1, 2, 3], { n: 2, dim: 2 }, 'option-invalid'],
    ['a size of 0', [1, 2], { n: 2, dim: 1, sizes: [1, 0] }, 'option-invalid'],
  ])('refuses %s', (_name, numbers, shape, code) => {
    expect(() => ward(Float64Array.from(numbers), shape)).toThrow(expect.objectContaining({ code }));
  });

  test('heights are right up to the largest number there may be', () => {
    const largest = 1e145;
    const tree = ward(Float64Array.of(largest, 0, -largest, 0.5 * largest), { n: 4, dim: 1 });
    const small = ward(Float64Array.of(1, 0, -1, 0.5), { n: 4, dim: 1 });
    tree.heights.forEach((height, m) => {
      expect(height / largest / largest).toBeCloseTo(small.heights[m], 12);
    });
  });

  test('no points and one point have no merges', () => {
    expect(ward(new Float32Array(0), { n: 0, dim: 3 }).heights.length).toBe(0);
    expect(cut(ward(Float32Array.of(1, 2, 3), { n: 1, dim: 3 }), 1)).toEqual({
      count: 1,
      labels: Int32Array.of(0),
    });
  });
});

test('complete linkage: a merge is as high as its farthest pair', () => {
  const tree = complete(Float32Array.of(0, 1, 3, 10), { n: 4, dim: 1 });
  expect(Array.from(tree.heights)).toEqual([1, 9, 100]);
  expect(Array.from(cut(tree, 9).labels)).toEqual([0, 0, 0, 1]);
});
