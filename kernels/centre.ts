// Centres rows: any common shift leaves distances as they are; the mean keeps float32's digits for what differs between
// rows. Everything but differences of close rows is computed from centred rows, or from the rows as they are where their
// mean is so near 0 that it makes no difference.
//
// Shapes: x is n × dim, row by row; `mean` and the rows of z are padded with zeros to `depth`, a multiple of 32.
// Convention: a squared norm is summed as `few` and `tile` sum inner products, so a row's distance to itself is 0.
import { total } from './distances';

/**
 * mean = scale · Σ x / n, and, where dim is a multiple of 4, the squared norm of each of the rows, times scale². False where a
 * sum is not finite.
 */
export function centre(x: usize, n: i32, dim: i32, scale: f32, mean: usize, depth: i32, norms: usize): bool {
  memory.fill(mean, 0, <usize>depth << 2);
  const row = <usize>dim << 2;
  let i = 0;
  for (; i + 3 < n; i += 4, x += row << 2, norms += 16) sumRows(x, 4, row, scale, mean, norms);
  for (; i < n; i++, x += row, norms += 4) sumRows(x, 1, row, scale, mean, norms);
  let finite: f32 = 0;
  for (let k: usize = 0; k < row; k += 4) {
    finite += load<f32>(mean + k) * 0;
    store<f32>(mean + k, load<f32>(mean + k) / <f32>n);
  }
  return finite == 0;
}

/** Adds `count` rows, 1 or 4, to the sums. */
@inline function sumRows(x: usize, count: i32, row: usize, scale: f32, sums: usize, norms: usize): void {
  const s = f32x4.splat(scale);
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let k: usize = 0;
  for (const vectors = row & ~15; k < vectors; k += 16) {
    let sum = f32x4.mul(v128.load(x + k), s);
    s0 = f32x4.add(s0, f32x4.mul(sum, sum));
    if (count == 4) {
      const b = f32x4.mul(v128.load(x + row + k), s), c = f32x4.mul(v128.load(x + 2 * row + k), s);
      const d = f32x4.mul(v128.load(x + 3 * row + k), s);
      s1 = f32x4.add(s1, f32x4.mul(b, b)), s2 = f32x4.add(s2, f32x4.mul(c, c)), s3 = f32x4.add(s3, f32x4.mul(d, d));
      sum = f32x4.add(f32x4.add(sum, b), f32x4.add(c, d));
    }
    v128.store(sums + k, f32x4.add(v128.load(sums + k), sum));
  }
  store<f32>(norms, total(s0));
  if (count == 4) store<f32>(norms, total(s1), 4), store<f32>(norms, total(s2), 8), store<f32>(norms, total(s3), 12);
  for (; k < row; k += 4) {
    let sum = load<f32>(x + k) * scale;
    for (let r = 1; r < count; r++) sum += load<f32>(x + <usize>r * row + k) * scale;
    store<f32>(sums + k, load<f32>(sums + k) + sum);
  }
}

/** ‖mean‖² as a share of the mean of n squared norms: how much of them a shift would take away. */
export function shareOfMean(mean: usize, depth: i32, norms: usize, n: i32): f64 {
  let square = f32x4.splat(0);
  for (let k: usize = 0, end = <usize>depth << 2; k < end; k += 16) {
    const m = v128.load(mean + k);
    square = f32x4.add(square, f32x4.mul(m, m));
  }
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) sum += <f64>load<f32>(norms + (<usize>i << 2));
  return (<f64>total(square) * <f64>n) / sum;
}

/** z = scale · x − mean, and the squared norm of each of its rows; returns the largest, NaN where one is. */
export function shift(
  x: usize, n: i32, dim: i32, scale: f32, mean: usize, depth: i32, z: usize, norms: usize,
): f32 {
  const row = <usize>dim << 2, padded = <usize>depth << 2;
  const s = f32x4.splat(scale);
  for (let i = 0; i < n; i += 4) {
    // Rows beyond the last one repeat it.
    const b = min(i + 1, n - 1) - i, c = min(i + 2, n - 1) - i, d = min(i + 3, n - 1) - i;
    const x0 = x + <usize>i * row, x1 = x0 + <usize>b * row, x2 = x0 + <usize>c * row, x3 = x0 + <usize>d * row;
    const z0 = z + <usize>i * padded, z1 = z0 + <usize>b * padded, z2 = z0 + <usize>c * padded, z3 = z0 + <usize>d * padded;
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let k: usize = 0;
    for (const vectors = row & ~15; k < vectors; k += 16) {
      const m = v128.load(mean + k);
      const p = f32x4.sub(f32x4.mul(v128.load(x0 + k), s), m), q = f32x4.sub(f32x4.mul(v128.load(x1 + k), s), m);
      const r = f32x4.sub(f32x4.mul(v128.load(x2 + k), s), m), t = f32x4.sub(f32x4.mul(v128.load(x3 + k), s), m);
      v128.store(z0 + k, p), v128.store(z1 + k, q), v128.store(z2 + k, r), v128.store(z3 + k, t);
      s0 = f32x4.add(s0, f32x4.mul(p, p)), s1 = f32x4.add(s1, f32x4.mul(q, q));
      s2 = f32x4.add(s2, f32x4.mul(r, r)), s3 = f32x4.add(s3, f32x4.mul(t, t));
    }
    if (k < padded) {
      shiftTail(x0, k, row, scale, mean, z0, padded), shiftTail(x1, k, row, scale, mean, z1, padded);
      shiftTail(x2, k, row, scale, mean, z2, padded), shiftTail(x3, k, row, scale, mean, z3, padded);
      const p = v128.load(z0 + k), q = v128.load(z1 + k), r = v128.load(z2 + k), t = v128.load(z3 + k);
      s0 = f32x4.add(s0, f32x4.mul(p, p)), s1 = f32x4.add(s1, f32x4.mul(q, q));
      s2 = f32x4.add(s2, f32x4.mul(r, r)), s3 = f32x4.add(s3, f32x4.mul(t, t));
    }
    const out = norms + (<usize>i << 2);
    store<f32>(out, total(s0)), store<f32>(out + (<usize>b << 2), total(s1));
    store<f32>(out + (<usize>c << 2), total(s2)), store<f32>(out + (<usize>d << 2), total(s3));
  }
  return largest(norms, n);
}

/** Coordinates behind the last four, fewer than four, and the zeros behind them. */
function shiftTail(x: usize, k: usize, row: usize, scale: f32, mean: usize, z: usize, padded: usize): void {
  memory.fill(z + k, 0, padded - k);
  for (; k < row; k += 4) store<f32>(z + k, load<f32>(x + k) * scale - load<f32>(mean + k));
}

/** Squared norms of n centred rows. */
export function normsOf(z: usize, n: i32, depth: i32, norms: usize): void {
  const row = <usize>depth << 2;
  for (let i = 0; i < n; i++, norms += 4) {
    let sum = f32x4.splat(0);
    for (const end = z + row; z < end; z += 16) {
      const p = v128.load(z);
      sum = f32x4.add(sum, f32x4.mul(p, p));
    }
    store<f32>(norms, total(sum));
  }
}

/** The largest of n numbers; NaN where one is. */
export function largest(values: usize, n: i32): f32 {
  let most = f32.MIN_VALUE;
  for (let i = 0; i < n; i++) {
    const value = load<f32>(values + (<usize>i << 2));
    if (!(value <= most)) most = value;
    if (most != most) break;
  }
  return most;
}
