// The full symmetric matrix of squared distances, in float32.
//
// Source: d_ij = ‖xi‖² + ‖xj‖² − 2 xi·xj on centred rows. Where that loses digits (d ≤ 1/16 of the larger norm) the pair
// is computed again from the differences of its original rows, which also makes duplicates exactly 0 and nothing
// negative. Convention: squared; the diagonal is +∞.
// Shapes: rows and columns are padded to a multiple of 8 with finite numbers; `stride` counts float32.
import { few, fewPoints } from './few';
import { pack } from './pack';
import { tile } from './tile';

/** Below this share of the larger norm a Gram distance has lost too many digits. */
export const nearby: f32 = 0.0625;
/** Panels of columns that are kept in cache at once. */
const blockBytes: i32 = 1 << 19;

/**
 * The distances of rows list[0 … n − 1] of z (rows 0 … n − 1 where list is 0), whose squared norms are norms[0 …]. The
 * original rows are at x. `panels`, `listed` and `scratch` are room for packed rows, n numbers and four tiles.
 */
export function between(
  z: usize, norms: usize, list: usize, n: i32, depth: i32, d: usize, stride: i32,
  x: usize, dim: i32, scale: f32, zeros: usize, panels: usize, listed: usize, scratch: usize,
): void {
  const end = <usize>((n + 7) & ~7) << 2;
  for (let k: usize = 0, last = <usize>n << 2; k < end; k += 4) {
    const at = list && k < last ? <usize>load<i32>(list + k) << 2 : k;
    store<f32>(listed + k, k < last ? load<f32>(norms + at) : 0);
  }
  if (n <= fewPoints) {
    few(z, listed, list, n, depth, d, stride, x, dim, scale);
    return;
  }
  pack(z, list, n, depth, zeros, panels);
  distances(panels, listed, n, depth, d, stride, x, list, dim, scale, scratch);
}

export function distances(
  panels: usize, norms: usize, n: i32, depth: i32, d: usize, stride: i32,
  x: usize, list: usize, dim: i32, scale: f32, scratch: usize,
): void {
  const panelBytes = <usize>depth << 5;
  const panelCount = (n + 7) >> 3;
  // Columns in blocks that stay in the second-level cache; rows four panels at a time, so that the transposed stores
  // fill whole cache lines.
  const block = max(1, blockBytes / <i32>panelBytes);
  for (let first = 0; first < panelCount; first += block) {
    const last = min(first + block, panelCount);
    for (let p = first & ~3; p < panelCount; p += 4) {
      for (let q = first; q < min(last, p + 4); q++) {
        for (let r = max(p, q); r < min(p + 4, panelCount); r++) {
          tile(panels + <usize>r * panelBytes, panels + <usize>q * panelBytes, depth, scratch);
          const i = r << 3, j = q << 3;
          const at = d + (<usize>(i * stride + j) << 2);
          const across = d + (<usize>(j * stride + i) << 2);
          if (fromTile(scratch, norms, i, j, at, across, stride)) {
            mend(i, j, n, at, across, stride, norms, x, list, dim, scale);
          }
        }
      }
    }
  }
  for (let i = 0; i < n; i++) store<f32>(d + (<usize>(i * stride + i) << 2), Infinity);
}

/** Distances of one tile to rows i … of d and, transposed, to rows j …; whether any is too small to be trusted. */
function fromTile(t: usize, norms: usize, i: i32, j: i32, at: usize, across: usize, stride: i32): bool {
  const nj0 = v128.load(norms + (<usize>j << 2)), nj1 = v128.load(norms + (<usize>j << 2), 16);
  const row = <usize>stride << 2;
  const share = f32x4.splat(nearby);
  let small = f32x4.splat(0);
  for (let r = 0; r < 8; r++, t += 32, at += row) {
    const ni = v128.load32_splat(norms + (<usize>(i + r) << 2));
    const g0 = f32x4.add(f32x4.add(v128.load(t), v128.load(t, 256)), f32x4.add(v128.load(t, 512), v128.load(t, 768)));
    const g1 = f32x4.add(f32x4.add(v128.load(t, 16), v128.load(t, 272)), f32x4.add(v128.load(t, 528), v128.load(t, 784)));
    const d0 = f32x4.sub(f32x4.add(ni, nj0), f32x4.add(g0, g0));
    const d1 = f32x4.sub(f32x4.add(ni, nj1), f32x4.add(g1, g1));
    small = v128.or(small, f32x4.le(d0, f32x4.mul(share, f32x4.pmax(ni, nj0))));
    small = v128.or(small, f32x4.le(d1, f32x4.mul(share, f32x4.pmax(ni, nj1))));
    v128.store(t, d0), v128.store(t, d1, 16);
    v128.store(at, d0), v128.store(at, d1, 16);
  }
  if (i != j) {
    transpose(t - 256, across, row), transpose(t - 240, across + (row << 2), row);
    transpose(t - 128, across + 16, row), transpose(t - 112, across + 16 + (row << 2), row);
  }
  return v128.any_true(small);
}

