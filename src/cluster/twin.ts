import { createMerges, type Dendrogram } from './dendrogram.js';
import { squaredDistance } from './distances.js';

/**
 * What: the plain twin of every Ward here, and the oracle of their tests: at each step join the two clusters whose
 * union costs least, each cluster held as (mean, size).
 * Source: algorithm.md §2, d = 2 ni nj / (ni + nj) ‖μi − μj‖² (no Lance-Williams, no chain).
 * Convention: squared heights. Ties: the pair with the smallest first members.
 * Time and memory: O(n³ + n² dim), O(n²). For tests and the benchmark.
 */
export function wardTwin(
  x: Float32Array | Float64Array,
  shape: { readonly n: number; readonly dim: number },
  sizes?: ArrayLike<number>,
): Dendrogram {
  const { n, dim } = shape;
  const means = Float64Array.from(x.subarray(0, n * dim));
  const weights = Float64Array.from({ length: n }, (_, i) => sizes?.[i] ?? 1);
  const live = Array.from({ length: n }, (_, i) => i);
  const between = (i: number, j: number): number =>
    ((2 * weights[i] * weights[j]) / (weights[i] + weights[j])) *
    squaredDistance(means, i * dim, means, j * dim, dim);
  const costs = live.map((i) => live.map((j) => between(i, j)));
  const merges = createMerges(n);
  for (let m = 0; m < n - 1; m++) {
    const [i, j] = cheapest(costs, live);
    merges.a[m] = i;
    merges.b[m] = j;
    merges.heights[m] = costs[i][j];
    const total = weights[i] + weights[j];
    for (let k = 0; k < dim; k++) {
      const [p, q] = [means[i * dim + k], means[j * dim + k]];
      means[i * dim + k] = p + (weights[j] / total) * (q - p);
    }
    weights[i] = total;
    live.splice(live.indexOf(j), 1);
    for (const k of live) costs[i][k] = costs[k][i] = between(i, k);
  }
  return { n, ...merges };
}

function cheapest(costs: readonly number[][], live: readonly number[]): [number, number] {
  let best: [number, number] = [live[0], live[1]];
  for (let p = 0; p < live.length; p++) {
    for (let q = p + 1; q < live.length; q++) {
      if (costs[live[p]][live[q]] < costs[best[0]][best[1]]) best = [live[p], live[q]];
    }
  }
  return best;
}
