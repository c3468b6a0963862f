import { checkAlpha, checkShape, checkSizes } from './check.js';
import type { Clusterer, FlatClusters, FlatOptions } from './clusterer.js';
import { cutInto, type Partition } from './cut.js';
import { type Dendrogram, toDendrogram } from './dendrogram.js';
import { createEngine, type Engine, makeRoom, packAll } from './engine.js';
import { maxMatrixPoints, roundUp } from './layout.js';
import { chooseInto } from './medoid.js';

/**
 * A clusterer served by the WebAssembly kernels, in float32 with the safeguards of docs/performance.md. Above
 * `matrixPoints` points the chain runs on cluster means instead of a matrix: slower, but memory stays O(n dim).
 */
export function createKernelClusterer(dim: number, matrixPoints = maxMatrixPoints): Clusterer {
  checkShape(0, { n: 0, dim });
  const engine = createEngine(dim, matrixPoints);
  let labels = new Int32Array(engine.layout.points);
  let medoids = new Int32Array(engine.layout.points);
  let weights = new Float64Array(engine.layout.points);
  let spreads = new Float64Array(engine.layout.points);

  function vectors(n: number): Float32Array {
    makeRoom(engine, n);
    const { points } = engine.layout;
    if (points > labels.length) {
      labels = new Int32Array(points);
      medoids = new Int32Array(points);
      weights = new Float64Array(points);
      spreads = new Float64Array(points);
    }
    return engine.views.x.subarray(0, n * dim);
  }

  function check(n: number, sizes: ArrayLike<number> | undefined): void {
    checkShape(engine.views.x.length, { n, dim });
    checkSizes(sizes, n);
  }

  function flat(n: number, options: FlatOptions): FlatClusters {
    checkAlpha(options.alpha);
    check(n, options.sizes);
    if (n === 0) return { count: 0, labels: labels.subarray(0, 0), medoids: medoids.subarray(0, 0) };
    const scale = packAll(engine, n);
    mergeAll(engine, n, scale, options.sizes);
    const count = cutInto(labels, engine.views, n, options.alpha * scale * scale);
    const partition = { count, labels: labels.subarray(0, n) };
    offsetsOf(engine, n, scale, partition, options.sizes);
    chooseInto(medoids, engine.views.offsets, partition, n, options, { weights, spreads });
    return { ...partition, medoids: medoids.subarray(0, count) };
  }

  function tree(n: number, sizes?: ArrayLike<number>): Dendrogram {
    check(n, sizes);
    if (n === 0) return toDendrogram(engine.views, 0);
    const scale = packAll(engine, n);
    mergeAll(engine, n, scale, sizes);
    const dendrogram = toDendrogram(engine.views, n);
    for (let m = 0; m < n - 1; m++) dendrogram.heights[m] /= scale * scale;
    return dendrogram;
  }

  return { dim, vectors, flat, tree };
}

/** All merges of the packed rows, in units of scale². */
function mergeAll(engine: Engine, n: number, scale: number, sizes: ArrayLike<number> | undefined): void {
  const { kernel, layout, views } = engine;
  const { panels, norms, depth, matrix, x, mean, tile, columns, a, b, heights } = layout;
  if (sizes === undefined) views.sizes.fill(1, 0, n);
  else for (let i = 0; i < n; i++) views.sizes[i] = sizes[i];
  if (n > engine.matrixPoints) {
    kernel.centred(x, 0, n, engine.dim, scale, mean, depth, panels);
    kernel.meansChain(panels, depth, n, layout.sizes, columns, a, b, heights);
    return;
  }
  const stride = roundUp(n, 8);
  kernel.distances(panels, norms, n, depth, matrix, stride, x, 0, engine.dim, scale, tile);
  if (sizes !== undefined) kernel.weigh(matrix, stride, n, layout.sizes);
  kernel.chain(matrix, stride, n, layout.sizes, columns, a, b, heights);
}

/** The squared distance of every point to its cluster's mean. */
function offsetsOf(
  engine: Engine,
  n: number,
  scale: number,
  { labels, count }: Partition,
  sizes: ArrayLike<number> | undefined,
): void {
  const { kernel, layout, views } = engine;
  groupInto(views.order, views.starts, labels, count);
  // The chain has consumed the sizes.
  for (let i = 0; sizes !== undefined && i < n; i++) views.sizes[i] = sizes[i];
  const sized = sizes === undefined ? 0 : layout.sizes;
  kernel.offsets(
    layout.x,
    engine.dim,
    scale,
    layout.order,
    layout.starts,
    count,
    sized,
    layout.gap,
    layout.offsets,
  );
}

/** Points cluster by cluster: cluster c is order[starts[c] … starts[c + 1]), in the order of points. */
export function groupInto(order: Int32Array, starts: Int32Array, labels: Int32Array, count: number): void {
  starts.fill(0, 0, count + 1);
  for (let i = 0; i < labels.length; i++) starts[labels[i] + 1]++;
  for (let c = 0; c < count; c++) starts[c + 1] += starts[c];
  for (let i = 0; i < labels.length; i++) order[starts[labels[i]]++] = i;
  starts.copyWithin(1, 0, count);
  starts[0] = 0;
}
