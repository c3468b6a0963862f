// How far every member of a cluster lies from the cluster's mean.
//
// Source: algorithm.md §3. Rows are taken relative to the cluster's first member, so an offset of the data costs no digits.
// Shapes: `order` lists rows cluster by cluster, cluster c at starts[c] … starts[c + 1]; `mean` has room for dim numbers
// padded to 4; `offsets` gets one squared distance per row, times scale².

import { total } from './distances';

export function offsets(
  x: usize, dim: i32, scale: f32, order: usize, starts: usize, count: i32, sizes: usize, mean: usize, out: usize,
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
    const origin = x + (<usize>lead * <usize>dim << 2);
    meanOf(x, dim, scale, origin, order, first, last, sizes, mean);
    for (let m = first; m < last; m++) {
      const i = load<i32>(order + (<usize>m << 2));
      store<f32>(out + (<usize>i << 2), offset(x + (<usize>i * <usize>dim << 2), origin, dim, scale, mean));
    }
  }
}

/**
 * means[c] = scale · the mean of cluster c, weights[c] = its size: the clusters as points of a smaller problem.
 * `order` and `starts` as above; `means` has count rows of dim numbers.
 */
export function meansOf(
  x: usize, dim: i32, scale: f32, order: usize, starts: usize, count: i32, sizes: usize, means: usize, weights: usize,
): void {
  const row = <usize>dim << 2;
  for (let c = 0; c < count; c++, means += row) {
    const first = load<i32>(starts + (<usize>c << 2));
    const last = load<i32>(starts + (<usize>c << 2), 4);
    const origin = x + <usize>load<i32>(order + (<usize>first << 2)) * row;
    meanOf(x, dim, scale, origin, order, first, last, sizes, means);
    for (let k: usize = 0; k < row; k += 4) {
      store<f32>(means + k, load<f32>(means + k) + scale * load<f32>(origin + k));
    }
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
  memory.fill(mean, 0, row);
  for (let m = first; m < last; m += 2) {
    const i = load<i32>(order + (<usize>m << 2));
    const j = load<i32>(order + (<usize>min(m + 1, last - 1) << 2));
    const p = x + <usize>i * row, q = x + <usize>j * row;
    const wp = share * sizeOf(sizes, i), wq = m + 1 < last ? share * sizeOf(sizes, j) : <f32>0;
    const vp = f32x4.splat(wp), vq = f32x4.splat(wq);
    let k: usize = 0;
    for (const vectors = row & ~15; k < vectors; k += 16) {
      const o = v128.load(origin + k);
      const a = f32x4.mul(vp, f32x4.sub(v128.load(p + k), o)), b = f32x4.mul(vq, f32x4.sub(v128.load(q + k), o));
      v128.store(mean + k, f32x4.add(v128.load(mean + k), f32x4.add(a, b)));
    }
    for (; k < row; k += 4) {
      const o = load<f32>(origin + k);
      const sum = wp * (load<f32>(p + k) - o) + wq * (load<f32>(q + k) - o);
      store<f32>(mean + k, load<f32>(mean + k) + sum);
    }
  }
}

function offset(row: usize, origin: usize, dim: i32, scale: f32, mean: usize): f32 {
  const s = f32x4.splat(scale);
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let k: usize = 0;
  for (const blocks = <usize>(dim & ~15) << 2; k < blocks; k += 64) {
    const a = part(row + k, origin + k, mean + k, s), b = part(row + k + 16, origin + k + 16, mean + k + 16, s);
    const c = part(row + k + 32, origin + k + 32, mean + k + 32, s);
    const d = part(row + k + 48, origin + k + 48, mean + k + 48, s);
    s0 = f32x4.add(s0, f32x4.mul(a, a)), s1 = f32x4.add(s1, f32x4.mul(b, b));
    s2 = f32x4.add(s2, f32x4.mul(c, c)), s3 = f32x4.add(s3, f32x4.mul(d, d));
  }
  let sum = total(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (const end = <usize>dim << 2; k < end; k += 4) {
    const p = scale * (load<f32>(row + k) - load<f32>(origin + k)) - load<f32>(mean + k);
    sum += p * p;
  }
  return sum;
}

@inline function part(x: usize, origin: usize, mean: usize, s: v128): v128 {
  return f32x4.sub(f32x4.mul(s, f32x4.sub(v128.load(x), v128.load(origin))), v128.load(mean));
}
