// Ward by nearest-neighbour chain on a full float32 matrix.
//
// Source: algorithm.md §2; Müllner, arXiv:1109.2378. Convention: squared distances; a union keeps the slot of its first
// member; ties go to the chain's predecessor, then to the smallest slot.
// Invariants: slots stay in the order of first members; dead ones are masked by a penalty of +∞ and squeezed out in
// bulk; a cached neighbour holds while its version does, because a union is never nearer than its nearer part.
// A merge writes its row and no column: for two slots the truth is in the row that was written last, and `refresh`
// fetches it when an older row is read. `unions` lists the live merged slots by age, so that is few reads.

// The state of one run: the matrix, and columns of one 4-byte number per slot.
let matrix: usize = 0, stride: usize = 0, slots: i32 = 0;
let penalty: usize = 0, size: usize = 0, name: usize = 0, near: usize = 0;
let least: usize = 0, seen: usize = 0, version: usize = 0, oldSlot: usize = 0, newSlot: usize = 0;
let chained: usize = 0, depth: i32 = 0, born: usize = 0, fresh: usize = 0, unions: usize = 0, unionCount: i32 = 0;

@inline function at(column: usize, slot: i32): usize {
  return column + (<usize>slot << 2);
}
@inline function rowOf(slot: i32): usize {
  return matrix + <usize>slot * stride;
}

/**
 * n − 1 merges (first members a < b, squared height) of the n slots of d, children before parents. `sizes` and d are
 * consumed; `columns` is room for twelve columns of n numbers, each padded to 8 numbers.
 */
export function chain(d: usize, rowLength: i32, n: i32, sizes: usize, columns: usize, a: usize, b: usize, heights: usize): void {
  start(d, rowLength, n, sizes, columns);
  let live = n;
  for (let m = 0; m < n - 1; m++) {
    if (depth == 0) push(firstLive());
    let tip = load<i32>(at(chained, depth - 1));
    let before = depth > 1 ? load<i32>(at(chained, depth - 2)) : -1;
    for (;;) {
      const next = nearest(tip);
      if (before >= 0 && load<f32>(at(rowOf(tip), before)) <= load<f32>(at(least, tip))) break;
      push(next);
      before = tip, tip = next;
    }
    depth -= 2;
    const i = min(tip, before), j = max(tip, before);
    store<i32>(at(a, m), load<i32>(at(name, i)));
    store<i32>(at(b, m), load<i32>(at(name, j)));
    store<f64>(heights + (<usize>m << 3), <f64>load<f32>(at(rowOf(i), j)));
    unite(i, j, m + 1);
    live--;
    if (slots > 32 && live * 5 < slots * 3) squeeze(live);
  }
}

function start(d: usize, rowLength: i32, n: i32, sizes: usize, columns: usize): void {
  matrix = d, stride = <usize>rowLength << 2, slots = n, size = sizes, depth = 0;
  const column = <usize>((n + 7) & ~7) << 2;
  penalty = columns, name = columns + column, near = columns + 2 * column, least = columns + 3 * column;
  seen = columns + 4 * column, version = columns + 5 * column, chained = columns + 6 * column;
  oldSlot = columns + 7 * column, newSlot = columns + 8 * column;
  memory.fill(columns, 0, 12 * column);
  born = columns + 9 * column, fresh = columns + 10 * column, unions = columns + 11 * column, unionCount = 0;
  for (let i = 0; i < n; i++) {
    store<i32>(at(name, i), i);
    store<i32>(at(near, i), -1);
  }
  for (let i = n; i < ((n + 7) & ~7); i++) {
    store<f32>(at(penalty, i), Infinity);
    store<f32>(at(size, i), 1);
  }
}

function push(slot: i32): void {
  store<i32>(at(chained, depth++), slot);
}

function firstLive(): i32 {
  let slot = 0;
  while (load<f32>(at(penalty, slot)) != 0) slot++;
  return slot;
}

/** The slot nearest to `tip`, from the cache while it holds. */
function nearest(tip: i32): i32 {
  const known = load<i32>(at(near, tip));
  if (known >= 0 && load<i32>(at(version, known)) == load<i32>(at(seen, tip))) return known;
  refresh(tip);
  const row = rowOf(tip);
  const end = <usize>((slots + 7) & ~7) << 2;
  let m0 = f32x4.splat(Infinity), m1 = m0;
  for (let k: usize = 0; k < end; k += 32) {
    m0 = f32x4.pmin(m0, f32x4.add(v128.load(row + k), v128.load(penalty + k)));
    m1 = f32x4.pmin(m1, f32x4.add(v128.load(row + k, 16), v128.load(penalty + k, 16)));
  }
  return remember(tip, smallest(f32x4.pmin(m0, m1)));
}

@inline export function smallest(m: v128): f32 {
  m = f32x4.pmin(m, v128.shuffle<f32>(m, m, 2, 3, 0, 1));
  m = f32x4.pmin(m, v128.shuffle<f32>(m, m, 1, 0, 3, 2));
  return f32x4.extract_lane(m, 0);
}

