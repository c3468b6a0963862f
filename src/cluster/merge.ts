import type { Centred, Engine } from './engine.js';
import { roundUp } from './layout.js';

/** Merges of all points, heights in units of scale²; how many there are. */
export function mergeAll(engine: Engine, centred: Centred, sizes?: ArrayLike<number>): number {
  const { n } = centred;
  mergeSome(engine, centred, { list: 0, count: n, at: 0 }, sizes);
  return Math.max(0, n - 1);
}

/** Merges inside the components that `findComponents` left in `parents`; how many there are. Uses up `labels`. */
export function mergeComponents(
  engine: Engine,
  centred: Centred,
  labels: Int32Array,
  sizes?: ArrayLike<number>,
): number {
  const { layout, views } = engine;
  const { order, starts, parents, a, b } = views;
  const { n } = centred;
  let components = 0;
  for (let i = 0; i < n; i++) labels[i] = parents[i] === i ? components++ : labels[parents[i]];
  groupInto(order, starts, labels, n, components);
  let merges = 0;
  for (let c = 0; c < components; c++) {
    const start = starts[c];
    const count = starts[c + 1] - start;
    if (count === 1) continue;
    mergeSome(engine, centred, { list: layout.order + 4 * start, count, at: merges }, sizes);
    // Named within the component so far.
    for (const end = merges + count - 1; merges < end; merges++) {
      a[merges] = order[start + a[merges]];
      b[merges] = order[start + b[merges]];
    }
  }
  return merges;
}

/** Some rows of x: rows list[0 … count − 1], or the first `count` where the pointer `list` is 0; merges go to place `at`. */
interface Rows {
  readonly list: number;
  readonly count: number;
  readonly at: number;
}

function mergeSome(engine: Engine, { scale }: Centred, rows: Rows, sizes?: ArrayLike<number>): void {
  sizesOf(engine, rows, sizes);
  const { list, count, at } = rows;
  const { x, gap } = engine.layout;
  mergeRows(engine, { list, count, at, x, gap, scale, sized: sizes !== undefined });
}

/** Rows in memory: at `x`, to be multiplied by `scale`; `gap` is a row that centres to zeros. */
interface PlacedRows extends Rows {
  readonly x: number;
  readonly gap: number;
  readonly scale: number;
  /** Whether `layout.sizes` holds anything but ones. */
  readonly sized: boolean;
}

/** Merges of rows whose sizes are in `layout.sizes`, by matrix or, where that would be too large, by means. */
export function mergeRows(engine: Engine, rows: PlacedRows): void {
  const { kernel, layout, dim } = engine;
  const { list, count, at, x, gap, scale } = rows;
  const { mean, depth, panels, norms, tile, matrix, columns } = layout;
  const a = layout.a + 4 * at;
  const b = layout.b + 4 * at;
  const heights = layout.heights + 8 * at;
  if (count > engine.matrixPoints) {
    kernel.centred(x, list, count, dim, scale, mean, depth, panels);
    kernel.meansChain(panels, depth, count, layout.sizes, columns, a, b, heights);
    return;
  }
  const stride = roundUp(count, 8);
  kernel.pack(x, list, count, dim, scale, mean, gap, depth, panels, norms);
  kernel.distances(panels, norms, count, depth, matrix, stride, x, list, dim, scale, tile);
  if (rows.sized) kernel.weigh(matrix, stride, count, layout.sizes);
  kernel.chain(matrix, stride, count, layout.sizes, columns, a, b, heights);
}

function sizesOf({ layout, views }: Engine, { list, count }: Rows, sizes?: ArrayLike<number>): void {
  if (sizes === undefined) {
    views.sizes.fill(1, 0, count);
    return;
  }
  const first = (list - layout.order) / 4;
  for (let i = 0; i < count; i++) views.sizes[i] = sizes[list === 0 ? i : views.order[first + i]];
}

/** Points cluster by cluster: cluster c is order[starts[c] … starts[c + 1]), in the order of points. */
export function groupInto(
  order: Int32Array,
  starts: Int32Array,
  labels: Int32Array,
  n: number,
  count: number,
): void {
  starts.fill(0, 0, count + 1);
  for (let i = 0; i < n; i++) starts[labels[i] + 1]++;
  for (let c = 0; c < count; c++) starts[c + 1] += starts[c];
  for (let i = 0; i < n; i++) order[starts[labels[i]]++] = i;
  starts.copyWithin(1, 0, count);
  starts[0] = 0;
}
