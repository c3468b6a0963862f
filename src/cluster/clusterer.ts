import { claimWorkspace } from '../math/vectors.js';
import type { Partition } from './cut.js';
import type { Dendrogram } from './dendrogram.js';
import { createKernelClusterer } from './kernel-clusterer.js';

/** What weighs points and decides between equally central members of a cluster. */
export interface PointOptions {
  /** Size of every point, an integer ≥ 1; all 1 by default. */
  readonly sizes?: ArrayLike<number>;
  /** Tie-break between equally central members: more actions win. */
  readonly counts?: ArrayLike<number>;
  /** Tie-break after `counts`: the later action (epoch milliseconds) wins; then the lower index. */
  readonly lastTimes?: ArrayLike<number>;
}

/** How the points of one user are cut into clusters. */
export interface FlatOptions extends PointOptions {
  /** Merge threshold: a squared height > 0 (algorithm.md §2). */
  readonly alpha: number;
  /** Cluster all points at once instead of by components: same clusters; speed only. Off by default. */
  readonly whole?: boolean;
}

/** Views of the clusterer's own memory: read or copy them before its next call. */
export interface FlatClusters extends Partition {
  /** Point that is the medoid of every cluster. */
  readonly medoids: Int32Array;
  /** Points cluster by cluster, in rising order: cluster c is order[starts[c]] … order[starts[c + 1] − 1]. */
  readonly order: Int32Array;
  readonly starts: Int32Array;
}

/** The actions behind the points: those of point i are actionOffsets[i] … actionOffsets[i + 1] − 1. */
export interface PointActions {
  readonly actionOffsets: Uint32Array;
  readonly times: Float64Array;
  readonly weights: Float64Array;
}

/** How points with actions are clustered and weighed. */
export interface ActiveOptions {
  /** Merge threshold: a squared height > 0. */
  readonly alpha: number;
  /** Whether a point's size is the number of its actions; 1 otherwise. */
  readonly sized: boolean;
  /** Ages are counted to here, 0 at least, in the unit of the times. */
  readonly asOf: number;
  /** What lambda is per, in the unit of the times. */
  readonly unit: number;
  /** Decay ≥ 0. */
  readonly lambda: number;
}

/** Flat clusters, and what the actions behind each point come to. */
export interface ActiveClusters extends FlatClusters {
  readonly counts: Uint32Array;
  /** Time of the last action. */
  readonly lastTimes: Float64Array;
  /** Σ weight · e^(−lambda · age / unit). */
  readonly decayed: Float64Array;
}

/**
 * Ward's method for millions of small runs: one clusterer per thread owns all memory and allocates only when a run is
 * larger than every run before it.
 *
 * ```ts
 * const clusterer = createClusterer(256);
 * const x = clusterer.vectors(n); // fill rows 0 … n − 1
 * const { count, labels, medoids } = clusterer.flat(n, { alpha: 0.64 });
 * ```
 */
export interface Clusterer {
  readonly dim: number;
  /** Room for n rows of `dim` numbers, to be filled by the caller. Valid until the next call of `vectors` or `active`. */
  vectors(n: number): Float32Array;
  /**
   * Flat clusters and medoids of the first n rows of `vectors`, which are left as they were.
   * Throws `option-invalid` on alpha ≤ 0 and `vector-invalid` where a row is not finite.
   */
  flat(n: number, options: FlatOptions): FlatClusters;
  /**
   * The same for points with actions, whose number and last time decide between equally central members. A user in one
   * call that allocates nothing but the object it returns. Throws as `flat` does.
   */
  active(n: number, actions: PointActions, options: ActiveOptions): ActiveClusters;
  /** The whole dendrogram of the first n rows of `vectors`. Throws as `flat` does. */
  tree(n: number, sizes?: ArrayLike<number>): Dendrogram;
}

/**
 * The clusterer for vectors of `dim` numbers, normalised or not. `beside` is the matrix that its rows will be gathered from: if
 * that is one of `allocateVectors`, the first clusterer of a thread works next to it, and rows are copied once instead of
 * twice.
 */
export function createClusterer(dim: number, beside?: Float32Array): Clusterer {
  return createKernelClusterer(dim, undefined, beside && claimWorkspace(beside));
}
