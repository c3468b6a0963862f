// Ward by nearest-neighbour chain without a matrix: every cluster is held as (mean, size).
//
// Source: algorithm.md §2, d = 2 ni nj / (ni + nj) ‖μi − μj‖²; memory O(n·dim), time O(n²·dim). For users whose n² matrix
// would not fit. Convention: as kernels/chain.ts; a height is never below those of its parts.
// Shapes: `means` n rows of `depth` float32 (a multiple of 4), already centred, consumed; `columns` eight of n numbers.

let rows: usize = 0, rowBytes: usize = 0, weights: usize = 0, living: usize = 0, liveCount: i32 = 0;
let near: usize = 0, least: usize = 0, seen: usize = 0, version: usize = 0, reached: usize = 0;
let chained: usize = 0, depthOfChain: i32 = 0;

@inline function at(column: usize, slot: i32): usize {
  return column + (<usize>slot << 2);
}

export function meansChain(
  means: usize, depth: i32, n: i32, sizes: usize, columns: usize, a: usize, b: usize, heights: usize,
): void {
  start(means, depth, n, sizes, columns);
  for (let m = 0; m < n - 1; m++) {
    if (depthOfChain == 0) push(load<i32>(living));
    let tip = load<i32>(at(chained, depthOfChain - 1));
    let before = depthOfChain > 1 ? load<i32>(at(chained, depthOfChain - 2)) : -1;
    for (;;) {
      const next = nearest(tip);
      if (before >= 0 && between(tip, before) <= load<f32>(at(least, tip))) break;
      push(next);
      before = tip, tip = next;
    }
    depthOfChain -= 2;
    const i = min(tip, before), j = max(tip, before);
    const height = max(between(i, j), max(load<f32>(at(reached, i)), load<f32>(at(reached, j))));
    store<i32>(at(a, m), i);
    store<i32>(at(b, m), j);
    store<f64>(heights + (<usize>m << 3), <f64>height);
    unite(i, j, height);
  }
}

function start(means: usize, depth: i32, n: i32, sizes: usize, columns: usize): void {
  rows = means, rowBytes = <usize>depth << 2, weights = sizes, liveCount = n, depthOfChain = 0;
  const column = <usize>n << 2;
  memory.fill(columns, 0, 7 * column);
  near = columns, least = columns + column, seen = columns + 2 * column, version = columns + 3 * column;
  reached = columns + 4 * column, living = columns + 5 * column, chained = columns + 6 * column;
  for (let i = 0; i < n; i++) {
    store<i32>(at(living, i), i);
    store<i32>(at(near, i), -1);
  }
}

function push(slot: i32): void {
  store<i32>(at(chained, depthOfChain++), slot);
}

function between(i: i32, j: i32): f32 {
  const wi = load<f32>(at(weights, i)), wj = load<f32>(at(weights, j));
  let p = rows + <usize>i * rowBytes, q = rows + <usize>j * rowBytes;
  let even = f32x4.splat(0), odd = even;
  const end = p + rowBytes;
  for (; p + 16 < end; p += 32, q += 32) {
    const s = f32x4.sub(v128.load(p), v128.load(q)), t = f32x4.sub(v128.load(p, 16), v128.load(q, 16));
    even = f32x4.add(even, f32x4.mul(s, s));
    odd = f32x4.add(odd, f32x4.mul(t, t));
  }
  if (p < end) {
    const s = f32x4.sub(v128.load(p), v128.load(q));
    even = f32x4.add(even, f32x4.mul(s, s));
  }
  even = f32x4.add(even, odd);
  const sum = f32x4.extract_lane(even, 0) + f32x4.extract_lane(even, 1) +
    (f32x4.extract_lane(even, 2) + f32x4.extract_lane(even, 3));
  return <f32>2 * wi * wj / (wi + wj) * sum;
}

/** The live cluster nearest to `tip`, the first of equals, from the cache while it holds. */
function nearest(tip: i32): i32 {
  const known = load<i32>(at(near, tip));
  if (known >= 0 && load<i32>(at(version, known)) == load<i32>(at(seen, tip))) return known;
  let best = -1;
  let low: f32 = Infinity;
  for (let p = 0; p < liveCount; p++) {
    const other = load<i32>(at(living, p));
    if (other == tip) continue;
    const d = between(tip, other);
    if (d < low) low = d, best = other;
  }
  store<i32>(at(near, tip), best);
  store<f32>(at(least, tip), low);
  store<i32>(at(seen, tip), load<i32>(at(version, best)));
  return best;
}

function unite(i: i32, j: i32, height: f32): void {
  const wi = load<f32>(at(weights, i)), wj = load<f32>(at(weights, j));
  const share = f32x4.splat(wj / (wi + wj));
  const p = rows + <usize>i * rowBytes, q = rows + <usize>j * rowBytes;
  for (let k: usize = 0; k < rowBytes; k += 16) {
    const mean = v128.load(p + k);
    v128.store(p + k, f32x4.add(mean, f32x4.mul(share, f32x4.sub(v128.load(q + k), mean))));
  }
  store<f32>(at(weights, i), wi + wj);
  store<f32>(at(reached, i), height);
  store<i32>(at(version, i), load<i32>(at(version, i)) + 1);
  store<i32>(at(version, j), load<i32>(at(version, j)) + 1);
  let low = 0;
  for (let high = liveCount; low < high;) {
    const middle = (low + high) >> 1;
    if (load<i32>(at(living, middle)) < j) low = middle + 1;
    else high = middle;
  }
  liveCount--;
  memory.copy(at(living, low), at(living, low + 1), <usize>(liveCount - low) << 2);
}
