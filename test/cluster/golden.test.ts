import { describe, expect, test } from 'vitest';
import { createClusterer } from '../../src/cluster/clusterer.js';
import { cut } from '../../src/cluster/cut.js';
import { medoids, ward } from '../../src/cluster/ward.js';
import { type GoldenCase, goldenCases } from '../golden/cases.js';

/** Σ over all points of the cluster, with multiplicity, of the squared distance to the medoid. */
function medoidSum({ x, dim, sizes }: GoldenCase, labels: ArrayLike<number>, medoid: number): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== labels[medoid]) continue;
    let d = 0;
    for (let k = 0; k < dim; k++) d += (x[i * dim + k] - x[medoid * dim + k]) ** 2;
    sum += (sizes?.[i] ?? 1) * d;
  }
  return sum;
}

function expectOptimal(golden: GoldenCase, labels: Int32Array, found: Int32Array, sums: readonly number[]) {
  expect(found.length).toBe(sums.length);
  for (let c = 0; c < sums.length; c++) {
    expect(labels[found[c]]).toBe(c);
    expect(medoidSum(golden, labels, found[c])).toBeLessThanOrEqual(sums[c] * (1 + 3e-6) + 1e-300);
  }
}

function expectHeights(found: Float64Array, heights: readonly number[], tolerance: number) {
  const slack = 1e-13 * (heights.at(-1) ?? 0);
  expect(found.length).toBe(heights.length);
  for (let i = 0; i < heights.length; i++) {
    expect(Math.abs(found[i] - heights[i])).toBeLessThanOrEqual(tolerance * heights[i] + slack);
  }
}

function kernelTree({ n, dim, x, sizes }: GoldenCase) {
  const clusterer = createClusterer(dim);
  clusterer.vectors(n).set(x);
  return clusterer.tree(n, sizes);
}

describe.each(goldenCases().map((golden) => [golden.name, golden] as const))('%s', (_name, golden) => {
  const { x, heights, flats } = golden;
  const shape = { n: golden.n, dim: golden.dim, ...(golden.sizes && { sizes: golden.sizes }) };

  test('heights are the squares of SciPy', () => {
    expectHeights(ward(x, shape).heights, heights, 1e-9);
    if (x instanceof Float32Array) expectHeights(kernelTree(golden).heights, heights, 3e-5);
  });

  test.each(flats.map((flat) => [flat.alpha, flat] as const))('flat clusters at %d', (alpha, flat) => {
    const partition = cut(ward(x, shape), alpha);
    expect(Array.from(partition.labels)).toEqual(flat.labels);
    expectOptimal(golden, partition.labels, medoids(x, shape, partition), flat.medoidSums);
    if (x instanceof Float64Array) return;
    const clusterer = createClusterer(shape.dim);
    clusterer.vectors(shape.n).set(x);
    const found = clusterer.flat(shape.n, { alpha, ...(shape.sizes && { sizes: shape.sizes }) });
    expect(Array.from(found.labels)).toEqual(flat.labels);
    expectOptimal(golden, found.labels, found.medoids, flat.medoidSums);
  });
});
