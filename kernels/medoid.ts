// How far every member of a cluster lies from the cluster's mean.
//
// Source: method.md §3. Rows are taken relative to the cluster's first member, so an offset of the data costs no digits.
// Shapes: `order` lists rows cluster by cluster, cluster c at starts[c] … starts[c + 1]; `mean` has room for dim numbers
// padded to 4; `offsets` gets one squared distance per row, times scale².

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

@inline function sizeOf(sizes: usize, i: i32): f32 {
  return sizes ? load<f32>(sizes + (<usize>i << 2)) : 1;
}

function meanOf(
  x: usize, dim: i32, scale: f32, origin: usize, order: usize, first: i32, last: i32, sizes: usize, mean: usize,
): void {
  const end = <usize>dim << 2;
  const vectors = <usize>(dim & ~3) << 2;
  memory.fill(mean, 0, end);
  let total: f32 = 0;
  for (let m = first; m < last; m++) {
    const i = load<i32>(order + (<usize>m << 2));
    total += sizeOf(sizes, i);
    const weight = scale * sizeOf(sizes, i);
    const w = f32x4.splat(weight);
    const row = x + (<usize>i * <usize>dim << 2);
    let k: usize = 0;
    for (; k < vectors; k += 16) {
      const difference = f32x4.sub(v128.load(row + k), v128.load(origin + k));
      v128.store(mean + k, f32x4.add(v128.load(mean + k), f32x4.mul(w, difference)));
    }
    for (; k < end; k += 4) {
      store<f32>(mean + k, load<f32>(mean + k) + weight * (load<f32>(row + k) - load<f32>(origin + k)));
    }
  }
  const share: f32 = <f32>1 / total;
  for (let k: usize = 0; k < end; k += 4) store<f32>(mean + k, load<f32>(mean + k) * share);
}

function offset(row: usize, origin: usize, dim: i32, scale: f32, mean: usize): f32 {
  const s = f32x4.splat(scale);
  let even = f32x4.splat(0), odd = even;
  let k: usize = 0;
  for (const pairs = <usize>(dim & ~7) << 2; k < pairs; k += 32) {
    const p = f32x4.sub(f32x4.mul(s, f32x4.sub(v128.load(row + k), v128.load(origin + k))), v128.load(mean + k));
    const q = f32x4.sub(f32x4.mul(s, f32x4.sub(v128.load(row + k, 16), v128.load(origin + k, 16))), v128.load(mean + k, 16));
    even = f32x4.add(even, f32x4.mul(p, p));
    odd = f32x4.add(odd, f32x4.mul(q, q));
  }
  even = f32x4.add(even, odd);
  let sum = f32x4.extract_lane(even, 0) + f32x4.extract_lane(even, 1) +
    (f32x4.extract_lane(even, 2) + f32x4.extract_lane(even, 3));
  for (const end = <usize>dim << 2; k < end; k += 4) {
    const p = scale * (load<f32>(row + k) - load<f32>(origin + k)) - load<f32>(mean + k);
    sum += p * p;
  }
  return sum;
}
