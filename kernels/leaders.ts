// A quick way to components: groups around leaders, proved apart pair by pair.
//
// Source: docs/performance.md (the exact split). Every point joins its nearest leader. For any vector v,
// ‖xi − xj‖ ≥ v·(xi − xj) / ‖v‖: with v the difference of two leaders, the gap between their groups along v bounds the
// distance of any two points of theirs from below. Groups that it does not prove apart are taken together, so that what
// comes out never has two points within the limit in two components, whatever the leaders are.
// Convention: coordinates are integers, z · unit rounded, so products are exact; a point is at most half a unit per
// coordinate from where it was. Squared distances between integer points are held as halves: |q|² stays below 2³⁰.
// Shapes: q is n rows of `depth` int16, a multiple of 32, with room for a multiple of 4 rows.

import { rounder } from './filter';

/** q = z · unit, rounded; halves[i] = ‖qi‖² / 2, rounded down. */
export function roundRows(z: usize, n: i32, depth: i32, unit: f32, q: usize, halves: usize): void {
  const u = f32x4.splat(unit), r = f32x4.splat(rounder);
  for (let i = 0; i < n; i++, halves += 4) {
    let s0 = i32x4.splat(0), s1 = s0;
    for (const end = z + (<usize>depth << 2); z < end; z += 64, q += 32) {
      const a = f32x4.add(r, f32x4.mul(u, v128.load(z))), b = f32x4.add(r, f32x4.mul(u, v128.load(z, 16)));
      const c = f32x4.add(r, f32x4.mul(u, v128.load(z, 32))), d = f32x4.add(r, f32x4.mul(u, v128.load(z, 48)));
      const p = v128.shuffle<i16>(a, b, 0, 2, 4, 6, 8, 10, 12, 14), t = v128.shuffle<i16>(c, d, 0, 2, 4, 6, 8, 10, 12, 14);
      v128.store(q, p), v128.store(q, t, 16);
      s0 = i32x4.add(s0, i32x4.dot_i16x8_s(p, p)), s1 = i32x4.add(s1, i32x4.dot_i16x8_s(t, t));
    }
    store<i32>(halves, total(i32x4.add(s0, s1)) >> 1);
  }
}

@inline function at(column: usize, i: i32): i32 {
  return load<i32>(column + (<usize>i << 2));
}

@inline function total(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + (i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3));
}

/** So many leaders are chosen before what they reach is looked at. */
const trial: i32 = 8;

/**
 * Chooses leaders, in the order of points, until each point is within `reach` (half a squared distance) of one; how many,
 * or 0 where they reach fewer than `worth` points each. group[i] is the nearest leader of i, leads[g] the point that is leader g,
 * products[i][g] = qi · q(leader g), in rows of `width` numbers (a multiple of 4), as many as there may be leaders.
 */
export function lead(
  q: usize, n: i32, depth: i32, halves: usize, reach: i32, worth: i32, width: i32,
  products: usize, best: usize, group: usize, leads: usize,
): i32 {
  const padded = (n + 3) & ~3;
  for (let i = 0; i < padded; i++) store<i32>(best + (<usize>i << 2), i < n ? i32.MAX_VALUE : -1);
  let count = 0, next = 0;
  while (next < n) {
    if (count == width) return 0;
    // Two at a time: whoever is nobody's yet, and then not within reach of the first either.
    const first = next;
    next++;
    while (next < n && (at(best, next) <= reach || near(q, first, next, depth, halves, reach))) next++;
    const second = next < n ? next : first;
    const within =
      follow(q, padded, depth, halves, first, second, count, width, reach, products, best, group) - (padded - n);
    store<i32>(leads + (<usize>count << 2), first), count++;
    if (second != first) store<i32>(leads + (<usize>count << 2), second), count++;
    if (count >= trial && within < worth * count) return 0;
    while (next < n && at(best, next) <= reach) next++;
  }
  return count;
}

