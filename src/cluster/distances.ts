/**
 * What: squared Euclidean distances of all pairs, by direct differences in float64: no cancellation, whatever the
 * offset of the data.
 * Source: algorithm.md §2; for points with sizes, d_ij = 2 wi wj / (wi + wj) ‖xi − xj‖².
 * Convention: condensed, pair (i < j) at `condensedBase(n, i) + j`.
 * Shapes: x is n × dim, row by row; sizes, where given, n numbers ≥ 1; out has n (n − 1) / 2.
 * Time and memory: O(n² dim), no allocation.
 */
export function pairwiseInto(
  out: Float64Array,
  x: Float32Array | Float64Array,
  shape: { readonly n: number; readonly dim: number },
  sizes?: ArrayLike<number>,
): void {
  const { n, dim } = shape;
  let at = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const d = squaredDistance(x, i * dim, x, j * dim, dim);
      out[at++] = sizes === undefined ? d : ((2 * sizes[i] * sizes[j]) / (sizes[i] + sizes[j])) * d;
    }
  }
}

/** Where row i of a condensed matrix would have its column 0. */
export function condensedBase(n: number, i: number): number {
  return (i * (2 * n - i - 1)) / 2 - i - 1;
}

export function squaredDistance(
  x: Float32Array | Float64Array,
  xAt: number,
  y: Float32Array | Float64Array,
  yAt: number,
  dim: number,
): number {
  let even = 0;
  let odd = 0;
  let k = 0;
  for (; k + 1 < dim; k += 2) {
    const p = x[xAt + k] - y[yAt + k];
    const q = x[xAt + k + 1] - y[yAt + k + 1];
    even += p * p;
    odd += q * q;
  }
  const last = k < dim ? x[xAt + k] - y[yAt + k] : 0;
  return even + odd + last * last;
}
