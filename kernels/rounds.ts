// Ward without a matrix: every cluster is held as (mean, size), and all clusters that are each other's nearest are merged
// at once, round by round.
//
// Source: algorithm.md §2, d = 2 ni nj / (ni + nj) ‖μi − μj‖². Ward is reducible, so pairs of mutual nearest neighbours
// may be merged in any order. For users whose n² matrix would not fit: memory O(n · depth), time O(n² · depth), with the
// inner products of kernels/tile.ts, so that it is bound by arithmetic and not by reading all rows for every neighbour.
// Convention: as kernels/chain.ts; of equally near clusters the one with the smallest first member; a height is never
// below those of its parts. The pair that is first among the nearest of all is mutual, so every round merges.
// Invariant: a known neighbour holds until it is merged, because a union is never nearer than its nearer part.
import { direct, nearby, total } from './distances';
import { pack } from './pack';
import { tile } from './tile';

let rows: usize = 0, width: i32 = 0, packs: usize = 0, panel: usize = 0, zeros: usize = 0, scratch: usize = 0;
// Columns of one 4-byte number: by cluster, and by place among the living.
let near: usize = 0, least: usize = 0, reached: usize = 0, weights: usize = 0, squares: usize = 0;
let living: usize = 0, norms: usize = 0, sizes: usize = 0, stale: usize = 0, live: i32 = 0;

/** Instead of a neighbour: none is known, just merged and goes on, just merged and gone. */
const unknown: i32 = -1, grown: i32 = -2, gone: i32 = -3;

@inline function at(column: usize, slot: i32): usize {
  return column + (<usize>slot << 2);
}
@inline function rowOf(slot: i32): usize {
  return rows + (<usize>slot * <usize>width << 2);
}

/**
 * n − 1 merges (first members a < b, squared height). `means` are n centred rows of `depth` numbers and, with `counts`,
 * consumed; `columns` is room for eight columns of n numbers, each padded to 8 numbers, `packed` for n rows, padded to 8.
 */
export function mergeRounds(
  means: usize, depth: i32, n: i32, counts: usize, columns: usize, packed: usize, panelAt: usize, zerosAt: usize,
  tiles: usize, a: usize, b: usize, heights: usize,
): void {
  rows = means, width = depth, packs = packed, panel = panelAt, zeros = zerosAt, scratch = tiles, weights = counts;
  const column = <usize>((n + 7) & ~7) << 2;
  near = columns, least = columns + column, reached = columns + 2 * column, living = columns + 3 * column;
  norms = columns + 4 * column, sizes = columns + 5 * column, stale = columns + 6 * column;
  squares = columns + 7 * column, live = n;
  memory.fill(reached, 0, column);
  for (let i = 0; i < n; i++) {
    store<i32>(at(living, i), i);
    store<i32>(at(near, i), unknown);
    store<f32>(at(squares, i), squareOf(i));
  }
  for (let m = 0; live > 1;) {
    findNeighbours();
    const before = m;
    m = mergeMutual(m, a, b, heights);
    // Where rounding made a union nearer than its parts, no two may know each other: then all look again.
    if (m == before) for (let p = 0; p < live; p++) store<i32>(at(near, load<i32>(at(living, p))), unknown);
    else forgetMerged();
  }
}

function squareOf(slot: i32): f32 {
  let sum = f32x4.splat(0);
  for (let k = rowOf(slot), end = k + (<usize>width << 2); k < end; k += 16) {
    const v = v128.load(k);
    sum = f32x4.add(sum, f32x4.mul(v, v));
  }
  return total(sum);
}

/** The nearest of every cluster that knows none. */
function findNeighbours(): void {
  let count = 0;
  for (let p = 0; p < live; p++) {
    const slot = load<i32>(at(living, p));
    store<f32>(at(norms, p), load<f32>(at(squares, slot)));
    store<f32>(at(sizes, p), load<f32>(at(weights, slot)));
    if (load<i32>(at(near, slot)) >= 0) continue;
    store<f32>(at(least, slot), Infinity);
    store<i32>(at(stale, count++), slot);
  }
  for (let p = live; p < ((live + 7) & ~7); p++) store<f32>(at(norms, p), Infinity), store<f32>(at(sizes, p), 1);
  pack(rows, living, live, width, zeros, packs);
  const panelBytes = <usize>width << 5;
  const panels = (live + 7) >> 3, block = max(1, (1 << 19) / <i32>panelBytes);
  for (let first = 0; first < panels; first += block) {
    const last = min(first + block, panels);
    for (let s = 0; s < count; s += 8) {
      const some = min(8, count - s);
      pack(rows, at(stale, s), some, width, zeros, panel);
      for (let q = first; q < last; q++) {
        tile(panel, packs + <usize>q * panelBytes, width, scratch);
        for (let r = 0; r < some; r++) compare(load<i32>(at(stale, s + r)), scratch + (<usize>r << 5), q << 3);
      }
    }
  }
}

