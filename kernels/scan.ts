// Inner products of one vector with many rows, and its squared distances to them: the exact search over a catalog.
//
// Convention: every row is summed in the same order, eight partial sums over k (four in float64), wherever it stands: equal
// rows have equal results. Time: memory bandwidth, not arithmetic; squared distances in float64 about twice. Compiled apart (kernels/shared.ts) over memory that threads
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

/** out[r] (f64) = ‖rows[r] − query‖² for `count` rows of dim float32: differences, squares and sums in float64. */
export function squaredDistances(rows: usize, count: i32, dim: i32, query: usize, out: usize): void {
  const row = <usize>dim << 2;
  const fours = row & ~15;
  let r = 0;
  for (; r + 3 < count; r += 4, rows += row << 2, out += 32) {
    let a = f64x2.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
    for (let k: usize = 0; k < fours; k += 16) {
      const q = pair(query + k), s = pair(query + k + 8), p = rows + k;
      a = f64x2.add(a, square(q, p)), b = f64x2.add(b, square(s, p + 8));
      c = f64x2.add(c, square(q, p + row)), d = f64x2.add(d, square(s, p + row + 8));
      e = f64x2.add(e, square(q, p + 2 * row)), f = f64x2.add(f, square(s, p + 2 * row + 8));
      g = f64x2.add(g, square(q, p + 3 * row)), h = f64x2.add(h, square(s, p + 3 * row + 8));
    }
    store<f64>(out, rest(f64x2.add(a, b), rows, query, fours, row));
    store<f64>(out, rest(f64x2.add(c, d), rows + row, query, fours, row), 8);
    store<f64>(out, rest(f64x2.add(e, f), rows + 2 * row, query, fours, row), 16);
    store<f64>(out, rest(f64x2.add(g, h), rows + 3 * row, query, fours, row), 24);
  }
  for (; r < count; r++, rows += row, out += 8) {
    let a = f64x2.splat(0), b = a;
    for (let k: usize = 0; k < fours; k += 16) {
      a = f64x2.add(a, square(pair(query + k), rows + k));
      b = f64x2.add(b, square(pair(query + k + 8), rows + k + 8));
    }
    store<f64>(out, rest(f64x2.add(a, b), rows, query, fours, row));
  }
}

@inline function pair(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

@inline function square(q: v128, at: usize): v128 {
  const difference = f64x2.sub(q, pair(at));
  return f64x2.mul(difference, difference);
}

/** The sum of the lanes plus what is left of a row behind its last four numbers. */
@inline function rest(v: v128, row: usize, query: usize, from: usize, to: usize): f64 {
  let sum = f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
  for (let k = from; k < to; k += 4) {
    const difference = <f64>load<f32>(query + k) - <f64>load<f32>(row + k);
    sum += difference * difference;
  }
  return sum;
}
