import type { Workspace } from '../math/vectors.js';
import { checkAlpha, checkNumbers, checkRuns, checkShape, checkSizes } from './check.js';
import type {
  ActiveClusters,
  ActiveOptions,
  Clusterer,
  FlatClusters,
  FlatOptions,
  PointActions,
} from './clusterer.js';
import { cutInto, type Partition } from './cut.js';
import { type Dendrogram, toDendrogram } from './dendrogram.js';
import { type Centred, centreRows, createEngine, type Engine, makeRoom } from './engine.js';
import { findComponents } from './filter.js';
import { maxMatrixPoints } from './layout.js';
import { mergeInLevels } from './levels.js';
import { chooseInto } from './medoid.js';
import { groupInto, mergeAll, mergeComponents, placeSizes } from './merge.js';

const empty = new Int32Array(0);
const nothing: FlatClusters = {
  count: 0,
  labels: empty,
  medoids: empty,
  order: empty,
  starts: new Int32Array(1),
};

/**
 * A clusterer served by the WebAssembly kernels, in float32 with the safeguards of docs/performance.md. Above
 * `matrixPoints` points the chain runs on cluster means instead of a matrix: slower, but memory stays O(n dim). Runs that fit a
 * workspace are computed there, the others in memory of its own.
 */
export function createKernelClusterer(
  dim: number,
  matrixPoints = maxMatrixPoints,
  workspace?: Workspace,
): Clusterer {
  checkShape(0, { n: 0, dim });
  const beside = workspace && createEngine(dim, matrixPoints, workspace);
  let own: Engine | undefined;
  let engine = beside ?? createEngine(dim, matrixPoints);
  let labels = new Int32Array(engine.layout.points);
  let medoids = new Int32Array(engine.layout.points);
  let weights = new Float64Array(engine.layout.points);
  let spreads = new Float64Array(engine.layout.points);

  function ownEngine(n: number, actions = 0): Engine {
    own ??= engine === beside ? createEngine(dim, matrixPoints) : engine;
    makeRoom(own, n, actions);
    return own;
  }

  function vectors(n: number): Float32Array {
    engine = beside && makeRoom(beside, n) ? beside : ownEngine(n);
    if (n > labels.length) {
      const points = Math.max(n, Math.ceil(labels.length * 1.5));
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
    if (n === 0) return nothing;
    if (n === 1) return alone();
    const centred = centreRows(engine, n);
    const { scale } = centred;
    const alpha = options.alpha * scale * scale;
    const parted = !options.whole && findComponents(engine, centred, alpha);
    const merges = parted
      ? mergeComponents(engine, centred, labels, options.sizes)
      : mergeTogether(engine, centred, labels, options);
    const count = cutInto(labels, engine.views, n, alpha, merges);
    const partition = { count, labels: labels.subarray(0, n) };
    offsetsOf(engine, n, scale, partition, { sizes: options.sizes, parted });
    chooseInto(medoids, engine.views.offsets, partition, n, options, { weights, spreads });
    const { order, starts } = engine.views;
    return { count, labels: partition.labels, medoids: medoids.subarray(0, count), order, starts };
  }

  /** Of one point, which has no distances that numbers could be too large or too small for. */
  function alone(): FlatClusters {
    const { x, order, starts } = engine.views;
    checkNumbers(x, { n: 1, dim });
    for (const array of [labels, medoids, order, starts]) array[0] = 0;
    starts[1] = 1;
    return { count: 1, labels: labels.subarray(0, 1), medoids: medoids.subarray(0, 1), order, starts };
  }

  function active(
    n: number,
    { actionOffsets, times, weights: actionWeights }: PointActions,
    { alpha, sized, asOf, unit, lambda }: ActiveOptions,
  ): ActiveClusters {
    checkRuns(actionOffsets, n, Math.min(times.length, actionWeights.length));
    if (!makeRoom(engine, n, times.length)) {
      const rows = engine.views.x.subarray(0, n * dim);
      engine = ownEngine(n, times.length);
      engine.views.x.set(rows);
    }
    const { kernel, layout, views } = engine;
    views.actionOffsets.set(actionOffsets);
    views.times.set(times);
    views.actionWeights.set(actionWeights);
    const { actionOffsets: offsets, counts, lasts, sums } = layout;
    kernel.weighActions(
      n,
      offsets,
      layout.times,
      layout.actionWeights,
      asOf,
      unit,
      lambda,
      counts,
      lasts,
      sums,
    );
    const ties = { alpha, counts: views.counts, lastTimes: views.lasts };
    // Field by field: an object spread is slow where every user takes one.
    const { count, labels, medoids, order, starts } = flat(
      n,
      sized ? { ...ties, sizes: views.counts } : ties,
    );
    const { counts: each, lasts: lastTimes, sums: decayed } = views;
    return { count, labels, medoids, order, starts, counts: each, lastTimes, decayed };
  }

  function tree(n: number, sizes?: ArrayLike<number>): Dendrogram {
    check(n, sizes);
    if (n === 0) return toDendrogram(engine.views, 0);
    const centred = centreRows(engine, n);
    const { scale } = centred;
    if (!mergeInLevels(engine, centred, labels, sizes)) mergeAll(engine, centred, sizes);
    const dendrogram = toDendrogram(engine.views, n);
    for (let m = 0; m < n - 1; m++) dendrogram.heights[m] /= scale * scale;
    return dendrogram;
  }

  return { dim, vectors, flat, active, tree };
}

/** All merges, the quickest way there is; how many. */
function mergeTogether(
  engine: Engine,
  centred: Centred,
  labels: Int32Array,
  { sizes, whole }: FlatOptions,
): number {
  if (!whole && mergeInLevels(engine, centred, labels, sizes)) return centred.n - 1;
  return mergeAll(engine, centred, sizes);
}

/** What tells a cluster's medoid: the squared distance of every point to its mean, or to all its members together. */
function offsetsOf(
  engine: Engine,
  n: number,
  scale: number,
  { labels, count }: Partition,
  { sizes, parted }: { readonly sizes: ArrayLike<number> | undefined; readonly parted: boolean },
): void {
  const { kernel, layout, views } = engine;
  groupInto(views.order, views.starts, labels, n, count);
  const sized = placeSizes(engine, n, sizes);
  kernel.offsets(
    layout.x,
    engine.dim,
    scale,
    layout.order,
    layout.starts,
    count,
    sized,
    layout.centre,
    parted ? layout.homes : 0,
    layout.places,
    layout.offsets,
  );
}
