import type { Dendrogram, Merges } from './dendrogram.js';

/**
 * What: flat clusters at a threshold. A merge is accepted iff its height ≤ alpha; what merges only above stays single.
 * Source: algorithm.md §2 (paper, Algorithm 1, last step).
 * Convention: squared heights. Labels number clusters by first member.
 * Shapes: `mergeCount` merges, children before parents, heights never falling from child to parent; `labels` has room for n.
 * Time and memory: O(n), no allocation. Returns the number of clusters.
 * Checked by: test/cluster/golden.test.ts (SciPy's fcluster), test/cluster/ward.test.ts.
 */
export function cutInto(
  labels: Int32Array,
  merges: Merges,
  n: number,
  alpha: number,
  mergeCount: number = n - 1,
): number {
  // A merge names its clusters by first member, so labels[b] = a links every cluster to an earlier point.
  for (let i = 0; i < n; i++) labels[i] = -1;
  for (let m = 0; m < mergeCount; m++) {
    if (merges.heights[m] <= alpha) labels[merges.b[m]] = merges.a[m];
  }
  let count = 0;
  for (let i = 0; i < n; i++) labels[i] = labels[i] < 0 ? count++ : labels[labels[i]];
  return count;
}

/** Which cluster every point is in; clusters are numbered 0 … count − 1 by first member. */
export interface Partition {
  readonly count: number;
  readonly labels: Int32Array;
}

/** The flat clusters of a dendrogram at `alpha`, a squared height. */
export function cut(dendrogram: Dendrogram, alpha: number): Partition {
  const labels = new Int32Array(dendrogram.n);
  return { count: cutInto(labels, dendrogram, dendrogram.n, alpha), labels };
}