function near(q: usize, i: i32, j: i32, depth: i32, halves: usize, reach: i32): bool {
  const row = <usize>depth << 1;
  const p = q + <usize>i * row, r = q + <usize>j * row;
  let sum = i32x4.splat(0);
  for (let k: usize = 0; k < row; k += 16) sum = mac(sum, v128.load(p + k), v128.load(r + k));
  return at(halves, i) + at(halves, j) - total(sum) <= reach;
}

/**
 * The products of all rows with two leaders, numbers `name` and the next. Who is nearer to one than to his own leader
 * follows that one; returns how many are within reach of theirs.
 */
function follow(
  q: usize, padded: i32, depth: i32, halves: usize, first: i32, second: i32, name: i32, width: i32, reach: i32,
  products: usize, best: usize, group: usize,
): i32 {
  const row = <usize>depth << 1;
  const leadA = q + <usize>first * row, leadB = q + <usize>second * row;
  const halfA = v128.load32_splat(halves + (<usize>first << 2)), halfB = v128.load32_splat(halves + (<usize>second << 2));
  const nameA = i32x4.splat(name), nameB = i32x4.splat(name + 1), limit = i32x4.splat(reach);
  let within = i32x4.splat(0);
  let place = products + (<usize>name << 2);
  for (let i: usize = 0, end = <usize>padded << 2; i < end; i += 16) {
    let a0 = i32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0, s = a0, t = a0, r = a0;
    let q1 = q + row, q2 = q1 + row, q3 = q2 + row, p = leadA, l = leadB;
    for (const stop = q1; q < stop; q += 32, q1 += 32, q2 += 32, q3 += 32, p += 32, l += 32) {
      s = v128.load(p), t = v128.load(l);
      r = v128.load(q), a0 = mac(a0, r, s), b0 = mac(b0, r, t), r = v128.load(q1), a1 = mac(a1, r, s), b1 = mac(b1, r, t);
      r = v128.load(q2), a2 = mac(a2, r, s), b2 = mac(b2, r, t), r = v128.load(q3), a3 = mac(a3, r, s), b3 = mac(b3, r, t);
      s = v128.load(p, 16), t = v128.load(l, 16);
      r = v128.load(q, 16), a0 = mac(a0, r, s), b0 = mac(b0, r, t), r = v128.load(q1, 16), a1 = mac(a1, r, s), b1 = mac(b1, r, t);
      r = v128.load(q2, 16), a2 = mac(a2, r, s), b2 = mac(b2, r, t), r = v128.load(q3, 16), a3 = mac(a3, r, s), b3 = mac(b3, r, t);
    }
    q = q3;
    const a = totals(a0, a1, a2, a3), b = totals(b0, b1, b2, b3);
    place = tell(a, b, place, <usize>width << 2);
    const half = v128.load(halves + i), old = v128.load(best + i);
    const toA = i32x4.sub(i32x4.add(half, halfA), a), toB = i32x4.sub(i32x4.add(half, halfB), b);
    const name = v128.bitselect(nameA, v128.load(group + i), i32x4.lt_s(toA, old)), least = i32x4.min_s(toA, old);
    v128.store(group + i, v128.bitselect(nameB, name, i32x4.lt_s(toB, least)));
    const nearest = i32x4.min_s(toB, least);
    v128.store(best + i, nearest);
    within = i32x4.sub(within, i32x4.le_s(nearest, limit));
  }
  return total(within);
}

/** Stores products of four rows with two leaders; where those of the next four go. */
@inline function tell(a: v128, b: v128, at: usize, across: usize): usize {
  const low = v128.shuffle<i32>(a, b, 0, 4, 1, 5), high = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  v128.store_lane<i64>(at, low, 0), at += across, v128.store_lane<i64>(at, low, 1), at += across;
  v128.store_lane<i64>(at, high, 0), at += across, v128.store_lane<i64>(at, high, 1);
  return at + across;
}

