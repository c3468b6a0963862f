import { expect, test } from 'vitest';
import { kmeans } from '../../src/cluster/kmeans.js';
import { createRng } from '../../src/math/rng.js';
import { makePoints } from './points.js';

test('finds well separated topics, whatever the seed', () => {
  const { x, n, dim } = makePoints({ seed: 5, n: 90, dim: 16, topics: 5, spread: 0.01 });
  const truth = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => Math.abs(x[i * dim] - x[j * dim]) < 0.1).indexOf(true),
  );
  for (const seed of [1, 2, 3]) {
    const { count, labels } = kmeans(x, { n, dim, k: 5 }, createRng(seed));
    expect(count).toBe(new Set(truth).size);
    for (let i = 0; i < n; i++) expect(labels[i] === labels[truth[i]]).toBe(true);
  }
});

test('ends where every point is with its nearest mean', () => {
  const { x, n, dim } = makePoints({ seed: 9, n: 120, dim: 4, topics: 1, spread: 1 });
  const { count, labels } = kmeans(x, { n, dim, k: 7 }, createRng(1));
  expect(count).toBe(7);
  const means = Array.from({ length: count }, (_, c) => {
    const members = Array.from({ length: n }, (_, i) => i).filter((i) => labels[i] === c);
    return Array.from(
      { length: dim },
      (_, k) => members.reduce((s, i) => s + x[i * dim + k], 0) / members.length,
    );
  });
  for (let i = 0; i < n; i++) {
    const d = means.map((mean) => mean.reduce((s, m, k) => s + (x[i * dim + k] - m) ** 2, 0));
    expect(d[labels[i]]).toBeLessThanOrEqual(Math.min(...d) * (1 + 1e-12));
  }
});

test('the same seed gives the same clusters; fewer distinct points give fewer clusters', () => {
  const { x, n, dim } = makePoints({ seed: 2, n: 50, dim: 3, topics: 3, spread: 1 });
  expect(kmeans(x, { n, dim, k: 5 }, createRng(8))).toEqual(kmeans(x, { n, dim, k: 5 }, createRng(8)));
  expect(kmeans(Float32Array.of(1, 1, 2, 2), { n: 4, dim: 1, k: 3 }, createRng(1))).toEqual({
    count: 2,
    labels: Int32Array.of(0, 0, 1, 1),
  });
  expect(kmeans(new Float32Array(0), { n: 0, dim: 1, k: 3 }, createRng(1)).count).toBe(0);
  expect(() => kmeans(x, { n, dim, k: 0 }, createRng(1))).toThrow('k: got 0');
});
