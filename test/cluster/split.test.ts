import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Clusterer, createClusterer, type FlatOptions } from '../../src/cluster/clusterer.js';
import { squaredDistance } from '../../src/cluster/distances.js';
import { centreRows, createEngine, makeRoom } from '../../src/cluster/engine.js';
import { findComponents, partByPrefix } from '../../src/cluster/filter.js';
import { partByLeaders } from '../../src/cluster/leaders.js';
import { mergeInLevels } from '../../src/cluster/levels.js';
import { ward } from '../../src/cluster/ward.js';
import { makePoints, type Points, type PointsRecipe } from './points.js';

/** Large enough to be split: see `minPoints` in src/cluster/filter.ts. */
const recipe: fc.Arbitrary<PointsRecipe> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  n: fc.integer({ min: 60, max: 260 }),
  dim: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(128, 255, 256, 1024)),
  topics: fc.constantFrom(1, 3, 20, 60),
  spread: fc.constantFrom(0.1, 0.4, 0.8),
  copies: fc.constantFrom(0, 0.4),
  jitter: fc.constantFrom(0, 1e-4),
  offset: fc.constantFrom(0, 0, 50),
  normalized: fc.boolean(),
  sized: fc.boolean(),
});

function answer(clusterer: Clusterer, { x, n }: Points, options: FlatOptions) {
  clusterer.vectors(n).set(x);
  const { count, labels, medoids } = clusterer.flat(n, options);
  return { count, labels: Array.from(labels), medoids: Array.from(medoids) };
}

describe('the exact split', () => {
  test('gives the same clusters and medoids as the full path', () => {
    fc.assert(
      fc.property(recipe, fc.double({ min: 0, max: 0.95, noNaN: true }), (how, share) => {
        const points = makePoints(how);
        const clusterer = createClusterer(points.dim);
        clusterer.vectors(points.n).set(points.x);
        const heights = clusterer.tree(points.n, points.sizes).heights;
        const at = Math.floor(share * (points.n - 1));
        const alpha = (heights[at] + (heights[at + 1] ?? heights[at])) / 2;
        if (alpha === 0) return;
        const options = { alpha, ...(points.sizes && { sizes: points.sizes }) };
        expect(answer(clusterer, points, options)).toEqual(
          answer(clusterer, points, { ...options, whole: true }),
        );
      }),
      { numRuns: 150, seed: 20201103 },
    );
  });

  test.each([
    ['by leaders', partByLeaders],
    ['by a prefix', partByPrefix],
  ])('%s never puts two points within alpha into two components', (_, part) => {
    let splits = 0;
    fc.assert(
      fc.property(recipe, fc.constantFrom(0.05, 0.3, 0.64, 0.9), (how, share) => {
        const { n, dim, x } = makePoints({ ...how, dim: Math.max(how.dim, 16) });
        const engine = createEngine(dim, 8192);
        makeRoom(engine, n);
        engine.views.x.set(x);
        const centred = centreRows(engine, n);
        const alpha = share * centred.largest;
        if (!part(engine, centred, alpha)) return;
        splits++;
        const { parents } = engine.views;
        for (let i = 0; i < n; i++) {
          expect(parents[i]).toBeLessThanOrEqual(i);
          expect(parents[parents[i]]).toBe(parents[i]);
          for (let j = 0; j < i; j++) {
            if (squaredDistance(x, i * dim, x, j * dim, dim) <= alpha) expect(parents[i]).toBe(parents[j]);
          }
        }
      }),
      { numRuns: 60, seed: 20201103 },
    );
    expect(splits).toBeGreaterThan(10);
  });

  test('by leaders parts topics, with room for the whole of their spread', () => {
    const { n, dim, x } = makePoints({ seed: 9, n: 150, dim: 128, topics: 8, spread: 0.3, normalized: true });
    const engine = createEngine(dim, 8192);
    makeRoom(engine, n);
    engine.views.x.set(x);
    expect(partByLeaders(engine, centreRows(engine, n), 0.4)).toBe(true);
    expect(new Set(engine.views.parents.subarray(0, n)).size).toBe(8);
  });

  test('what earlier runs left behind the last point connects nothing', () => {
    const engine = createEngine(32, 8192);
    makeRoom(engine, 200);
    let splits = 0;
    for (let n = 200; n >= 64; n--) {
      const { x } = makePoints({ seed: n, n, dim: 32, topics: 12, spread: 0.1, normalized: true });
      // Behind the last point: zeros, at distance 1 from every unit vector, and bits that look like large products.
      engine.views.x.fill(0);
      engine.views.x.set(x);
      const { panels, matrix } = engine.layout;
      new Int16Array(engine.kernel.memory.buffer, panels, (matrix - panels) / 2).fill(20_000);
      if (!partByPrefix(engine, centreRows(engine, n), 1)) continue;
      splits++;
      const found = new Set(engine.views.parents.subarray(0, n)).size;
      expect(found).toBeGreaterThan(9);
      expect(found).toBeLessThan(15);
    }
    expect(splits).toBeGreaterThan(50);
  });

  test('is left where one component would hold most points', () => {
    const { n, dim, x } = makePoints({ seed: 4, n: 200, dim: 32, topics: 1, spread: 1, normalized: true });
    const engine = createEngine(dim, 8192);
    makeRoom(engine, n);
    engine.views.x.set(x);
    expect(findComponents(engine, centreRows(engine, n), 1.5)).toBe(false);
    expect(findComponents(engine, centreRows(engine, n), 0.3)).toBe(true);
  });
});

describe('trees in two levels', () => {
  test('have the heights of the float64 chain', () => {
    let levels = 0;
    fc.assert(
      fc.property(recipe, (how) => {
        const points = makePoints({ ...how, n: 2 * how.n });
        const { n, dim, x, sizes } = points;
        const engine = createEngine(dim, 8192);
        makeRoom(engine, n);
        engine.views.x.set(x);
        if (mergeInLevels(engine, centreRows(engine, n), new Int32Array(n), sizes)) levels++;
        const clusterer = createClusterer(dim);
        clusterer.vectors(n).set(x);
        const { heights } = clusterer.tree(n, sizes);
        const exact = ward(x, points).heights;
        const slack = 1e-13 * exact[n - 2];
        for (let i = 0; i < n - 1; i++) {
          expect(Math.abs(heights[i] - exact[i])).toBeLessThanOrEqual(1e-4 * exact[i] + slack);
        }
      }),
      { numRuns: 60, seed: 20201103 },
    );
    expect(levels).toBeGreaterThan(15);
  });

  test('children come before parents, and below them', () => {
    const { n, dim, x } = makePoints({ seed: 3, n: 400, dim: 64, topics: 25, spread: 0.4, normalized: true });
    const engine = createEngine(dim, 8192);
    makeRoom(engine, n);
    engine.views.x.set(x);
    expect(mergeInLevels(engine, centreRows(engine, n), new Int32Array(n))).toBe(true);
    const { a, b, heights } = engine.views;
    const reached = new Float64Array(n);
    const gone = new Set<number>();
    for (let m = 0; m < n - 1; m++) {
      expect(a[m]).toBeLessThan(b[m]);
      expect(gone.has(a[m]) || gone.has(b[m])).toBe(false);
      gone.add(b[m]);
      expect(heights[m]).toBeGreaterThanOrEqual(Math.max(reached[a[m]], reached[b[m]]));
      reached[a[m]] = heights[m];
    }
  });
});
