// How far every member of a cluster lies from the cluster's mean.
//
// Source: algorithm.md §3. Rows are taken relative to the cluster's first member, so an offset of the data costs no digits.
// Where the distances inside a cluster's component were kept (kernels/parts.ts), the medoid is the member with the least
// sum of them, which is the same point: that sum is W times the offset, and a constant. Where two are as good as equal, the
// offsets decide.
// Shapes: `order` lists rows cluster by cluster, cluster c at starts[c] … starts[c + 1]; `mean` has room for dim numbers
// and zeros behind them up to `depth`; `offsets` gets one squared distance per row, times scale².

import { total } from './distances';

/** Sums of distances closer than this, relative, are as good as equal: float32 distances are wrong by far less. */
const clear: f64 = 1e-4;

/**
 * `homes` says where the kept distances of every row are, `places` in which column of its component a row is; 0 where none
 * were kept. Clusters whose medoid they tell get sums of distances for offsets.
 */
export function offsets(
  x: usize, dim: i32, scale: f32, order: usize, starts: usize, count: i32, sizes: usize, mean: usize,
  homes: usize, places: usize, out: usize,
): void {
  for (let c = 0; c < count; c++) {
    const first = load<i32>(starts + (<usize>c << 2));
    const last = load<i32>(starts + (<usize>c << 2), 4);
    const lead = load<i32>(order + (<usize>first << 2));
    const next = load<i32>(order + (<usize>(last - 1) << 2));
    // One member is its mean, two of equal size are equally far from it.
    if (last - first < 3 && sizeOf(sizes, lead) == sizeOf(sizes, next)) {
      store<f32>(out + (<usize>lead << 2), 0);
      store<f32>(out + (<usize>next << 2), 0);
      continue;
    }
    if (homes && load<i32>(homes + (<usize>lead << 2)) && isClear(order, first, last, homes, places, out)) continue;
    const origin = x + (<usize>lead * <usize>dim << 2);
    meanOf(x, dim, scale, origin, order, first, last, sizes, mean);
    for (let m = first; m < last; m++) {
      const i = load<i32>(order + (<usize>m << 2));
      store<f32>(out + (<usize>i << 2), offset(x + (<usize>i * <usize>dim << 2), origin, dim, scale, mean));
    }
  }
}

/** The sum of distances from every member to all; whether the least is clearly so. */
function isClear(order: usize, first: i32, last: i32, homes: usize, places: usize, out: usize): bool {
  const from = order + (<usize>first << 2), to = order + (<usize>last << 2);
  let least: f64 = Infinity, second: f64 = Infinity;
  for (let m = from; m < to; m += 4) {
    const i = <usize>load<i32>(m);
    const row = <usize>load<i32>(homes + (i << 2));
    let even: f64 = 0, odd: f64 = 0;
    let o = from;
    for (; o + 4 < to; o += 8) {
      even += <f64>load<f32>(row + <usize>load<i32>(places + (<usize>load<i32>(o) << 2)));
      odd += <f64>load<f32>(row + <usize>load<i32>(places + (<usize>load<i32>(o, 4) << 2)));
    }
    if (o < to) even += <f64>load<f32>(row + <usize>load<i32>(places + (<usize>load<i32>(o) << 2)));
    const sum = even + odd;
    store<f32>(out + (i << 2), <f32>sum);
    second = min(second, max(least, sum));
    least = min(least, sum);
  }
  return second > least * (1 + clear);
}

/**
 * Row c of z becomes the mean of cluster c, shifted like `rows`, and weights[c] its size: the clusters as points of a
 * smaller problem. z may be `rows`: clusters are numbered by first member, so no row is overwritten before it is used.
 */
export function meansOf(
  x: usize, dim: i32, scale: f32, order: usize, starts: usize, count: i32, sizes: usize, mean: usize,
  rows: usize, z: usize, depth: i32, weights: usize,
): void {
  const row = <usize>dim << 2, padded = <usize>depth << 2;
  memory.fill(mean + row, 0, padded - row);
  for (let c = 0; c < count; c++) {
    const first = load<i32>(starts + (<usize>c << 2));
    const last = load<i32>(starts + (<usize>c << 2), 4);
    const lead = <usize>load<i32>(order + (<usize>first << 2));
    meanOf(x, dim, scale, x + lead * row, order, first, last, sizes, mean);
    const from = rows + lead * padded, to = z + <usize>c * padded;
    for (let k: usize = 0; k < padded; k += 16) v128.store(to + k, f32x4.add(v128.load(from + k), v128.load(mean + k)));
    let weight: f32 = 0;
    for (let m = first; m < last; m++) weight += sizeOf(sizes, load<i32>(order + (<usize>m << 2)));
    store<f32>(weights + (<usize>c << 2), weight);
  }
}

