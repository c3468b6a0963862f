// Which points may end up in one flat cluster: the connected components of a superset of the graph {d_ij ≤ α}.
//
// Source: algorithm.md §2 and docs/performance.md (the exact split). A pair is passed over only if a lower bound of its
// distance proves d_ij > α: ‖xi‖² + ‖xj‖² − 2 (pi·pj + ri rj) ≤ d_ij, with p the first coordinates of a centred row and
// r the norm of the others (Cauchy-Schwarz), taken in 16-bit integers with the error of rounding on the safe side.
// Every other pair of points not yet connected is measured in float32.
import { direct } from './distances';
import { tile16 } from './tile16';

/** energy[k] = Σ of squared coordinates over every fourth row. */
export function energyOf(z: usize, n: i32, depth: i32, energy: usize): void {
  const row = <usize>depth << 2;
  memory.fill(energy, 0, row);
  for (let i = 0; i < n; i += 4, z += row << 2) {
    for (let k: usize = 0; k < row; k += 16) {
      const c = v128.load(z + k);
      v128.store(energy + k, f32x4.add(v128.load(energy + k), f32x4.mul(c, c)));
    }
  }
}

/** Adding it leaves the rounded integer in the low bits of a float32. */
export const rounder: f32 = 12582912;

/**
 * Panels of the first `prefix` coordinates (a multiple of 8), times `unit`, followed by an upper bound of r and zeros;
 * halves[i] = ‖xi‖² unit² / 2. Rows beyond n get a half that no inner product reaches.
 */
export function quantize(
  z: usize, n: i32, depth: i32, zeros: usize, prefix: i32, unit: f32, norms: usize, pairs: i32, panels: usize, halves: usize,
): void {
  const panelBytes = <usize>pairs << 5;
  const tail = <usize>prefix << 4; // bytes of the pairs before r
  const slop = <f32>1.01 * sqrt<f32>(<f32>prefix) * unit; // what rounding can take from ‖p‖² unit², per unit of ‖x‖
  for (let i = 0; i < ((n + 7) & ~7); i += 4) {
    const out = panels + <usize>(i >> 3) * panelBytes + (<usize>(i & 4) << 2);
    const squares = quantizeFour(z, i, n, depth, zeros, prefix, unit, out);
    for (let k = tail; k < panelBytes; k += 32) v128.store(out + k, i32x4.splat(0));
    v128.store(halves + (<usize>i << 2), squares);
    for (let r = 0; r < 4; r++) {
      const half = halves + (<usize>(i + r) << 2);
      if (i + r >= n) {
        store<i32>(half, 1 << 29);
        continue;
      }
      const norm = load<f32>(norms + (<usize>(i + r) << 2));
      const whole = norm * unit * unit;
      const beyond = whole - <f32>load<i32>(half) + slop * sqrt<f32>(norm) + whole * <f32>2e-5;
      if (prefix < depth) store<i32>(out + tail + (<usize>r << 2), <i32>ceil<f32>(sqrt<f32>(max(<f32>0, beyond))));
      store<i32>(half, <i32>(whole * <f32>0.5));
    }
  }
}

@inline function rowAt(z: usize, i: i32, n: i32, depth: i32, zeros: usize): usize {
  return i < n ? z + (<usize>i * <usize>depth << 2) : zeros;
}

/** Four rows into their places in a panel; returns their squared norms over the prefix, in units. */
function quantizeFour(
  z: usize, i: i32, n: i32, depth: i32, zeros: usize, prefix: i32, unit: f32, out: usize,
): v128 {
  const z0 = rowAt(z, i, n, depth, zeros), z1 = rowAt(z, i + 1, n, depth, zeros);
  const z2 = rowAt(z, i + 2, n, depth, zeros), z3 = rowAt(z, i + 3, n, depth, zeros);
  const u = f32x4.splat(unit);
  let squares = i32x4.splat(0);
  for (let k: usize = 0, end = <usize>prefix << 2; k < end; k += 32, out += 128) {
    const r0 = eight(z0 + k, u), r1 = eight(z1 + k, u), r2 = eight(z2 + k, u), r3 = eight(z3 + k, u);
    const a = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
    const c = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5), d = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
    const t0 = v128.shuffle<i64>(a, c, 0, 2), t1 = v128.shuffle<i64>(a, c, 1, 3);
    const t2 = v128.shuffle<i64>(b, d, 0, 2), t3 = v128.shuffle<i64>(b, d, 1, 3);
    v128.store(out, t0), v128.store(out, t1, 32), v128.store(out, t2, 64), v128.store(out, t3, 96);
    squares = i32x4.add(squares, i32x4.add(i32x4.dot_i16x8_s(t0, t0), i32x4.dot_i16x8_s(t1, t1)));
    squares = i32x4.add(squares, i32x4.add(i32x4.dot_i16x8_s(t2, t2), i32x4.dot_i16x8_s(t3, t3)));
  }
  return squares;
}

