// The chain of kernels/chain.ts for few points: the same merges, bit for bit, without what pays for many only. The matrix
// stays symmetric, dead slots stay where they are, and all of it is in the first-level cache.
import { smallest } from './chain';

@inline function at(column: usize, slot: i32): usize {
  return column + (<usize>slot << 2);
}

/** As `chain`; `stride` is n rounded up to 8, and `columns` room for seven columns of so many numbers. */
export function chainFew(
  d: usize, stride: i32, n: i32, sizes: usize, columns: usize, a: usize, b: usize, heights: usize,
): void {
  const column = <usize>stride << 2;
  const penalty = columns, near = columns + column, least = columns + 2 * column, seen = columns + 3 * column;
  const version = columns + 4 * column, chained = columns + 5 * column;
  memory.fill(penalty, 0, column), memory.fill(near, 0xff, column), memory.fill(version, 0, column);
  for (let i = n; i < stride; i++) {
    store<f32>(at(penalty, i), Infinity);
    store<f32>(at(sizes, i), 1);
  }
  let depth = 0, first = 0;
  for (let m = 0; m < n - 1; m++) {
    if (depth == 0) {
      while (load<f32>(at(penalty, first)) != 0) first++;
      store<i32>(chained, first), depth = 1;
    }
    let tip = load<i32>(at(chained, depth - 1));
    let before = depth > 1 ? load<i32>(at(chained, depth - 2)) : -1;
    for (;;) {
      let next = load<i32>(at(near, tip));
      if (next < 0 || load<i32>(at(version, next)) != load<i32>(at(seen, tip))) {
        const row = d + <usize>tip * column;
        next = remember(row, penalty, tip, leastOf(row, penalty, column), near, least, seen, version);
      }
      if (before >= 0 && load<f32>(d + <usize>tip * column + (<usize>before << 2)) <= load<f32>(at(least, tip))) break;
      store<i32>(at(chained, depth++), next);
      before = tip, tip = next;
    }
    depth -= 2;
    const i = min(tip, before), j = max(tip, before);
    store<i32>(at(a, m), i);
    store<i32>(at(b, m), j);
    const row = d + <usize>i * column;
    store<f64>(heights + (<usize>m << 3), <f64>load<f32>(at(row, j)));
    store<f32>(at(penalty, j), Infinity);
    store<i32>(at(version, j), load<i32>(at(version, j)) + 1);
    store<i32>(at(version, i), load<i32>(at(version, i)) + 1);
    const value = unite(d, column, i, j, sizes, penalty);
    if (value < Infinity) remember(row, penalty, i, value, near, least, seen, version);
  }
}

@inline function leastOf(row: usize, penalty: usize, column: usize): f32 {
  let m = f32x4.add(v128.load(row), v128.load(penalty));
  for (let k: usize = 16; k < column; k += 16) m = f32x4.pmin(m, f32x4.add(v128.load(row + k), v128.load(penalty + k)));
  return smallest(m);
}

/** Caches the first live slot at distance `value` in a row, that of `tip`. */
@inline function remember(
  row: usize, penalty: usize, tip: i32, value: f32, near: usize, least: usize, seen: usize, version: usize,
): i32 {
  const v = f32x4.splat(value);
  let k: usize = 0, mask = 0;
  do {
    mask = i32x4.bitmask(f32x4.eq(v, f32x4.add(v128.load(row + k), v128.load(penalty + k))));
    k += 16;
  } while (mask == 0);
  const slot = <i32>(k >> 2) - 4 + ctz(mask);
  store<i32>(at(near, tip), slot);
  store<f32>(at(least, tip), value);
  store<i32>(at(seen, tip), load<i32>(at(version, slot)));
  return slot;
}

/** Merges slot j into slot i < j by Lance-Williams, in row and column i; the least distance of the union. */
@inline function unite(d: usize, column: usize, i: i32, j: i32, sizes: usize, penalty: usize): f32 {
  const rowI = d + <usize>i * column, rowJ = d + <usize>j * column;
  const si = load<f32>(at(sizes, i)), sj = load<f32>(at(sizes, j));
  const ni = f32x4.splat(si), nj = f32x4.splat(sj), nij = f32x4.splat(si + sj);
  const dij = v128.load32_splat(at(rowI, j));
  store<f32>(at(rowI, i), Infinity);
  let low = f32x4.splat(Infinity);
  let cell = at(d, i);
  for (let k: usize = 0; k < column; k += 16) {
    const nk = v128.load(sizes + k), dik = v128.load(rowI + k), djk = v128.load(rowJ + k);
    const sum = f32x4.add(f32x4.mul(f32x4.add(ni, nk), dik), f32x4.mul(f32x4.add(nj, nk), djk));
    const to = f32x4.div(f32x4.sub(sum, f32x4.mul(nk, dij)), f32x4.add(nij, nk));
    const union = f32x4.pmax(f32x4.pmin(dik, djk), to);
    v128.store(rowI + k, union);
    v128.store_lane<f32>(cell, union, 0), cell += column, v128.store_lane<f32>(cell, union, 1), cell += column;
    v128.store_lane<f32>(cell, union, 2), cell += column, v128.store_lane<f32>(cell, union, 3), cell += column;
    low = f32x4.pmin(low, f32x4.add(union, v128.load(penalty + k)));
  }
  store<f32>(at(rowI, i), Infinity);
  store<f32>(at(sizes, i), si + sj);
  return smallest(low);
}
