import { type ActiveClusters, type Clusterer, createClusterer } from '../cluster/clusterer.js';
import { PinnersageError } from '../errors.js';
import { hexOf } from '../math/hash.js';
import { U32Map } from '../math/u32map.js';
import { dayMs } from '../model/action.js';
import { InterestColumns, idWords } from '../model/columns.js';
import type { Interest } from '../model/profile.js';
import { assignIds, type InterestIdentity, newIdWords, type Published } from './identity.js';
import type { ProfileOptions } from './options.js';
import type { Points } from './points.js';

/** The points of one user: see `Points` for order and offsets. */
export type InferPoints = Pick<Points, 'itemKeys' | 'actionOffsets' | 'times' | 'weights'>;

export interface InferInput extends InferPoints {
  /** Row-major, one row per point. */
  readonly vectors: Float32Array;
}

export interface InferOptions extends Pick<ProfileOptions, 'alpha' | 'lambda' | 'repeats'> {
  readonly identity: InterestIdentity;
}

/** Memory of `inferWith` and `inferColumns`, used again for the next user. */
export class InferScratch {
  readonly map = new U32Map();
  readonly columns: InterestColumns;
  /** By cluster, in the order of the clusterer. */
  ids = new Uint32Array(64);
  importances = new Float64Array(32);
  /** Clusters by falling importance. */
  readonly ranks: number[] = [];

  constructor(columns = new InterestColumns()) {
    this.columns = columns;
  }

  reserve(clusters: number): void {
    this.ranks.length = 0;
    for (let cluster = 0; cluster < clusters; cluster++) this.ranks.push(cluster);
    if (clusters <= this.importances.length) return;
    this.ids = new Uint32Array(4 * clusters);
    this.importances = new Float64Array(2 * clusters);
  }
}

/**
 * What: one user's interests from that user's points: Ward clusters at α, each with medoid, importance and a lasting id.
 * Source: algorithm.md §2 and §3 (doi:10.1145/3394486.3403280).
 * Convention: interests by falling importance, ties to the lower id; members in point order. Under `repeats: count` a
 * point's size is the number of its actions, under `distinct` it is 1. Medoid ties: more actions, then the later
 * action, then the lower index.
 * Shapes and units: n points with n rows of `vectors`; times in epoch ms, λ per day, α a squared distance.
 * Preconditions and errors: vectors finite, else `vector-invalid`; `vectors.length` a multiple of n, else
 * `dimension-mismatch`; α > 0, else `option-invalid`. No points, no interests.
 * Time and memory: that of the clusterer, O(n² d) and O(n²), plus O(actions).
 * Departures from the paper: points that merge only above α are interests of one item; ids last (both ours).
 * Checked by: test/profile/infer.test.ts (by hand, and against a plain twin).
 */
export function inferInterests(
  input: InferInput,
  asOfMs: number,
  options: InferOptions,
  published: readonly Published[] = [],
): Interest[] {
  const { vectors, itemKeys } = input;
  const n = itemKeys.length;
  if (n === 0) return [];
  if (vectors.length === 0 || vectors.length % n !== 0)
    throw new PinnersageError(
      'dimension-mismatch',
      `vectors: got ${vectors.length} numbers for ${n} points, expected a multiple`,
    );
  const clusterer = createClusterer(vectors.length / n);
  clusterer.vectors(n).set(vectors);
  return inferWith(clusterer, new InferScratch(), input, asOfMs, options, published);
}

/** `inferInterests` with memory that is used again; the caller has filled the first n rows of `clusterer.vectors(n)`. */
export function inferWith(
  clusterer: Clusterer,
  scratch: InferScratch,
  points: InferPoints,
  asOfMs: number,
  options: InferOptions,
  published: readonly Published[] = [],
): Interest[] {
  inferColumns(clusterer, scratch, points, asOfMs, options, published);
  return interestsOf(scratch.columns);
}

/** `inferWith` for millions of users: the interests are in the scratch's columns, and nothing is allocated for them. */
export function inferColumns(
  clusterer: Clusterer,
  scratch: InferScratch,
  points: InferPoints,
  asOfMs: number,
  options: InferOptions,
  published: readonly Published[] = [],
): void {
  const { itemKeys } = points;
  const { columns } = scratch;
  columns.count = 0;
  if (itemKeys.length === 0) return;
  const { alpha, lambda, repeats, identity } = options;
  const sized = repeats === 'count';
  const decay = { asOf: asOfMs, unit: dayMs, lambda };
  const found = clusterer.active(itemKeys.length, points, { alpha, sized, ...decay });
  scratch.reserve(found.count);
  identify(scratch, found, itemKeys, identity, published);
  rank(scratch, found);
  columns.reserve(found.count, itemKeys.length);
  let end = 0;
  for (const cluster of scratch.ranks) end = append(columns, end, scratch, found, cluster, itemKeys, sized);
}

