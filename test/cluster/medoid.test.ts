import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createClusterer } from '../../src/cluster/clusterer.js';
import { anyPoints } from './points.js';

function flatOf(rows: readonly number[], options: Parameters<ReturnType<typeof createClusterer>['flat']>[1]) {
  const clusterer = createClusterer(1);
  clusterer.vectors(rows.length).set(rows);
  const { labels, medoids } = clusterer.flat(rows.length, options);
  return { labels: Array.from(labels), medoids: Array.from(medoids) };
}

test('the medoid has the least summed squared distance of all members', () => {
  fc.assert(
    fc.property(anyPoints({ maxN: 40, maxDim: 8 }), ({ x, n, dim, sizes }) => {
      const clusterer = createClusterer(dim);
      clusterer.vectors(n).set(x);
      const { count, labels, medoids } = clusterer.flat(n, { alpha: 2, ...(sizes && { sizes }) });
      const sums = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          if (labels[i] !== labels[j]) continue;
          for (let k = 0; k < dim; k++) {
            sums[i] += (sizes?.[j] ?? 1) * (x[i * dim + k] - x[j * dim + k]) ** 2;
          }
        }
      }
      for (let c = 0; c < count; c++) {
        const members = sums.filter((_, i) => labels[i] === c);
        expect(sums[medoids[c]]).toBeLessThanOrEqual(Math.min(...members) * (1 + 3e-6));
      }
    }),
    { seed: 20201103 },
  );
});

test('of two members neither is nearer the mean: more actions, then the later one, then the lower index', () => {
  expect(flatOf([1, 2], { alpha: 5 }).medoids).toEqual([0]);
  expect(flatOf([1, 2], { alpha: 5, counts: [1, 3] }).medoids).toEqual([1]);
  expect(flatOf([1, 2], { alpha: 5, counts: [3, 3], lastTimes: [10, 20] }).medoids).toEqual([1]);
  expect(flatOf([1, 2], { alpha: 5, counts: [3, 2], lastTimes: [10, 20] }).medoids).toEqual([0]);
  expect(flatOf([1, 2], { alpha: 5, sizes: [1, 2] }).medoids).toEqual([1]);
});

test('a nearer member wins over more actions', () => {
  expect(flatOf([0, 1, 2.01], { alpha: 50, counts: [9, 1, 9] }).medoids).toEqual([1]);
});

test('clusters are numbered by first member and every point belongs to one', () => {
  expect(flatOf([5, 0, 5.1, 0.1, 9], { alpha: 0.5 })).toEqual({
    labels: [0, 1, 0, 1, 2],
    medoids: [0, 1, 4],
  });
});
