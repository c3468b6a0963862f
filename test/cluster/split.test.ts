import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Clusterer, createClusterer, type FlatOptions } from '../../src/cluster/clusterer.js';
import { squaredDistance } from '../../src/cluster/distances.js';
import { centreRows, createEngine, makeRoom } from '../../src/cluster/engine.js';
import { findComponents } from '../../src/cluster/filter.js';
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

  test('never puts two points within alpha into two components', () => {
    let splits = 0;
    fc.assert(
      fc.property(recipe, fc.constantFrom(0.05, 0.3, 0.64, 0.9), (how, share) => {
        const { n, dim, x } = makePoints({ ...how, dim: Math.max(how.dim, 16) });
        const engine = createEngine(dim, 8192);
        makeRoom(engine, n);
        engine.views.x.set(x);
        const centred = centreRows(engine, n);
        const alpha = share * centred.largest;
        if (!findComponents(engine, centred, alpha)) return;
        splits++;
        const { parents } = engine.views;
        for (let i = 0; i < n; i++) {
          expect(parents[i]).toBeLessThanOrEqual(i);
          for (let j = 0; j < i; j++) {
            if (squaredDistance(x, i * dim, x, j * dim, dim) <= alpha) expect(parents[i]).toBe(parents[j]);
          }
        }
      }),
      { numRuns: 60, seed: 20201103 },
    );
    expect(splits).toBeGreaterThan(20);
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
