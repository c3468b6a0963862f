/**
 * The merges of one agglomerative clustering, by rising height.
 *
 * Convention: heights are squared (method.md §2: the square of SciPy's). A cluster is named by its first member, the
 * lowest index in it; merge i joins clusters `a[i]` < `b[i]` into `a[i]`. Children come before their parents.
 */
export interface Dendrogram {
  /** Points; there are n − 1 merges. */
  readonly n: number;
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** Squared merge heights, ascending. */
  readonly heights: Float64Array;
}

/** Merges as a chain yields them: children before parents, heights in no order. */
export interface Merges {
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly heights: Float64Array;
}

export function createMerges(n: number): Merges {
  const count = Math.max(0, n - 1);
  return { a: new Int32Array(count), b: new Int32Array(count), heights: new Float64Array(count) };
}

/** Orders the first n − 1 merges by height; equal heights keep their order, so children stay before parents. */
export function toDendrogram(merges: Merges, n: number): Dendrogram {
  const count = Math.max(0, n - 1);
  const order = Array.from({ length: count }, (_, i) => i);
  order.sort((p, q) => merges.heights[p] - merges.heights[q] || p - q);
  const sorted = createMerges(n);
  for (let i = 0; i < count; i++) {
    sorted.a[i] = merges.a[order[i]];
    sorted.b[i] = merges.b[order[i]];
    sorted.heights[i] = merges.heights[order[i]];
  }
  return { n, ...sorted };
}
