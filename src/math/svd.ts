import { dot, orthonormalize, roughlyOrthonormalize } from './qr.js';
import { createRng } from './rng.js';
import { type CsrMatrix, multiply, transpose } from './sparse.js';

export interface TruncatedSvdOptions {
  /** Singular values wanted, ≥ 1. Fewer come back where the matrix has a lower rank. */
  readonly rank: number;
  /** Seed of the random test matrix, a safe integer ≥ 0. */
  readonly seed: number;
  /** Columns of the test matrix beyond `rank`, ≥ 0, default 10. More is more exact and slower. */
  readonly oversampling?: number;
  /** Power iterations, ≥ 0, default 2. More separates close singular values better; each costs two products. */
  readonly powerIterations?: number;
  /** Called after each product with the sparse matrix. */
  readonly onStep?: (done: number, total: number) => void;
}

export interface TruncatedSvd {
  /** Singular values found: min(rank, numerical rank of the matrix). */
  readonly rank: number;
  /** Left singular vectors, rows × rank, row-major. */
  readonly u: Float64Array;
  /** Descending, > 0. */
  readonly singularValues: Float64Array;
}

/** A singular value below this share of the largest is taken for zero. */
const negligible = 1e-6;

/**
 * What: the leading left singular vectors and singular values of a sparse matrix.
 * Source: Halko, Martinsson, Tropp 2011, doi:10.1137/090771806, algorithms 4.4 (randomised subspace iteration,
 *   orthonormalised after every product) and 5.1 (SVD of the small matrix).
 * Convention: descending; of each left vector the entry of largest magnitude (the first of equals) is positive.
 * Shapes and units: u is rows × rank, row-major.
 * Preconditions and errors: finite values; options are the caller's to check. A zero matrix has rank 0.
 * Time and memory: O((q + 1)(nnz · k + (rows + cols) · k²)) with k = rank + oversampling; (rows + cols) · k float64 and the transpose.
 * Departures: the small matrix is the triangular factor of AᵀQ, decomposed by one-sided Jacobi.
 * Checked by: test/math/svd.test.ts (golden values of a dense LAPACK SVD, orthogonality, determinism).
 */
export function truncatedSvd(a: CsrMatrix, options: TruncatedSvdOptions): TruncatedSvd {
  const { rank, seed, oversampling = 10, powerIterations = 2, onStep } = options;
  const k = Math.min(rank + oversampling, a.rows, a.cols);
  const steps = 2 * powerIterations + 2;
  let done = 0;
  const step = (): void => onStep?.(++done, steps);

  const transposed = transpose(a);
  const narrow = gaussian(a.cols * k, seed);
  const q = new Float64Array(a.rows * k);
  multiply(a, narrow, k, q);
  step();
  for (let i = 0; i < powerIterations; i++) {
    roughlyOrthonormalize(q, a.rows, k);
    multiply(transposed, q, k, narrow);
    step();
    roughlyOrthonormalize(narrow, a.cols, k);
    multiply(a, narrow, k, q);
    step();
  }
  orthonormalize(q, a.rows, k);
  // A ≈ Q·QᵀA, and AᵀQ = P·Lᵀ gives A ≈ Q·L·Pᵀ: the SVD of the small L is all that is missing.
  multiply(transposed, q, k, narrow);
  const l = orthonormalize(narrow, a.cols, k);
  step();
  const small = leftSingular(l, k);
  let found = 0;
  while (found < Math.min(rank, k) && small.values[found] > negligible * small.values[0]) found++;
  const u = rotated(q, a.rows, k, small.vectors, found);
  fixSigns(u, a.rows, found);
  return { rank: found, u, singularValues: small.values.slice(0, found) };
}

function gaussian(length: number, seed: number): Float64Array {
  const rng = createRng(seed);
  const out = new Float64Array(length);
  for (let i = 0; i < length; i++) out[i] = rng.normal();
  return out;
}

/** Left singular vectors (as rows, descending) and values of a small k × k matrix: one-sided Jacobi (Hestenes). */
export function leftSingular(m: Float64Array, k: number): { vectors: Float64Array; values: Float64Array } {
  const columns = new Float64Array(k * k);
  for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) columns[j * k + i] = m[i * k + j];
  const maxSweeps = 60;
  for (let sweep = 0; sweep < maxSweeps && jacobiSweep(columns, k); sweep++);
  const norms = Float64Array.from({ length: k }, (_, i) => Math.sqrt(dot(columns, i * k, columns, i * k, k)));
  const order = Array.from(norms.keys()).sort((i, j) => norms[j] - norms[i] || i - j);
  const vectors = new Float64Array(k * k);
  const values = Float64Array.from(order, (i) => norms[i]);
  order.forEach((from, to) => {
    if (norms[from] === 0) return;
    for (let p = 0; p < k; p++) vectors[to * k + p] = columns[from * k + p] / norms[from];
  });
  return { vectors, values };
}

/** Makes every pair of rows of `x` orthogonal once, in cyclic order; false when all already were. */
function jacobiSweep(x: Float64Array, k: number): boolean {
  let rotatedAny = false;
  for (let i = 0; i < k - 1; i++) {
    for (let j = i + 1; j < k; j++) {
      const cross = dot(x, i * k, x, j * k, k);
      const normI = dot(x, i * k, x, i * k, k);
      const normJ = dot(x, j * k, x, j * k, k);
      if (cross * cross <= 1e-26 * normI * normJ) continue;
      rotatedAny = true;
      const zeta = (normJ - normI) / (2 * cross);
      const t = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
      const c = 1 / Math.sqrt(1 + t * t);
      rotate(x, i * k, j * k, k, c, c * t);
    }
  }
  return rotatedAny;
}

function rotate(x: Float64Array, i: number, j: number, k: number, c: number, s: number): void {
  for (let p = 0; p < k; p++) {
    const a = x[i + p];
    const b = x[j + p];
    x[i + p] = c * a - s * b;
    x[j + p] = s * a + c * b;
  }
}

/** out (rows × count) = Q (rows × k) · Wᵀ, with the first `count` rows of W. */
function rotated(q: Float64Array, rows: number, k: number, w: Float64Array, count: number): Float64Array {
  const out = new Float64Array(rows * count);
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < count; j++) out[row * count + j] = dot(q, row * k, w, j * k, k);
  }
  return out;
}

function fixSigns(u: Float64Array, rows: number, count: number): void {
  for (let j = 0; j < count; j++) {
    let largest = 0;
    for (let row = 0; row < rows; row++) {
      const value = u[row * count + j];
      if (Math.abs(value) > Math.abs(largest)) largest = value;
    }
    if (largest >= 0) continue;
    for (let row = 0; row < rows; row++) u[row * count + j] = -u[row * count + j];
  }
}