/** A 4 × 4 block of a tile to 4 rows of the matrix. */
@inline function transpose(t: usize, out: usize, row: usize): void {
  const r0 = v128.load(t), r1 = v128.load(t, 32), r2 = v128.load(t, 64), r3 = v128.load(t, 96);
  const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const c = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), e = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f64>(a, c, 0, 2)), out += row;
  v128.store(out, v128.shuffle<f64>(a, c, 1, 3)), out += row;
  v128.store(out, v128.shuffle<f64>(b, e, 0, 2)), out += row;
  v128.store(out, v128.shuffle<f64>(b, e, 1, 3));
}

/** Recomputes the pairs of one tile that are too close for the Gram form. */
function mend(
  i: i32, j: i32, n: i32, at: usize, across: usize, stride: i32, norms: usize,
  x: usize, list: usize, dim: i32, scale: f32,
): void {
  for (let r = 0; r < 8 && i + r < n; r++) {
    const ni = load<f32>(norms + (<usize>(i + r) << 2));
    for (let c = 0; c < 8 && j + c < i + r; c++) {
      const nj = load<f32>(norms + (<usize>(j + c) << 2));
      const place = at + (<usize>(r * stride + c) << 2);
      if (load<f32>(place) > nearby * max(ni, nj)) continue;
      const d = direct(row(x, list, i + r, dim), row(x, list, j + c, dim), dim, scale);
      store<f32>(place, d);
      store<f32>(across + (<usize>(c * stride + r) << 2), d);
    }
  }
}

@inline export function row(x: usize, list: usize, i: i32, dim: i32): usize {
  const index = list ? load<i32>(list + (<usize>i << 2)) : i;
  return x + (<usize>index * <usize>dim << 2);
}

/** Σ (scale · (a − b))², without cancellation. */
export function direct(a: usize, b: usize, dim: i32, scale: f32): f32 {
  const s = f32x4.splat(scale);
  const row = <usize>dim << 2;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let k: usize = 0;
  for (const blocks = row & ~63; k < blocks; k += 64) {
    const p = f32x4.mul(s, f32x4.sub(v128.load(a + k), v128.load(b + k)));
    const q = f32x4.mul(s, f32x4.sub(v128.load(a + k, 16), v128.load(b + k, 16)));
    const r = f32x4.mul(s, f32x4.sub(v128.load(a + k, 32), v128.load(b + k, 32)));
    const t = f32x4.mul(s, f32x4.sub(v128.load(a + k, 48), v128.load(b + k, 48)));
    s0 = f32x4.add(s0, f32x4.mul(p, p)), s1 = f32x4.add(s1, f32x4.mul(q, q));
    s2 = f32x4.add(s2, f32x4.mul(r, r)), s3 = f32x4.add(s3, f32x4.mul(t, t));
  }
  let sum = total(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; k < row; k += 4) {
    const p = scale * (load<f32>(a + k) - load<f32>(b + k));
    sum += p * p;
  }
  return sum;
}

@inline export function total(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** Turns distances of points into those of points with sizes: 2 wi wj / (wi + wj) d_ij. */
export function weigh(d: usize, stride: i32, n: i32, sizes: usize): void {
  const padded = <usize>((n + 3) & ~3) << 2;
  const two = f32x4.splat(2);
  for (let i = 0; i < n; i++, d += <usize>stride << 2) {
    const wi = v128.load32_splat(sizes + (<usize>i << 2));
    for (let k: usize = 0; k < padded; k += 16) {
      const wj = v128.load(sizes + k);
      const factor = f32x4.div(f32x4.mul(two, f32x4.mul(wi, wj)), f32x4.add(wi, wj));
      v128.store(d + k, f32x4.mul(factor, v128.load(d + k)));
    }
  }
}
