import { chainInto, createChainScratch } from './chain.js';
import { checkNumbers, checkShape, checkSizes } from './check.js';
import type { Partition } from './cut.js';
import { createMerges, type Dendrogram, toDendrogram } from './dendrogram.js';
import { pairwiseInto } from './distances.js';
import { completeLinkage, type Linkage, wardLinkage } from './linkage.js';
import { createMedoidScratch, medoidsInto } from './medoid.js';

export interface WardOptions {
  /** Number of points. */
  readonly n: number;
  /** Numbers per point. */
  readonly dim: number;
  /** Size of every point, an integer ≥ 1; all 1 by default. */
  readonly sizes?: ArrayLike<number>;
}

/**
 * The whole Ward dendrogram of n × dim numbers, row by row. Heights are squared: `cut(ward(x, shape), alpha)` is SciPy's
 * `fcluster(linkage(x, 'ward'), sqrt(alpha), 'distance')`.
 * Computed in float64 from direct differences, so that near-ties fall as they do in SciPy; `Clusterer.tree` is the same
 * in float32, many times faster.
 * Throws `option-invalid` on a wrong shape or size and `vector-invalid` where a number is not finite or beyond ±1e145.
 * Time O(n² dim), memory O(n²).
 */
export function ward(x: Float32Array | Float64Array, options: WardOptions): Dendrogram {
  return agglomerate(x, options, wardLinkage);
}

/** Complete linkage on squared distances: the height of a merge is that of its farthest pair. Same cut, same labels. */
export function complete(x: Float32Array | Float64Array, options: Omit<WardOptions, 'sizes'>): Dendrogram {
  return agglomerate(x, { n: options.n, dim: options.dim }, completeLinkage);
}

function agglomerate(x: Float32Array | Float64Array, options: WardOptions, linkage: Linkage): Dendrogram {
  const { n, sizes } = options;
  checkShape(x.length, options);
  checkSizes(sizes, n);
  checkNumbers(x, options);
  const distances = new Float64Array((n * Math.max(0, n - 1)) / 2);
  pairwiseInto(distances, x, options, sizes);
  return chained(distances, n, sizes, linkage);
}

/** Complete linkage of given squared distances, the condensed upper triangle row by row, which is overwritten. */
export function completeOf(distances: Float64Array, n: number): Dendrogram {
  return chained(distances, n, undefined, completeLinkage);
}

function chained(
  distances: Float64Array,
  n: number,
  sizes: ArrayLike<number> | undefined,
  linkage: Linkage,
): Dendrogram {
  const weights = Float64Array.from({ length: n }, (_, i) => sizes?.[i] ?? 1);
  const merges = createMerges(n);
  chainInto(merges, distances, weights, n, linkage, createChainScratch(n));
  return toDendrogram(merges, n);
}

/** The medoid of every cluster of `labels` (0 … count − 1), by index; ties go to the lower index. */
export function medoids(x: Float32Array | Float64Array, options: WardOptions, flat: Partition): Int32Array {
  checkShape(x.length, options);
  const found = new Int32Array(flat.count);
  medoidsInto(found, x, options, flat, options, createMedoidScratch(options.n, options.dim));
  return found;
}