/** The interests of columns, as objects that last. Their members and counts share a buffer: many small ones cost more. */
export function interestsOf(columns: InterestColumns): Interest[] {
  const { count, ids, medoids, sizes, importances, lastActionAt, ends } = columns;
  const total = count === 0 ? 0 : ends[count - 1];
  const buffer = new ArrayBuffer(8 * total);
  const allMembers = new Uint32Array(buffer, 0, total);
  const allCounts = new Uint32Array(buffer, 4 * total, total);
  allMembers.set(columns.members.subarray(0, total));
  allCounts.set(columns.counts.subarray(0, total));
  const interests: Interest[] = [];
  for (let i = 0, from = 0; i < count; from = ends[i], i++) {
    interests.push({
      id: hexOf({ high: ids[2 * i], low: ids[2 * i + 1] }),
      medoid: medoids[i],
      importance: importances[i],
      size: sizes[i],
      lastActionAt: lastActionAt[i],
      members: allMembers.subarray(from, ends[i]),
      counts: allCounts.subarray(from, ends[i]),
    });
  }
  return interests;
}

/** Fits a float32 that is no infinity. */
export function asWeight(decayed: number): number {
  return Math.min(largestFloat, decayed);
}

const largestFloat = 3.4028234663852886e38;

/** Falling importance, ties to the lower id. */
export function byImportance(a: Interest, b: Interest): number {
  return b.importance - a.importance || (a.id < b.id ? -1 : 1);
}

function identify(
  scratch: InferScratch,
  { count, order, starts }: ActiveClusters,
  itemKeys: Uint32Array,
  identity: InterestIdentity,
  published: readonly Published[],
): void {
  const { ids, map } = scratch;
  if (published.length === 0 && newIdWords(ids, { count, order, starts, itemKeys }, identity, map)) return;
  const members = Array.from({ length: count }, (_, cluster) =>
    Uint32Array.from(order.subarray(starts[cluster], starts[cluster + 1]), (point) => itemKeys[point]),
  );
  assignIds(members, identity, published, map).forEach((id, cluster) => {
    ids.set(idWords(id), 2 * cluster);
  });
}

/** Sums up what the members' actions come to, and ranks the clusters by it, ties to the lower id. */
function rank(
  { ids, importances, ranks }: InferScratch,
  { count, order, starts, decayed }: ActiveClusters,
): void {
  for (let cluster = 0; cluster < count; cluster++) {
    let importance = 0;
    for (let i = starts[cluster]; i < starts[cluster + 1]; i++) importance += decayed[order[i]];
    importances[cluster] = importance;
  }
  ranks.sort(
    (a, b) => importances[b] - importances[a] || ids[2 * a] - ids[2 * b] || ids[2 * a + 1] - ids[2 * b + 1],
  );
}

/** Appends a cluster as the next interest, whose members begin at `from`; returns where they end. */
function append(
  columns: InterestColumns,
  from: number,
  { ids, importances }: InferScratch,
  { medoids, order, starts, counts, decayed, lastTimes }: ActiveClusters,
  cluster: number,
  itemKeys: Uint32Array,
  sized: boolean,
): number {
  const interest = columns.count++;
  let to = from;
  let size = 0;
  let lastActionAt = Number.NEGATIVE_INFINITY;
  for (let i = starts[cluster]; i < starts[cluster + 1]; i++, to++) {
    const point = order[i];
    columns.members[to] = itemKeys[point];
    columns.counts[to] = counts[point];
    columns.weights[to] = asWeight(decayed[point]);
    size += sized ? counts[point] : 1;
    if (lastTimes[point] > lastActionAt) lastActionAt = lastTimes[point];
  }
  columns.ids[2 * interest] = ids[2 * cluster];
  columns.ids[2 * interest + 1] = ids[2 * cluster + 1];
  columns.medoids[interest] = itemKeys[medoids[cluster]];
  columns.importances[interest] = importances[cluster];
  columns.sizes[interest] = size;
  columns.lastActionAt[interest] = lastActionAt;
  columns.ends[interest] = to;
  return to;
}
