/**
 * The merges of one agglomerative clustering, by rising height.
 *
 * Convention: heights are squared (algorithm.md §2: the square of SciPy's). A cluster is named by its first member, the
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
  const order = orderOf(merges.heights, count);
  const sorted = createMerges(n);
  for (let i = 0; i < count; i++) {
    sorted.a[i] = merges.a[order[i]];
    sorted.b[i] = merges.b[order[i]];
    sorted.heights[i] = merges.heights[order[i]];
  }
  return { n, ...sorted };
}

/** The places of the first `count` values by rising value, equal ones in their order: a merge sort from runs of one. */
function orderOf(values: Float64Array, count: number): Int32Array {
  let from = new Int32Array(count);
  let to = new Int32Array(count);
  for (let i = 0; i < count; i++) from[i] = i;
  for (let width = 1; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      const middle = Math.min(start + width, count);
      const end = Math.min(start + 2 * width, count);
      let p = start;
      let q = middle;
      for (let i = start; i < end; i++) {
        const left = q === end || (p < middle && values[from[p]] <= values[from[q]]);
        to[i] = left ? from[p++] : from[q++];
      }
    }
    [from, to] = [to, from];
  }
  return from;
}