@inline function product(t: usize): v128 {
  return f32x4.add(f32x4.add(v128.load(t), v128.load(t, 256)), f32x4.add(v128.load(t, 512), v128.load(t, 768)));
}

/** Looks for a nearer one among the eight at places p … p + 7, whose inner products with a cluster are at t. */
function compare(slot: i32, t: usize, p: i32): void {
  const w = v128.load32_splat(at(weights, slot)), n = v128.load32_splat(at(squares, slot));
  for (let half = 0; half < 2; half++, t += 16, p += 4) {
    const g = product(t);
    const m = v128.load(at(norms, p)), u = v128.load(at(sizes, p));
    const d = f32x4.sub(f32x4.add(n, m), f32x4.add(g, g));
    const v = f32x4.mul(f32x4.div(f32x4.mul(f32x4.add(w, w), u), f32x4.add(w, u)), d);
    const close = f32x4.le(d, f32x4.mul(f32x4.splat(nearby), f32x4.pmax(n, m)));
    let lanes = i32x4.bitmask(v128.or(close, f32x4.lt(v, v128.load32_splat(at(least, slot)))));
    if (lanes == 0) continue;
    v128.store(t, v);
    const doubtful = i32x4.bitmask(close);
    for (; lanes != 0; lanes &= lanes - 1) {
      const lane = ctz(lanes);
      if (p + lane >= live) break;
      const other = load<i32>(at(living, p + lane));
      if (other == slot) continue;
      const distance = (doubtful >> lane) & 1 ? between(slot, other) : load<f32>(t + (<usize>lane << 2));
      if (distance < load<f32>(at(least, slot))) {
        store<f32>(at(least, slot), distance);
        store<i32>(at(near, slot), other);
      }
    }
  }
}

/** 2 wi wj / (wi + wj) ‖μi − μj‖², from differences. */
function between(i: i32, j: i32): f32 {
  const wi = load<f32>(at(weights, i)), wj = load<f32>(at(weights, j));
  return (wi + wi) * wj / (wi + wj) * direct(rowOf(i), rowOf(j), width, 1);
}

/** Merges all who are each other's nearest; how many merges there are then. */
function mergeMutual(m: i32, a: usize, b: usize, heights: usize): i32 {
  for (let p = 0; p < live; p++) {
    const i = load<i32>(at(living, p));
    const j = load<i32>(at(near, i));
    if (j < i || load<i32>(at(near, j)) != i) continue;
    const height = max(load<f32>(at(least, i)), max(load<f32>(at(reached, i)), load<f32>(at(reached, j))));
    store<i32>(at(a, m), i);
    store<i32>(at(b, m), j);
    store<f64>(heights + (<usize>m << 3), <f64>height);
    unite(i, j);
    store<f32>(at(reached, i), height);
    store<i32>(at(near, i), grown);
    store<i32>(at(near, j), gone);
    m++;
  }
  return m;
}

function unite(i: i32, j: i32): void {
  const wi = load<f32>(at(weights, i)), wj = load<f32>(at(weights, j));
  const share = f32x4.splat(wj / (wi + wj));
  const p = rowOf(i), q = rowOf(j);
  for (let k: usize = 0, end = <usize>width << 2; k < end; k += 16) {
    const mean = v128.load(p + k);
    v128.store(p + k, f32x4.add(mean, f32x4.mul(share, f32x4.sub(v128.load(q + k), mean))));
  }
  store<f32>(at(weights, i), wi + wj);
  store<f32>(at(squares, i), squareOf(i));
}

/** The living without who is gone; who has merged, or had one of those nearest, knows no neighbour. */
function forgetMerged(): void {
  let kept = 0;
  for (let p = 0; p < live; p++) {
    const slot = load<i32>(at(living, p));
    const other = load<i32>(at(near, slot));
    if (other == gone) continue;
    store<i32>(at(living, kept++), slot);
    if (other >= 0 && load<i32>(at(near, other)) < unknown) store<i32>(at(near, slot), unknown);
  }
  live = kept;
  for (let p = 0; p < live; p++) {
    const slot = load<i32>(at(living, p));
    if (load<i32>(at(near, slot)) == grown) store<i32>(at(near, slot), unknown);
  }
}
