import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createClusterer } from '../../src/cluster/clusterer.js';
import { createRng } from '../../src/math/rng.js';
import { anyPoints, makePoints } from './points.js';

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

test('in components the medoids are those of all points at once', () => {
  for (let seed = 0; seed < 40; seed++) {
    const { n, dim, x } = makePoints({ seed, n: 300, dim: 64, topics: 20, spread: 0.4, normalized: true });
    const clusterer = createClusterer(dim);
    clusterer.vectors(n).set(x);
    const parts = clusterer.flat(n, { alpha: 0.64 }).medoids.slice();
    expect(parts).toEqual(clusterer.flat(n, { alpha: 0.64, whole: true }).medoids);
  }
});

test('members that are equally central leave it to their actions, however their distances are rounded', () => {
  // Topics of six points: a centre, and a step there and back along three directions.
  const [topics, dim] = [20, 768];
  const rng = createRng(7);
  const normals = () => Float64Array.from({ length: dim }, () => rng.normal());
  const x = new Float32Array(6 * topics * dim);
  const lastTimes = new Float64Array(6 * topics);
  const latest: number[] = [];
  for (let topic = 0; topic < topics; topic++) {
    const centre = normals();
    for (let i = 0; i < 6; i += 2) {
      const step = normals();
      const length = Math.hypot(...step);
      for (let k = 0; k < dim; k++) {
        x[(6 * topic + i) * dim + k] = centre[k] + (5 * step[k]) / length;
        x[(6 * topic + i + 1) * dim + k] = centre[k] - (5 * step[k]) / length;
      }
    }
    latest.push(6 * topic + rng.below(6));
    lastTimes[latest[topic]] = 1;
  }
  const clusterer = createClusterer(dim);
  clusterer.vectors(6 * topics).set(x);
  const { medoids } = clusterer.flat(6 * topics, { alpha: 600, lastTimes });
  expect(Array.from(medoids)).toEqual(latest);
});

test('clusters are numbered by first member and every point belongs to one', () => {
  expect(flatOf([5, 0, 5.1, 0.1, 9], { alpha: 0.5 })).toEqual({
    labels: [0, 1, 0, 1, 2],
    medoids: [0, 1, 4],
  });
});
