// The matrix of kernels/distances.ts for few points, straight from rows: nothing is packed, and only the pairs that are
// needed are computed, which is most of the work where every topic is clustered for itself.
//
// Convention: the four sums of an inner product (kernels/tile.ts) are the lanes of one vector.
import { direct, nearby, row, total } from './distances';

/** Up to here this is quicker than tiles. */
export const fewPoints: i32 = 40;

@inline function mac(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

export function few(
  z: usize, norms: usize, list: usize, n: i32, depth: i32, d: usize, stride: i32, x: usize, dim: i32, scale: f32,
): void {
  const bytes = <usize>depth << 2;
  for (let i = 0; i < n; i += 4) {
    // Rows beyond the last one repeat it; what they give lands where nothing is read.
    const r0 = row(z, list, i, depth), r1 = row(z, list, min(i + 1, n - 1), depth);
    const r2 = row(z, list, min(i + 2, n - 1), depth), r3 = row(z, list, min(i + 3, n - 1), depth);
    for (let j = 0; j < i; j += 2) {
      let y0 = row(z, list, j, depth), y1 = row(z, list, j + 1, depth);
      let s00 = f32x4.splat(0), s10 = s00, s20 = s00, s30 = s00, s01 = s00, s11 = s00, s21 = s00, s31 = s00;
      let p = s00, q = s00, t = s00;
      let z0 = r0, z1 = r1, z2 = r2, z3 = r3;
      for (const end = z0 + bytes; z0 < end; z0 += 32, z1 += 32, z2 += 32, z3 += 32, y0 += 32, y1 += 32) {
        p = v128.load(y0), q = v128.load(y1);
        t = v128.load(z0), s00 = mac(s00, t, p), s01 = mac(s01, t, q);
        t = v128.load(z1), s10 = mac(s10, t, p), s11 = mac(s11, t, q);
        t = v128.load(z2), s20 = mac(s20, t, p), s21 = mac(s21, t, q);
        t = v128.load(z3), s30 = mac(s30, t, p), s31 = mac(s31, t, q);
        p = v128.load(y0, 16), q = v128.load(y1, 16);
        t = v128.load(z0, 16), s00 = mac(s00, t, p), s01 = mac(s01, t, q);
        t = v128.load(z1, 16), s10 = mac(s10, t, p), s11 = mac(s11, t, q);
        t = v128.load(z2, 16), s20 = mac(s20, t, p), s21 = mac(s21, t, q);
        t = v128.load(z3, 16), s30 = mac(s30, t, p), s31 = mac(s31, t, q);
      }
      both(totals(s00, s10, s20, s30), norms, list, n, i, j, d, stride, x, dim, scale);
      both(totals(s01, s11, s21, s31), norms, list, n, i, j + 1, d, stride, x, dim, scale);
    }
    let s10 = f32x4.splat(0), s20 = s10, s30 = s10, s21 = s10, s31 = s10, s32 = s10;
    for (let k: usize = 0; k < bytes; k += 16) {
      const a = v128.load(r0 + k), b = v128.load(r1 + k), c = v128.load(r2 + k), e = v128.load(r3 + k);
      s10 = mac(s10, a, b), s20 = mac(s20, a, c), s30 = mac(s30, a, e);
      s21 = mac(s21, b, c), s31 = mac(s31, b, e), s32 = mac(s32, c, e);
    }
    const none = f32x4.splat(0);
    across(totals(none, s10, s20, s30), norms, list, n, i, i, d, stride, x, dim, scale);
    if (i + 1 < n) across(totals(s10, none, s21, s31), norms, list, n, i, i + 1, d, stride, x, dim, scale);
    if (i + 2 < n) across(totals(s20, s21, none, s32), norms, list, n, i, i + 2, d, stride, x, dim, scale);
    if (i + 3 < n) across(totals(s30, s31, s32, none), norms, list, n, i, i + 3, d, stride, x, dim, scale);
  }
  for (let i = 0; i < n; i++) store<f32>(d + (<usize>(i * stride + i) << 2), Infinity);
}

/** The sums over the lanes of four vectors. */
@inline function totals(a: v128, b: v128, c: v128, d: v128): v128 {
  const p = v128.shuffle<f32>(a, b, 0, 4, 1, 5), q = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const r = v128.shuffle<f32>(c, d, 0, 4, 1, 5), s = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  return f32x4.add(
    f32x4.add(v128.shuffle<f64>(p, r, 0, 2), v128.shuffle<f64>(p, r, 1, 3)),
    f32x4.add(v128.shuffle<f64>(q, s, 0, 2), v128.shuffle<f64>(q, s, 1, 3)),
  );
}

/** Distances of points i … i + 3 to j, from inner products: into row j, and where they go below the diagonal. */
@inline function both(
  g: v128, norms: usize, list: usize, n: i32, i: i32, j: i32, d: usize, stride: i32, x: usize, dim: i32, scale: f32,
): void {
  const v = across(g, norms, list, n, i, j, d, stride, x, dim, scale);
  let at = d + (<usize>(i * stride + j) << 2);
  const step = <usize>stride << 2;
  v128.store_lane<f32>(at, v, 0), at += step, v128.store_lane<f32>(at, v, 1), at += step;
  v128.store_lane<f32>(at, v, 2), at += step, v128.store_lane<f32>(at, v, 3);
}

/** Row j, columns i … i + 3; pairs too close for the Gram form are measured. */
function across(
  g: v128, norms: usize, list: usize, n: i32, i: i32, j: i32, d: usize, stride: i32, x: usize, dim: i32, scale: f32,
): v128 {
  const ni = v128.load(norms + (<usize>i << 2)), nj = v128.load32_splat(norms + (<usize>j << 2));
  const v = f32x4.sub(f32x4.add(ni, nj), f32x4.add(g, g));
  const at = d + (<usize>(j * stride + i) << 2);
  v128.store(at, v);
  let close = i32x4.bitmask(f32x4.le(v, f32x4.mul(f32x4.splat(nearby), f32x4.pmax(ni, nj))));
  if (close == 0) return v;
  for (; close != 0; close &= close - 1) {
    const r = ctz(close);
    if (i + r >= n || i + r == j) continue;
    const exact = direct(row(x, list, i + r, dim), row(x, list, j, dim), dim, scale);
    store<f32>(at + (<usize>r << 2), exact);
  }
  return v128.load(at);
}