/** Caches the first live slot at distance `value` in the row of `tip`. */
function remember(tip: i32, value: f32): i32 {
  const row = rowOf(tip);
  const v = f32x4.splat(value);
  let k: usize = 0;
  let m0 = v, m1 = v;
  do {
    m0 = f32x4.eq(v, f32x4.add(v128.load(row + k), v128.load(penalty + k)));
    m1 = f32x4.eq(v, f32x4.add(v128.load(row + k, 16), v128.load(penalty + k, 16)));
    k += 32;
  } while (!v128.any_true(v128.or(m0, m1)));
  const slot = <i32>(k >> 2) - 8 + ctz(i32x4.bitmask(m0) | (i32x4.bitmask(m1) << 4));
  store<i32>(at(near, tip), slot);
  store<f32>(at(least, tip), value);
  store<i32>(at(seen, tip), load<i32>(at(version, slot)));
  return slot;
}

/** Brings the row of a slot up to date with the unions made since. */
function refresh(slot: i32): void {
  const since = load<i32>(at(fresh, slot));
  const row = rowOf(slot);
  let last = since;
  for (let u = unionCount - 1; u >= 0; u--) {
    const other = load<i32>(at(unions, u));
    const when = load<i32>(at(born, other));
    if (when <= since) break;
    last = max(last, when);
    store<f32>(at(row, other), load<f32>(at(rowOf(other), slot)));
  }
  store<i32>(at(fresh, slot), last);
}

function forget(slot: i32): void {
  if (load<i32>(at(born, slot)) == 0) return;
  let u = unionCount - 1;
  while (load<i32>(at(unions, u)) != slot) u--;
  unionCount--;
  memory.copy(at(unions, u), at(unions, u + 1), <usize>(unionCount - u) << 2);
}

/** Merges slot j into slot i < j by Lance-Williams, and finds the union's nearest. */
function unite(i: i32, j: i32, when: i32): void {
  refresh(i), refresh(j);
  const rowI = rowOf(i), rowJ = rowOf(j);
  const si = load<f32>(at(size, i)), sj = load<f32>(at(size, j));
  const ni = f32x4.splat(si), nj = f32x4.splat(sj), nij = f32x4.splat(si + sj);
  const dij = v128.load32_splat(at(rowI, j));
  store<f32>(at(penalty, j), Infinity);
  store<i32>(at(version, j), load<i32>(at(version, j)) + 1);
  store<i32>(at(version, i), load<i32>(at(version, i)) + 1);
  store<f32>(at(rowI, i), Infinity);
  let low = f32x4.splat(Infinity);
  const end = <usize>((slots + 3) & ~3) << 2;
  for (let k: usize = 0; k < end; k += 16) {
    const dead = v128.load(penalty + k);
    const nk = v128.load(size + k), dik = v128.load(rowI + k), djk = v128.load(rowJ + k);
    const sum = f32x4.add(f32x4.mul(f32x4.add(ni, nk), dik), f32x4.mul(f32x4.add(nj, nk), djk));
    const d = f32x4.div(f32x4.sub(sum, f32x4.mul(nk, dij)), f32x4.add(nij, nk));
    const union = f32x4.pmax(f32x4.pmin(dik, djk), d);
    v128.store(rowI + k, union);
    low = f32x4.pmin(low, f32x4.add(union, dead));
  }
  store<f32>(at(rowI, i), Infinity);
  store<f32>(at(size, i), si + sj);
  forget(i), forget(j);
  store<i32>(at(born, i), when);
  store<i32>(at(fresh, i), when);
  store<i32>(at(unions, unionCount++), i);
  const value = smallest(low);
  if (value < Infinity) remember(i, value);
}

/** Drops dead slots in place; rows and columns only ever move towards the start. */
function squeeze(live: i32): void {
  let p = 0;
  for (let slot = 0; slot < slots; slot++) {
    store<i32>(at(newSlot, slot), p);
    if (load<f32>(at(penalty, slot)) == 0) store<i32>(at(oldSlot, p++), slot);
  }
  const shorter = <usize>((live + 7) & ~7) << 2;
  let out = matrix;
  for (p = 0; p < live; p++, out += shorter) {
    const slot = load<i32>(at(oldSlot, p));
    const row = rowOf(slot);
    for (let q = 0; q < live; q++) store<f32>(at(out, q), load<f32>(at(row, load<i32>(at(oldSlot, q)))));
    store<f32>(at(size, p), load<f32>(at(size, slot)));
    store<i32>(at(name, p), load<i32>(at(name, slot)));
    store<f32>(at(least, p), load<f32>(at(least, slot)));
    store<i32>(at(version, p), load<i32>(at(version, slot)));
    store<i32>(at(seen, p), load<i32>(at(seen, slot)));
    store<i32>(at(near, p), load<i32>(at(near, slot)));
    store<i32>(at(born, p), load<i32>(at(born, slot)));
    store<i32>(at(fresh, p), load<i32>(at(fresh, slot)));
  }
  for (p = 0; p < live; p++) {
    const known = load<i32>(at(near, p));
    if (known < 0) continue;
    const kept = load<f32>(at(penalty, known)) == 0;
    store<i32>(at(near, p), kept ? load<i32>(at(newSlot, known)) : -1);
  }
  for (let u = 0; u < unionCount; u++) store<i32>(at(unions, u), load<i32>(at(newSlot, load<i32>(at(unions, u)))));
  for (let q = 0; q < depth; q++) store<i32>(at(chained, q), load<i32>(at(newSlot, load<i32>(at(chained, q)))));
  memory.fill(penalty, 0, <usize>live << 2);
  for (p = live; p < ((live + 7) & ~7); p++) store<f32>(at(penalty, p), Infinity);
  stride = shorter, slots = live;
}
