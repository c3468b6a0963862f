// Inner products of one vector with many rows: the exact search over a catalog.
//
// Convention: every row is summed in the same order, eight partial sums over k, wherever it stands: equal rows have
// equal products. Time: memory bandwidth, not arithmetic. Compiled apart (kernels/shared.ts) over memory that threads
// share, so that the catalog is read where it lies.

/** out[r] = rows[r] · query for `count` rows of dim float32. */
export function dots(rows: usize, count: i32, dim: i32, query: usize, out: usize): void {
  const row = <usize>dim << 2;
  const pairs = row & ~31;
  let r = 0;
  for (; r + 3 < count; r += 4, rows += row << 2, out += 16) {
    let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
    for (let k: usize = 0; k < pairs; k += 32) {
      const q = v128.load(query + k), s = v128.load(query + k, 16), p = rows + k;
      a = f32x4.add(a, f32x4.mul(q, v128.load(p))), b = f32x4.add(b, f32x4.mul(s, v128.load(p, 16)));
      c = f32x4.add(c, f32x4.mul(q, v128.load(p + row))), d = f32x4.add(d, f32x4.mul(s, v128.load(p + row, 16)));
      e = f32x4.add(e, f32x4.mul(q, v128.load(p + 2 * row))), f = f32x4.add(f, f32x4.mul(s, v128.load(p + 2 * row, 16)));
      g = f32x4.add(g, f32x4.mul(q, v128.load(p + 3 * row))), h = f32x4.add(h, f32x4.mul(s, v128.load(p + 3 * row, 16)));
    }
    store<f32>(out, tail(f32x4.add(a, b), rows, query, pairs, row));
    store<f32>(out, tail(f32x4.add(c, d), rows + row, query, pairs, row), 4);
    store<f32>(out, tail(f32x4.add(e, f), rows + 2 * row, query, pairs, row), 8);
    store<f32>(out, tail(f32x4.add(g, h), rows + 3 * row, query, pairs, row), 12);
  }
  for (; r < count; r++, rows += row, out += 4) {
    let a = f32x4.splat(0), b = a;
    for (let k: usize = 0; k < pairs; k += 32) {
      a = f32x4.add(a, f32x4.mul(v128.load(query + k), v128.load(rows + k)));
      b = f32x4.add(b, f32x4.mul(v128.load(query + k, 16), v128.load(rows + k, 16)));
    }
    store<f32>(out, tail(f32x4.add(a, b), rows, query, pairs, row));
  }
}

/** The sum of the lanes plus what is left of a row behind its last eight numbers. */
@inline function tail(v: v128, row: usize, query: usize, from: usize, to: usize): f32 {
  let sum = f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
  for (let k = from; k < to; k += 4) sum += load<f32>(row + k) * load<f32>(query + k);
  return sum;
}
