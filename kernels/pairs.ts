// Squared distances of pairs of rows of the catalog, of which only the small ones matter.
//
// Convention: float64, summed dimension by dimension, so that they are what plain code gives, to the last bit.
// Time: bound by memory. Some pairs are looked at before the first is computed, so that many rows are on their way at a time.

const ahead: u32 = 16;
/** More than the relative rounding error of the bound below, for any number of dimensions that a matrix can have. */
const slack: f64 = 0.01;

/** out[p] (f64) of rows pairs[2p] and pairs[2p + 1], +Infinity where that is more than `most`. */
export function nearPairs(rows: usize, pairs: usize, count: u32, dim: i32, most: f64, out: usize): void {
  const row = <usize>dim << 2, start = min(row, 192), bar = <f32>(most * (1 + slack));
  for (let from: u32 = 0; from < count; from += ahead) {
    const list = pairs + (<usize>from << 3), some = min(ahead, count - from);
    let seen = 0;
    for (let at = list, end = list + (<usize>some << 3); at < end; at += 4) {
      const first = rows + <usize>load<u32>(at) * row;
      for (let k: usize = 0; k < start; k += 64) seen |= load<i32>(first + k);
    }
    // What was seen has to go somewhere, or looking would be optimised away.
    store<i32>(out, seen);
    for (let at = list, end = list + (<usize>some << 3); at < end; at += 8, out += 8) {
      const a = rows + <usize>load<u32>(at) * row, b = rows + <usize>load<u32>(at, 4) * row;
      store<f64>(out, isFar(a, b, row, bar) ? Infinity : distance(a, b, row, most));
    }
  }
}

/** Whether the first dimensions, in any order and in float32, show that a pair is too far apart. */
@inline function isFar(a: usize, b: usize, row: usize, bar: f32): bool {
  let sum = f32x4.splat(0);
  for (let k: usize = 0, blocks = row & ~63; k < blocks; k += 64) {
    const p = f32x4.sub(v128.load(a + k), v128.load(b + k)), q = f32x4.sub(v128.load(a + k, 16), v128.load(b + k, 16));
    const r = f32x4.sub(v128.load(a + k, 32), v128.load(b + k, 32)), s = f32x4.sub(v128.load(a + k, 48), v128.load(b + k, 48));
    const even = f32x4.add(f32x4.mul(p, p), f32x4.mul(q, q)), odd = f32x4.add(f32x4.mul(r, r), f32x4.mul(s, s));
    sum = f32x4.add(sum, f32x4.add(even, odd));
    const lanes = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3));
    if (lanes > bar) return true;
  }
  return false;
}

function distance(a: usize, b: usize, row: usize, most: f64): f64 {
  let sum: f64 = 0;
  for (const end = a + row; a < end; a += 4, b += 4) {
    const difference = <f64>load<f32>(a) - <f64>load<f32>(b);
    sum += difference * difference;
    if (sum > most) return Infinity;
  }
  return sum;
}