/** The sums over the lanes of four vectors. */
@inline function totals(a: v128, b: v128, c: v128, d: v128): v128 {
  const p = v128.shuffle<i32>(a, b, 0, 4, 1, 5), q = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const r = v128.shuffle<i32>(c, d, 0, 4, 1, 5), s = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  return i32x4.add(
    i32x4.add(v128.shuffle<i64>(p, r, 0, 2), v128.shuffle<i64>(p, r, 1, 3)),
    i32x4.add(v128.shuffle<i64>(q, s, 0, 2), v128.shuffle<i64>(q, s, 1, 3)),
  );
}

@inline function mac(sum: v128, a: v128, b: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
}

/**
 * Takes groups together that are not proved to be farther than `bar` apart (in units, the error of rounding included).
 * parents[i] becomes the first point of i's component; returns the points of the largest. `lows` is room for count ×
 * width numbers, `roots` and `members` for count. Uses up `leads`.
 */
export function apart(
  n: i32, count: i32, width: i32, products: usize, group: usize, leads: usize, bar: f64,
  lows: usize, roots: usize, members: usize, parents: usize,
): i32 {
  const across = <usize>width << 2;
  for (let g = 0; g < count; g++) {
    store<i32>(roots + (<usize>g << 2), g);
    store<i32>(members + (<usize>g << 2), 0);
  }
  lowest(n, count, across, products, group, lows);
  for (let g = 1; g < count; g++) {
    for (let h = 0; h < g; h++) {
      const gap = <f64>product(lows, across, g, h) + <f64>product(lows, across, h, g);
      const leaderG = load<i32>(leads + (<usize>g << 2)), leaderH = load<i32>(leads + (<usize>h << 2));
      const square = <f64>product(products, across, leaderG, g) + <f64>product(products, across, leaderH, h)
        - 2 * <f64>product(products, across, leaderG, h);
      if (gap > bar * sqrt<f64>(square)) continue;
      const p = rootOf(roots, g), r = rootOf(roots, h);
      store<i32>(roots + (<usize>max(p, r) << 2), min(p, r));
    }
  }
  return nameParts(n, group, roots, members, leads, parents);
}

@inline function product(table: usize, across: usize, row: i32, column: i32): i32 {
  return load<i32>(table + <usize>row * across + (<usize>column << 2));
}

/** lows[g][h] = the least (leader g − leader h) · qi over the points of group g. */
function lowest(n: i32, count: i32, across: usize, products: usize, group: usize, lows: usize): void {
  const columns = <usize>((count + 3) & ~3) << 2;
  for (let g: usize = 0; g < <usize>count; g++) {
    for (let h: usize = 0; h < columns; h += 16) v128.store(lows + g * across + h, i32x4.splat(i32.MAX_VALUE));
  }
  for (let i = 0; i < n; i++, products += across) {
    const g = <usize>load<i32>(group + (<usize>i << 2));
    const own = v128.load32_splat(products + (g << 2));
    const row = lows + g * across;
    for (let h: usize = 0; h < columns; h += 16) {
      v128.store(row + h, i32x4.min_s(v128.load(row + h), i32x4.sub(own, v128.load(products + h))));
    }
  }
}

function rootOf(roots: usize, g: i32): i32 {
  let up = load<i32>(roots + (<usize>g << 2));
  while (up != g) g = up, up = load<i32>(roots + (<usize>g << 2));
  return g;
}

/** Uses up `firsts`: it ends with the first point of every component at its root. */
function nameParts(n: i32, group: usize, roots: usize, members: usize, firsts: usize, parents: usize): i32 {
  let biggest = 0;
  for (let i = 0; i < n; i++) {
    const root = <usize>rootOf(roots, load<i32>(group + (<usize>i << 2))) << 2;
    const count = load<i32>(members + root);
    if (count == 0) store<i32>(firsts + root, i);
    store<i32>(members + root, count + 1);
    store<i32>(parents + (<usize>i << 2), load<i32>(firsts + root));
    biggest = max(biggest, count + 1);
  }
  return biggest;
}
