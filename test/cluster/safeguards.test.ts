// What keeps float32 right (docs/performance.md). Each of these fails when its safeguard is taken out of the kernels.
import { describe, expect, test } from 'vitest';
import { createClusterer } from '../../src/cluster/clusterer.js';
import { centreRows, createEngine, makeRoom } from '../../src/cluster/engine.js';
import { findComponents } from '../../src/cluster/filter.js';
import { mergeAll } from '../../src/cluster/merge.js';
import { ward } from '../../src/cluster/ward.js';
import { makePoints, type Points } from './points.js';

function treeOf({ x, n, dim, sizes }: Points) {
  const clusterer = createClusterer(dim);
  clusterer.vectors(n).set(x);
  return clusterer.tree(n, sizes);
}

function expectExact(points: Points) {
  const { heights } = treeOf(points);
  const exact = ward(points.x, points).heights;
  for (let i = 0; i < heights.length; i++) {
    expect(Math.abs(heights[i] - exact[i])).toBeLessThanOrEqual(2e-5 * exact[i]);
  }
}

describe('float32 safeguards', () => {
  test('close pairs are measured again by direct differences', () => {
    expectExact(makePoints({ seed: 3, n: 120, dim: 64, topics: 6, spread: 0.5, copies: 0.5, jitter: 1e-4 }));
    expectExact(makePoints({ seed: 3, n: 120, dim: 256, topics: 6, spread: 0.02, normalized: true }));
  });

  test('exact duplicates merge at exactly 0 and nowhere below', () => {
    const points = makePoints({ seed: 8, n: 90, dim: 33, topics: 5, spread: 0.3, copies: 0.5, offset: 7 });
    const { heights } = treeOf(points);
    const zeros = ward(points.x, points).heights.filter((height) => height === 0).length;
    expect(zeros).toBeGreaterThan(20);
    expect(heights.filter((height) => height === 0).length).toBe(zeros);
    expect(heights[0]).toBe(0);
  });

  test('data far from the origin is centred first', () => {
    const far = makePoints({ seed: 5, n: 200, dim: 64, topics: 20, spread: 0.3, offset: 100 });
    const engine = createEngine(far.dim, 8192);
    makeRoom(engine, far.n);
    engine.views.x.set(far.x);
    const centred = centreRows(engine, far.n);
    expect(centred.largest).toBeLessThan(1000);
    expect(findComponents(engine, centred, 20)).toBe(true);
  });

  test('a union is never nearer than its nearer part', () => {
    // The corners of a simplex: every union is exactly as far as its parts were, so no height is below the first.
    for (const n of [40, 77, 150]) {
      const x = new Float32Array(n * n);
      for (let i = 0; i < n; i++) x[i * n + i] = 0.7;
      const engine = createEngine(n, 8192);
      makeRoom(engine, n);
      engine.views.x.set(x);
      mergeAll(engine, centreRows(engine, n));
      const { a, b, heights } = engine.views;
      const reached = new Float64Array(n);
      for (let m = 0; m < n - 1; m++) {
        expect(heights[m]).toBeGreaterThanOrEqual(Math.max(reached[a[m]], reached[b[m]]));
        reached[a[m]] = heights[m];
      }
    }
  });

  test('numbers whose squares float32 cannot hold are scaled by a power of two', () => {
    const { n, dim, x } = makePoints({ seed: 1, n: 30, dim: 8, topics: 3, spread: 0.5 });
    const plain = treeOf({ n, dim, x });
    for (const scale of [2 ** 70, 2 ** -70]) {
      const scaled = treeOf({ n, dim, x: x.map((value) => value * scale) });
      expect(Array.from(scaled.heights, (height) => height / scale / scale)).toEqual(
        Array.from(plain.heights),
      );
    }
  });

  test('points with sizes stand for repeated points', () => {
    expectExact(makePoints({ seed: 6, n: 80, dim: 24, topics: 6, spread: 0.4, sized: true }));
  });
});
