import type { Centred, Engine } from './engine.js';

/** Merges of all points, heights in units of scale²; how many there are. */
export function mergeAll(engine: Engine, { n, scale, z }: Centred, sizes?: ArrayLike<number>): number {
  const { kernel, layout, dim } = engine;
  const { norms, depth, x, a, b, heights } = layout;
  kernel.mergeRows(z, norms, 0, n, depth, x, dim, scale, placeSizes(engine, n, sizes), a, b, heights);
  return Math.max(0, n - 1);
}

/** Merges inside the components that `findComponents` left in `parents`; how many there are. Uses up `labels`. */
export function mergeComponents(
  engine: Engine,
  { n, scale, z }: Centred,
  labels: Int32Array,
  sizes?: ArrayLike<number>,
): number {
  const { kernel, layout, views, dim } = engine;
  const { parents } = views;
  let components = 0;
  for (let i = 0; i < n; i++) labels[i] = parents[i] === i ? components++ : labels[parents[i]];
  groupInto(views.order, views.starts, labels, n, components);
  const { norms, order, starts, depth, x, kept, homes, places, a, b, heights } = layout;
  return kernel.mergeParts(
    z,
    norms,
    order,
    starts,
    components,
    depth,
    x,
    dim,
    scale,
    placeSizes(engine, n, sizes),
    kept,
    homes,
    places,
    a,
    b,
    heights,
  );
}

/** Where the kernel finds the sizes of points: 0 where all are 1. */
export function placeSizes({ layout, views }: Engine, n: number, sizes?: ArrayLike<number>): number {
  if (sizes === undefined) return 0;
  for (let i = 0; i < n; i++) views.sizes[i] = sizes[i];
  return layout.sizes;
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
