import { expect, test } from 'vitest';
import { type Clusterer, createClusterer } from '../../src/cluster/clusterer.js';
import { allocateVectors, claimWorkspace, createGather } from '../../src/math/vectors.js';
import { makePoints } from './points.js';

const dim = 64;
const items = 3000;

function matrix(): Float32Array {
  const { x } = makePoints({ seed: 5, n: items, dim, topics: 200, spread: 0.4, normalized: true });
  const vectors = allocateVectors(items, dim);
  vectors.set(x);
  return vectors;
}

/** Rows 7, 14, 21, … of the catalog, n of them, with `each` actions a row. */
function run(clusterer: Clusterer, vectors: Float32Array, n: number, each: number) {
  const rowOfItem = Int32Array.from({ length: items }, (_, i) => (7 * i) % items);
  createGather(vectors, dim)(
    clusterer.vectors(n),
    Uint32Array.from({ length: n }, (_, i) => i),
    rowOfItem,
  );
  const actions = {
    actionOffsets: Uint32Array.from({ length: n + 1 }, (_, i) => i * each),
    times: Float64Array.from({ length: n * each }, (_, i) => i % 977),
    weights: new Float64Array(n * each).fill(1),
  };
  const decay = { asOf: 1000, unit: 100, lambda: 0.1 };
  const found = clusterer.active(n, actions, { alpha: 0.64, sized: false, ...decay });
  return {
    count: found.count,
    labels: found.labels.slice(),
    medoids: found.medoids.slice(),
    decayed: found.decayed.slice(0, n),
    tree: clusterer.tree(n).heights,
  };
}

test('beside the matrix the results are the same, in turns with those that fit there by rows or by actions only', () => {
  const vectors = matrix();
  const before = vectors.slice();
  const [own, beside] = [createClusterer(dim), createClusterer(dim, vectors)];
  const isBeside = (n: number) => beside.vectors(n).buffer === vectors.buffer;
  expect([isBeside(300), isBeside(2500), isBeside(10)]).toEqual([true, false, true]);
  for (const [n, each] of [
    [300, 1],
    [2500, 1],
    [120, 3],
    [100, 6000],
    [5, 1],
    [400, 2],
  ] as const)
    expect(run(beside, vectors, n, each), `${n} × ${each}`).toEqual(run(own, vectors, n, each));
  expect(vectors).toEqual(before);
});

test('a workspace is for one clusterer of a thread, and large rows have none', () => {
  const vectors = matrix();
  expect(claimWorkspace(vectors)).toBeDefined();
  expect(claimWorkspace(vectors)).toBeUndefined();
  expect(createClusterer(dim, vectors).vectors(10).buffer).not.toBe(vectors.buffer);
  expect(claimWorkspace(vectors.slice())).toBeUndefined();
  const wide = allocateVectors(2, 9000);
  expect(createClusterer(9000, wide).vectors(2).buffer).not.toBe(wide.buffer);
});
