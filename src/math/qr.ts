/**
 * Orthonormal basis of the columns of a tall matrix, in place.
 *
 * What: Y = Q · Lᵀ with QᵀQ = I; Y is overwritten by Q, L is returned (lower triangular).
 * Source: CholeskyQR2, Yamamoto, Nakatsukasa, Yanagisawa, Fukaya 2015, doi:10.1553/etna_vol44s306: a Cholesky factor
 *   of the Gram matrix, applied twice because once is orthogonal only to ε·cond(Y)².
 * Convention: a column that lies in the span of those before it (squared residual ≤ 1e-11 of its squared length)
 *   becomes a zero column of Q; L keeps its coordinates. Column order is kept, there is no pivoting.
 * Shapes and units: y is rows × k, row-major; L is k × k, row-major.
 * Preconditions and errors: finite numbers; rows may be fewer than k. No error is thrown.
 * Time and memory: O(rows · k²), k² numbers besides y.
 * Departures: the threshold above stands for the paper's assumption of full rank.
 * Checked by: test/math/svd.test.ts (orthonormality, reconstruction, dependent columns).
 */
export function orthonormalize(y: Float64Array, rows: number, k: number): Float64Array {
  const first = roughlyOrthonormalize(y, rows, k);
  const second = roughlyOrthonormalize(y, rows, k);
  return lowerProduct(first, second, k);
}

/** The first of the two passes: half the time, orthogonal to about 1e-5 at worst. Enough between power iterations. */
export function roughlyOrthonormalize(y: Float64Array, rows: number, k: number): Float64Array {
  const l = choleskyOfGram(y, rows, k);
  solveRows(y, rows, k, l);
  return l;
}

const dependent = 1e-11;

/** L with L·Lᵀ = YᵀY; the diagonal is 0 where the column depends on earlier ones. */
function choleskyOfGram(y: Float64Array, rows: number, k: number): Float64Array {
  const l = new Float64Array(k * k);
  const whole = rows - (rows % 4);
  for (let row = 0; row < whole; row += 4) addFourOuter(y, row * k, k, l);
  for (let row = whole; row < rows; row++) addOuter(y, row * k, k, l);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < i; j++) {
      const pivot = l[j * k + j];
      l[i * k + j] = pivot === 0 ? 0 : (l[i * k + j] - dot(l, i * k, l, j * k, j)) / pivot;
    }
    const length = l[i * k + i];
    const residual = length - dot(l, i * k, l, i * k, i);
    l[i * k + i] = residual > dependent * length ? Math.sqrt(residual) : 0;
  }
  return l;
}

/** l += yᵀy (lower half) for one row at offset `at`. */
function addOuter(y: Float64Array, at: number, k: number, l: Float64Array): void {
  for (let i = 0; i < k; i++) {
    const yi = y[at + i];
    for (let j = 0; j <= i; j++) l[i * k + j] += yi * y[at + j];
  }
}

/** The same for four rows at once: speed only. */
function addFourOuter(y: Float64Array, a: number, k: number, l: Float64Array): void {
  const [b, c, d] = [a + k, a + 2 * k, a + 3 * k];
  for (let i = 0; i < k; i++) {
    const [ai, bi, ci, di] = [y[a + i], y[b + i], y[c + i], y[d + i]];
    for (let j = 0; j <= i; j++) {
      l[i * k + j] += ai * y[a + j] + bi * y[b + j] + ci * y[c + j] + di * y[d + j];
    }
  }
}

/** Every row y becomes the q with L·q = y (0 where the diagonal is 0). */
function solveRows(y: Float64Array, rows: number, k: number, l: Float64Array): void {
  const whole = rows - (rows % 4);
  for (let row = 0; row < whole; row += 4) solveFour(y, row * k, k, l);
  for (let row = whole; row < rows; row++) solveOne(y, row * k, k, l);
}

function solveOne(y: Float64Array, at: number, k: number, l: Float64Array): void {
  for (let i = 0; i < k; i++) {
    const pivot = l[i * k + i];
    y[at + i] = pivot === 0 ? 0 : (y[at + i] - dot(l, i * k, y, at, i)) / pivot;
  }
}

/** The same for four rows at once: speed only. */
function solveFour(y: Float64Array, a: number, k: number, l: Float64Array): void {
  const [b, c, d] = [a + k, a + 2 * k, a + 3 * k];
  for (let i = 0; i < k; i++) {
    let [ai, bi, ci, di] = [y[a + i], y[b + i], y[c + i], y[d + i]];
    for (let j = 0; j < i; j++) {
      const factor = l[i * k + j];
      ai -= factor * y[a + j];
      bi -= factor * y[b + j];
      ci -= factor * y[c + j];
      di -= factor * y[d + j];
    }
    const pivot = l[i * k + i];
    const scale = pivot === 0 ? 0 : 1 / pivot;
    y[a + i] = ai * scale;
    y[b + i] = bi * scale;
    y[c + i] = ci * scale;
    y[d + i] = di * scale;
  }
}

function lowerProduct(a: Float64Array, b: Float64Array, k: number): Float64Array {
  const out = new Float64Array(k * k);
  for (let i = 0; i < k; i++) {
    for (let p = 0; p <= i; p++) {
      const value = a[i * k + p];
      if (value === 0) continue;
      for (let j = 0; j <= p; j++) out[i * k + j] += value * b[p * k + j];
    }
  }
  return out;
}

/** Σ a[ai + p] · b[bi + p] for p < length. */
export function dot(a: Float64Array, ai: number, b: Float64Array, bi: number, length: number): number {
  let sum = 0;
  for (let p = 0; p < length; p++) sum += a[ai + p] * b[bi + p];
  return sum;
}