@inline function sizeOf(sizes: usize, i: i32): f32 {
  return sizes ? load<f32>(sizes + (<usize>i << 2)) : 1;
}

/** mean = scale · Σ w (x − origin) / Σ w over the cluster. */
function meanOf(
  x: usize, dim: i32, scale: f32, origin: usize, order: usize, first: i32, last: i32, sizes: usize, mean: usize,
): void {
  const row = <usize>dim << 2;
  let weight: f32 = 0;
  for (let m = first; m < last; m++) weight += sizeOf(sizes, load<i32>(order + (<usize>m << 2)));
  const share = scale / weight;
  const s = f32x4.splat(share);
  const from = order + (<usize>first << 2), to = order + (<usize>last << 2);
  let k: usize = 0;
  for (const blocks = row & ~63; k < blocks; k += 64) {
    const o0 = v128.load(origin + k), o1 = v128.load(origin + k, 16);
    const o2 = v128.load(origin + k, 32), o3 = v128.load(origin + k, 48);
    const base = x + k;
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    if (sizes) {
      for (let m = from; m < to; m += 4) {
        const i = <usize>load<i32>(m);
        const p = base + i * row;
        const w = v128.load32_splat(sizes + (i << 2));
        s0 = f32x4.add(s0, f32x4.mul(w, f32x4.sub(v128.load(p), o0)));
        s1 = f32x4.add(s1, f32x4.mul(w, f32x4.sub(v128.load(p, 16), o1)));
        s2 = f32x4.add(s2, f32x4.mul(w, f32x4.sub(v128.load(p, 32), o2)));
        s3 = f32x4.add(s3, f32x4.mul(w, f32x4.sub(v128.load(p, 48), o3)));
      }
    } else {
      for (let m = from; m < to; m += 4) {
        const p = base + <usize>load<i32>(m) * row;
        s0 = f32x4.add(s0, f32x4.sub(v128.load(p), o0)), s1 = f32x4.add(s1, f32x4.sub(v128.load(p, 16), o1));
        s2 = f32x4.add(s2, f32x4.sub(v128.load(p, 32), o2)), s3 = f32x4.add(s3, f32x4.sub(v128.load(p, 48), o3));
      }
    }
    v128.store(mean + k, f32x4.mul(s, s0)), v128.store(mean + k, f32x4.mul(s, s1), 16);
    v128.store(mean + k, f32x4.mul(s, s2), 32), v128.store(mean + k, f32x4.mul(s, s3), 48);
  }
  for (; k < row; k += 4) {
    const o = load<f32>(origin + k);
    let sum: f32 = 0;
    for (let m = from; m < to; m += 4) {
      const i = load<i32>(m);
      sum += sizeOf(sizes, i) * (load<f32>(x + <usize>i * row + k) - o);
    }
    store<f32>(mean + k, share * sum);
  }
}

function offset(row: usize, origin: usize, dim: i32, scale: f32, mean: usize): f32 {
  const s = f32x4.splat(scale);
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  const tail = <usize>(dim & 15) << 2;
  for (const end = row + (<usize>(dim & ~15) << 2); row < end; row += 64, origin += 64, mean += 64) {
    const a = part(v128.load(row), v128.load(origin), v128.load(mean), s);
    const b = part(v128.load(row, 16), v128.load(origin, 16), v128.load(mean, 16), s);
    const c = part(v128.load(row, 32), v128.load(origin, 32), v128.load(mean, 32), s);
    const d = part(v128.load(row, 48), v128.load(origin, 48), v128.load(mean, 48), s);
    s0 = f32x4.add(s0, f32x4.mul(a, a)), s1 = f32x4.add(s1, f32x4.mul(b, b));
    s2 = f32x4.add(s2, f32x4.mul(c, c)), s3 = f32x4.add(s3, f32x4.mul(d, d));
  }
  let sum = total(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (let k: usize = 0; k < tail; k += 4) {
    const p = scale * (load<f32>(row + k) - load<f32>(origin + k)) - load<f32>(mean + k);
    sum += p * p;
  }
  return sum;
}

@inline function part(x: v128, origin: v128, mean: v128, s: v128): v128 {
  return f32x4.sub(f32x4.mul(s, f32x4.sub(x, origin)), mean);
}
