// Ward of some rows, and of every component for itself: by matrix, or by means where the matrix would be too large.
//
// Source: algorithm.md §2; docs/performance.md (the exact split). Convention: squared heights; merges name rows by their
// place in the list, or, of components, by point.
import { chain } from './chain';
import { chainFew } from './chainfew';
import { between, weigh } from './distances';
import { fewPoints } from './few';
import { mergeRounds } from './rounds';

// Scratch of one engine (src/cluster/layout.ts), given once.
let zeros: usize = 0, panels: usize = 0, listed: usize = 0, scratch: usize = 0, weights: usize = 0;
let columns: usize = 0, panel: usize = 0, matrix: usize = 0, matrixPoints: i32 = 0, keptPoints: i32 = 0;

/** Where scratch lies; runs of more than `points` points keep no matrix, components of more than `mostKept` no distances. */
export function place(
  depth: i32, zerosAt: usize, panelsAt: usize, listedAt: usize, scratchAt: usize, weightsAt: usize, columnsAt: usize,
  panelAt: usize, matrixAt: usize, points: i32, mostKept: i32,
): void {
  zeros = zerosAt, panels = panelsAt, listed = listedAt, scratch = scratchAt, weights = weightsAt;
  columns = columnsAt, panel = panelAt, matrix = matrixAt, matrixPoints = points, keptPoints = min(mostKept, points);
  memory.fill(zeros, 0, <usize>depth << 2);
}

/** The n × n distances of some rows (kernels/distances.ts), into the matrix. */
export function matrixOf(
  z: usize, norms: usize, list: usize, n: i32, depth: i32, x: usize, dim: i32, scale: f32,
): void {
  between(z, norms, list, n, depth, matrix, (n + 7) & ~7, x, dim, scale, zeros, panels, listed, scratch);
}

/**
 * The n − 1 merges of rows list[0 … n − 1] (0 … n − 1 where list is 0) of z, whose squared norms are norms[row] and sizes
 * sizes[row] (1 where sizes is 0); the original rows are at x.
 */
export function mergeRows(
  z: usize, norms: usize, list: usize, n: i32, depth: i32, x: usize, dim: i32, scale: f32, sizes: usize,
  a: usize, b: usize, heights: usize,
): void {
  merge(z, norms, list, n, depth, x, dim, scale, sizes, 0, a, b, heights);
}

/** Copies the matrix to `kept` before it is used up, unless that is 0. */
function merge(
  z: usize, norms: usize, list: usize, n: i32, depth: i32, x: usize, dim: i32, scale: f32, sizes: usize, kept: usize,
  a: usize, b: usize, heights: usize,
): void {
  for (let i = 0; i < ((n + 7) & ~7); i++) {
    const row = list && i < n ? load<i32>(list + (<usize>i << 2)) : i;
    store<f32>(weights + (<usize>i << 2), sizes && i < n ? load<f32>(sizes + (<usize>row << 2)) : 1);
  }
  if (n > matrixPoints) {
    const bytes = <usize>depth << 2;
    for (let i = 0; i < n; i++) {
      const row = list ? load<i32>(list + (<usize>i << 2)) : i;
      memory.copy(panels + <usize>i * bytes, z + <usize>row * bytes, bytes);
    }
    mergeRounds(panels, depth, n, weights, columns, matrix, panel, zeros, scratch, a, b, heights);
    return;
  }
  matrixOf(z, norms, list, n, depth, x, dim, scale);
  const stride = (n + 7) & ~7;
  if (sizes) weigh(matrix, stride, n, weights);
  if (kept) memory.copy(kept, matrix, <usize>(n * stride) << 2);
  if (n == 2) {
    store<i32>(a, 0), store<i32>(b, 1), store<f64>(heights, <f64>load<f32>(matrix, 4));
    return;
  }
  if (n <= fewPoints) chainFew(matrix, stride, n, weights, columns, a, b, heights);
  else chain(matrix, stride, n, weights, columns, a, b, heights);
}

/**
 * Merges inside components order[starts[c] … starts[c + 1]) for c below `count`; how many. Distances in components of few
 * points of size 1 are kept: homes[i] is where row i's are, 0 where they are not, places[i] the offset of its column. `kept`
 * is room for `keptPoints` numbers, rounded up to 8, a point.
 */
export function mergeParts(
  z: usize, norms: usize, order: usize, starts: usize, count: i32, depth: i32, x: usize, dim: i32, scale: f32,
  sizes: usize, kept: usize, homes: usize, places: usize, a: usize, b: usize, heights: usize,
): i32 {
  let merges = 0;
  const points = load<i32>(starts + (<usize>count << 2));
  memory.fill(homes, 0, <usize>points << 2);
  for (let c = 0; c < count; c++) {
    const start = load<i32>(starts + (<usize>c << 2));
    const n = load<i32>(starts + (<usize>c << 2), 4) - start;
    if (n == 1) continue;
    const list = order + (<usize>start << 2), at = <usize>merges << 2;
    const keeps = !sizes && n > 2 && n <= keptPoints;
    merge(z, norms, list, n, depth, x, dim, scale, sizes, keeps ? kept : 0, a + at, b + at, heights + (at << 1));
    if (keeps) kept = settle(list, n, kept, homes, places);
    for (const end = merges + n - 1; merges < end; merges++) {
      const p = a + (<usize>merges << 2), q = b + (<usize>merges << 2);
      store<i32>(p, load<i32>(list + (<usize>load<i32>(p) << 2)));
      store<i32>(q, load<i32>(list + (<usize>load<i32>(q) << 2)));
    }
  }
  return merges;
}

/** Says where the kept distances of a component's rows are; returns what is behind them. */
function settle(list: usize, n: i32, kept: usize, homes: usize, places: usize): usize {
  const row = <usize>((n + 7) & ~7) << 2;
  for (let m: usize = 0, end = <usize>n << 2; m < end; m += 4, kept += row) {
    const i = <usize>load<i32>(list + m) << 2;
    store<f32>(kept + m, 0);
    store<i32>(homes + i, <i32>kept);
    store<i32>(places + i, <i32>m);
  }
  return kept;
}