/** Eight coordinates, rounded to int16. */
@inline function eight(z: usize, u: v128): v128 {
  const r = f32x4.splat(rounder);
  const a = f32x4.add(r, f32x4.mul(u, v128.load(z)));
  const b = f32x4.add(r, f32x4.mul(u, v128.load(z, 16)));
  return v128.shuffle<i16>(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
}

/** What `link` found. */
export const enum Linked { Split = 0, Percolates = 1, Loose = 2 }

let parents: usize = 0, members: usize = 0, biggest: i32 = 0, misses: i32 = 0;

/**
 * Connects all pairs that may be within `limit` (α with its slack, a squared distance). parents[i] ends as the lowest
 * point of i's component. Gives up where one component holds most points (Percolates) or where the bound is too weak
 * to pass over enough pairs (Loose; never where `patient`).
 */
export function link(
  panels: usize, pairs: i32, n: i32, halves: usize, slack: i32, patient: bool,
  x: usize, dim: i32, scale: f32, limit: f32, parent: usize, member: usize, scratch: usize,
): Linked {
  const panelBytes = <usize>pairs << 5;
  parents = parent, members = member, biggest = 1, misses = 0;
  for (let i = 0; i < n; i++) {
    store<i32>(parent + (<usize>i << 2), i);
    store<i32>(member + (<usize>i << 2), 1);
  }
  for (let i = 0; i < n; i += 8) {
    const a = panels + <usize>(i >> 3) * panelBytes;
    for (let j = 0; j <= i; j += 8) {
      tile16(a, panels + <usize>(j >> 3) * panelBytes, pairs, scratch);
      linkTile(scratch, i, j, halves, slack, x, dim, scale, limit);
    }
    const seen = min(i + 8, n);
    if (seen >= 64 && biggest * 5 > seen * 3) return Linked.Percolates;
    if (!patient && misses > 256 + seen * seen / 16) return Linked.Loose;
  }
  for (let i = 0; i < n; i++) store<i32>(parent + (<usize>i << 2), find(i));
  return Linked.Split;
}

function linkTile(
  t: usize, i: i32, j: i32, halves: usize, slack: i32, x: usize, dim: i32, scale: f32, limit: f32,
): void {
  const h0 = v128.load(halves + (<usize>j << 2)), h1 = v128.load(halves + (<usize>j << 2), 16);
  for (let r = 0; r < 8; r++, t += 32) {
    const bar = i32x4.splat(load<i32>(halves + (<usize>(i + r) << 2)) - slack);
    const low = i32x4.bitmask(i32x4.ge_s(v128.load(t), i32x4.add(bar, h0)));
    const high = i32x4.bitmask(i32x4.ge_s(v128.load(t, 16), i32x4.add(bar, h1)));
    let near = low | (high << 4);
    if (i == j) near &= (1 << r) - 1;
    for (; near != 0; near &= near - 1) connect(i + r, j + ctz(near), x, dim, scale, limit);
  }
}

function connect(i: i32, j: i32, x: usize, dim: i32, scale: f32, limit: f32): void {
  if (load<i32>(parents + (<usize>i << 2)) == load<i32>(parents + (<usize>j << 2))) return;
  const p = find(i), q = find(j);
  if (p == q) return;
  if (direct(x + (<usize>i * <usize>dim << 2), x + (<usize>j * <usize>dim << 2), dim, scale) > limit) {
    misses++;
    return;
  }
  const first = min(p, q);
  const count = load<i32>(members + (<usize>p << 2)) + load<i32>(members + (<usize>q << 2));
  store<i32>(parents + (<usize>max(p, q) << 2), first);
  store<i32>(members + (<usize>first << 2), count);
  biggest = max(biggest, count);
}

function find(i: i32): i32 {
  let up = load<i32>(parents + (<usize>i << 2));
  while (up != i) {
    const top = load<i32>(parents + (<usize>up << 2));
    store<i32>(parents + (<usize>i << 2), top);
    i = top;
    up = load<i32>(parents + (<usize>i << 2));
  }
  return i;
}
