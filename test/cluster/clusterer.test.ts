import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createClusterer } from '../../src/cluster/clusterer.js';
import { cut } from '../../src/cluster/cut.js';
import { createKernelClusterer } from '../../src/cluster/kernel-clusterer.js';
import { wardTwin } from '../../src/cluster/twin.js';
import { ward } from '../../src/cluster/ward.js';
import { anyPoints, thresholdsInGaps } from './points.js';

describe('clusterer', () => {
  test('flat clusters equal the twin, run after run in the same memory', () => {
    const clusterers = new Map<number, ReturnType<typeof createClusterer>>();
    fc.assert(
      fc.property(anyPoints({ maxN: 48, maxDim: 9 }), fc.nat(), ({ x, n, dim, sizes }, pick) => {
        const clusterer = clusterers.get(dim) ?? createClusterer(dim);
        clusterers.set(dim, clusterer);
        const twin = wardTwin(x, { n, dim }, sizes);
        const alphas = thresholdsInGaps(twin.heights);
        const alpha = alphas[pick % alphas.length];
        clusterer.vectors(n).set(x);
        const { count, labels } = clusterer.flat(n, { alpha, ...(sizes && { sizes }) });
        expect({ count, labels: Array.from(labels) }).toEqual({
          ...cut(twin, alpha),
          labels: Array.from(cut(twin, alpha).labels),
        });
      }),
      { numRuns: 200, seed: 20201103 },
    );
  });

  test('trees equal the float64 chain in heights, in any dimension', () => {
    fc.assert(
      fc.property(anyPoints({ maxN: 60, maxDim: 300 }), ({ x, n, dim, sizes }) => {
        const clusterer = createClusterer(dim);
        clusterer.vectors(n).set(x);
        const { heights } = clusterer.tree(n, sizes);
        const exact = ward(x, { n, dim, ...(sizes && { sizes }) }).heights;
        const slack = 1e-13 * (exact.at(-1) ?? 0);
        for (let i = 0; i < n - 1; i++) {
          expect(Math.abs(heights[i] - exact[i])).toBeLessThanOrEqual(1e-4 * exact[i] + slack);
        }
      }),
      { numRuns: 100, seed: 20201103 },
    );
  });

  test('without a matrix, on means, the clusters are the same', () => {
    fc.assert(
      fc.property(anyPoints({ maxN: 60, maxDim: 20 }), fc.nat(), ({ x, n, dim, sizes }, pick) => {
        const heights = ward(x, { n, dim, ...(sizes && { sizes }) }).heights;
        const alphas = thresholdsInGaps(heights);
        const options = { alpha: alphas[pick % alphas.length], ...(sizes && { sizes }) };
        const [onMatrix, onMeans] = [8192, 4].map((matrixPoints) => {
          const clusterer = createKernelClusterer(dim, matrixPoints);
          clusterer.vectors(n).set(x);
          const { count, labels, medoids } = clusterer.flat(n, options);
          return { count, labels: Array.from(labels), medoids: Array.from(medoids) };
        });
        expect(onMeans).toEqual(onMatrix);
      }),
      { numRuns: 100, seed: 20201103 },
    );
  });

  test('without a matrix, trees have the heights of the float64 chain, and ties end', () => {
    fc.assert(
      fc.property(anyPoints({ maxN: 300, maxDim: 40 }), ({ x, n, dim, sizes }) => {
        const clusterer = createKernelClusterer(dim, 4);
        clusterer.vectors(n).set(x);
        const { heights } = clusterer.tree(n, sizes);
        const exact = ward(x, { n, dim, ...(sizes && { sizes }) }).heights;
        // A mean of float32 numbers is known to 2⁻²⁴ of its length only.
        const slack = 1e-12 * (exact.at(-1) ?? 0);
        for (let i = 0; i < n - 1; i++) {
          expect(Math.abs(heights[i] - exact[i])).toBeLessThanOrEqual(1e-4 * exact[i] + slack);
        }
      }),
      { numRuns: 60, seed: 20201103 },
    );
    // Corners of a simplex: all are equally far from each other.
    const corners = createKernelClusterer(100, 4);
    const x = corners.vectors(100).fill(0);
    for (let i = 0; i < 100; i++) x[i * 100 + i] = 0.7;
    const { a, b, heights } = corners.tree(100);
    expect(new Set(b).size).toBe(99);
    expect(a.every((first, m) => first < b[m])).toBe(true);
    expect(heights.every((height, m) => height >= (heights[m - 1] ?? 0.97))).toBe(true);
  });

  test('leaves the vectors as they were and forgets earlier runs', () => {
    const clusterer = createClusterer(2);
    clusterer.vectors(300).fill(7);
    expect(clusterer.flat(300, { alpha: 1 }).count).toBe(1);
    const rows = [0, 0, 3, 0, 0, 0.1];
    clusterer.vectors(3).set(rows);
    expect(Array.from(clusterer.flat(3, { alpha: 1 }).labels)).toEqual([0, 1, 0]);
    expect(Array.from(clusterer.flat(3, { alpha: 20 }).labels)).toEqual([0, 0, 0]);
    expect(Array.from(clusterer.vectors(3))).toEqual(Array.from(Float32Array.from(rows)));
  });

  test('no points make no clusters', () => {
    const clusterer = createClusterer(4);
    clusterer.vectors(0);
    expect(clusterer.flat(0, { alpha: 1 }).count).toBe(0);
  });

  test('one point is a cluster, whatever its numbers, and after another run in the same memory', () => {
    const clusterer = createClusterer(2);
    clusterer.vectors(3).set([1, 1, 1, 1, 5, 5]);
    clusterer.flat(3, { alpha: 1 });
    for (const number of [0, 1e-30, 3e38]) {
      clusterer.vectors(1).fill(number);
      const { count, labels, medoids, order, starts } = clusterer.flat(1, { alpha: 1 });
      expect([count, ...labels, ...medoids, order[0], ...starts.slice(0, 2)]).toEqual([1, 0, 0, 0, 0, 1]);
    }
  });

  test.each([
    [0, [1, 2], 'option-invalid', 'alpha: got 0'],
    [Number.NaN, [1, 2], 'option-invalid', 'alpha: got NaN'],
    [1, [1, Number.POSITIVE_INFINITY], 'vector-invalid', 'got Infinity in row 1, column 0'],
    [1, [Number.NaN], 'vector-invalid', 'got NaN in row 0, column 0'],
  ])('refuses alpha %d, rows %j', (alpha, rows, code, message) => {
    const clusterer = createClusterer(1);
    clusterer.vectors(rows.length).set(rows);
    expect(() => clusterer.flat(rows.length, { alpha })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
