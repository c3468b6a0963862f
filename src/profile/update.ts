import type { Clusterer } from '../cluster/clusterer.js';
import { createMedoidScratch, medoidsInto } from '../cluster/medoid.js';
import { U32Map } from '../math/u32map.js';
import type { UserLog } from '../model/action.js';
import type { ItemKey } from '../model/item.js';
import type { Interest, Profile } from '../model/profile.js';
import { assignIds } from './identity.js';
import { importanceOfRun } from './importance.js';
import { byImportance, type InferOptions, type InferPoints } from './infer.js';
import type { ProfileOptions } from './options.js';
import { decayTo } from './sample.js';

/** Where an item is in the space. */
export type VectorOf = (item: ItemKey) => ArrayLike<number>;

/** The space the profile lives in. */
export interface OnlineSpace {
  readonly vectorOf: VectorOf;
  /** For vectors of this space; its memory is overwritten. */
  readonly clusterer: Clusterer;
}

/** A stored profile with the mean of every interest: row i of `means` is that of `profile.interests[i]`. */
export interface StoredClusters {
  readonly profile: Profile;
  /** Row-major, one row per interest; see `interestMeans`. */
  readonly means: Float32Array;
}

/** The points of the actions since the profile was stored, and the last of their sequence numbers. */
export interface News extends InferPoints {
  readonly maxSeq: number;
}

/**
 * How to answer for a user now (algorithm.md §5): from the stored profile as it is where nothing is new; by reclustering
 * the whole window where it is small enough or the news are too many; else by the overlay.
 */
export function planOnline(
  newActions: number,
  itemsInWindow: number,
  { onlineExactItems, onlineActions }: Pick<ProfileOptions, 'onlineExactItems' | 'onlineActions'>,
): 'stored' | 'exact' | 'overlay' {
  if (newActions === 0) return 'stored';
  return itemsInWindow <= onlineExactItems || newActions > onlineActions ? 'exact' : 'overlay';
}

/** The rows accepted after `maxSeq`, in the order of the log. */
export function actionsSince(log: UserLog, maxSeq: number): UserLog {
  return rowsWhere(log, (seq) => seq > maxSeq);
}

/** The rows accepted up to `maxSeq`, in the order of the log; the log itself where that is all of it. */
export function actionsUpTo(log: UserLog, maxSeq: number): UserLog {
  for (let row = 0; row < log.length; row++)
    if (log.seqs[row] > maxSeq) return rowsWhere(log, (seq) => seq <= maxSeq);
  return log;
}

function rowsWhere(log: UserLog, isWanted: (seq: number) => boolean): UserLog {
  const rows: number[] = [];
  for (let row = 0; row < log.length; row++) if (isWanted(log.seqs[row])) rows.push(row);
  return {
    length: rows.length,
    items: Uint32Array.from(rows, (row) => log.items[row]),
    times: Float64Array.from(rows, (row) => log.times[row]),
    types: Uint16Array.from(rows, (row) => log.types[row]),
    weights: Float32Array.from(rows, (row) => log.weights[row]),
    seqs: Float64Array.from(rows, (row) => log.seqs[row]),
  };
}

/** The mean of every interest's members, weighted by their actions under `repeats: count`. */
export function interestMeans(
  interests: readonly Interest[],
  dim: number,
  vectorOf: VectorOf,
  repeats: ProfileOptions['repeats'],
): Float32Array {
  const means = new Float32Array(interests.length * dim);
  interests.forEach(({ members, counts, size }, interest) => {
    const sum = new Float64Array(dim);
    members.forEach((item, member) => {
      const vector = vectorOf(item);
      const weight = repeats === 'count' ? counts[member] : 1;
      for (let k = 0; k < dim; k++) sum[k] += weight * vector[k];
    });
    for (let k = 0; k < dim; k++) means[interest * dim + k] = sum[k] / size;
  });
  return means;
}

/**
 * What: a profile with the actions since it was stored, without reclustering: the online half of the paper's lambda
 * architecture.
 * Source: algorithm.md §5 (doi:10.1145/3394486.3403280: the 20 most recent actions since the batch; how they join is not
 * published and is ours).
 * Convention: stored clusters enter Ward as (mean, size), never as their medoid; items that are new to the user enter as
 * points; an action on a stored member joins its cluster. Clusters that nothing joined keep medoid and members.
 * A changed cluster's medoid is sought among all its members; among stored ones of equal standing the stored medoid
 * stays, since only its interest's last action is known. Members: stored ones first, then new ones in point order.
 * Without news the profile is returned as it is, decayed to `asOfMs`. The result is for answering, never for storing:
 * the next batch replaces it.
 * Shapes and units: f new items on k interests; vectors of `clusterer.dim` numbers; times in epoch ms.
 * Preconditions: `options` are those the profile was inferred with; `news` the points of `actionsSince(log,
 * profile.maxSeq)` at `asOfMs`; `vectorOf` knows every member.
 * Time and memory: O((k + f)² d) for the clusters and O(members · d) for the medoids of the changed ones.
 * Departures: actions that have left the window since the batch stay until the next one.
 * Checked by: test/profile/update.test.ts (by hand; against full recomputes: equal where nothing stored would have moved).
 */
export function overlayProfile(
  { profile, means }: StoredClusters,
  news: News,
  asOfMs: number,
  options: InferOptions,
  { vectorOf, clusterer }: OnlineSpace,
): Profile {
  const base = decayTo(profile, asOfMs, options.lambda);
  if (news.itemKeys.length === 0) return base;
  const { dim } = clusterer;
  const parts = partsOf(base, means, dim);
  addNews(parts, news, base.asOf, options, vectorOf);
  const clusters = joinParts(parts, profile.interests.length, clusterer, options.alpha);
  const members = clusters.map((cluster) => Uint32Array.from(cluster.items));
  const ids = assignIds(members, options.identity, profile.interests);
  const interests = clusters.map((cluster, i) => ({
    id: ids[i],
    medoid: cluster.changed ? medoidOf(cluster, dim, options.repeats, vectorOf) : cluster.medoid,
    importance: cluster.importance,
    size: cluster.size,
    lastActionAt: cluster.lastActionAt,
    members: members[i],
    counts: Uint32Array.from(cluster.counts),
  }));
  return { ...base, maxSeq: news.maxSeq, interests: interests.sort(byImportance) };
}

/** What enters Ward as one point, a stored interest or a new item, and what comes out of it. */
interface Part {
  readonly mean: Float64Array;
  readonly items: number[];
  readonly counts: number[];
  readonly lastTimes: number[];
  medoid: number;
  size: number;
  importance: number;
  lastActionAt: number;
  changed: boolean;
}

/** Stands for the last action of a stored member, which only its interest knows: before every known one. */
const longAgo = -Number.MAX_VALUE;

function partsOf({ interests }: Profile, means: Float32Array, dim: number): Part[] {
  return interests.map((interest, i) => {
    const items = [...interest.members];
    return {
      mean: Float64Array.from(means.subarray(i * dim, (i + 1) * dim)),
      items,
      counts: [...interest.counts],
      lastTimes: items.map((item) => (item === interest.medoid ? interest.lastActionAt : longAgo)),
      medoid: interest.medoid,
      size: interest.size,
      importance: interest.importance,
      lastActionAt: interest.lastActionAt,
      changed: false,
    };
  });
}

/** Actions on stored members join their part; every other item becomes a part of its own, in point order. */
function addNews(
  parts: Part[],
  news: News,
  asOfMs: number,
  { lambda, repeats }: InferOptions,
  vectorOf: VectorOf,
): void {
  const partOf = new U32Map();
  partOf.reset(parts.reduce((sum, part) => sum + part.items.length, 0));
  parts.forEach((part, i) => {
    for (const item of part.items) partOf.getOrSet(item, i);
  });
  news.itemKeys.forEach((item, point) => {
    const from = news.actionOffsets[point];
    const to = news.actionOffsets[point + 1];
    const known = partOf.get(item);
    const part = known === -1 ? emptyPart(item, vectorOf(item)) : parts[known];
    if (known === -1) parts.push(part);
    const member = part.items.indexOf(item);
    const gained = repeats === 'count' ? to - from : part.counts[member] === 0 ? 1 : 0;
    moveMean(part, vectorOf(item), gained);
    part.counts[member] += to - from;
    part.lastTimes[member] = Math.max(part.lastTimes[member], ...news.times.subarray(from, to));
    part.lastActionAt = Math.max(part.lastActionAt, part.lastTimes[member]);
    part.importance += importanceOfRun(news.times, news.weights, from, to, asOfMs, lambda);
    part.changed = true;
  });
}

function emptyPart(item: ItemKey, vector: ArrayLike<number>): Part {
  return {
    mean: new Float64Array(vector.length),
    items: [item],
    counts: [0],
    lastTimes: [longAgo],
    medoid: item,
    size: 0,
    importance: 0,
    lastActionAt: longAgo,
    changed: true,
  };
}

/** The mean after `gained` more copies of `vector`. */
function moveMean(part: Part, vector: ArrayLike<number>, gained: number): void {
  if (gained === 0) return;
  part.size += gained;
  for (let k = 0; k < vector.length; k++) part.mean[k] += (gained / part.size) * (vector[k] - part.mean[k]);
}

/** Ward over the parts; where no item is new, nothing is clustered: an action on a member joins that member's part. */
function joinParts(parts: Part[], stored: number, clusterer: Clusterer, alpha: number): Part[] {
  if (parts.length === stored) return parts;
  const rows = clusterer.vectors(parts.length);
  for (const [i, part] of parts.entries()) rows.set(part.mean, i * clusterer.dim);
  const sizes = parts.map((part) => part.size);
  const { count, labels } = clusterer.flat(parts.length, { alpha, sizes });
  const joined = new Array<Part | undefined>(count).fill(undefined);
  for (const [i, part] of parts.entries()) {
    const cluster = joined[labels[i]];
    joined[labels[i]] = cluster === undefined ? part : union(cluster, part);
  }
  return joined.filter((cluster) => cluster !== undefined);
}

/** `mean` and `medoid` of a union are not needed: the medoid is sought anew. */
function union(a: Part, b: Part): Part {
  return {
    mean: a.mean,
    items: [...a.items, ...b.items],
    counts: [...a.counts, ...b.counts],
    lastTimes: [...a.lastTimes, ...b.lastTimes],
    medoid: a.medoid,
    size: a.size + b.size,
    importance: a.importance + b.importance,
    lastActionAt: Math.max(a.lastActionAt, b.lastActionAt),
    changed: true,
  };
}

function medoidOf(
  { items, counts, lastTimes }: Part,
  dim: number,
  repeats: ProfileOptions['repeats'],
  vectorOf: VectorOf,
): ItemKey {
  const n = items.length;
  const x = new Float32Array(n * dim);
  for (const [i, item] of items.entries()) x.set(vectorOf(item), i * dim);
  const medoid = new Int32Array(1);
  const flat = { count: 1, labels: new Int32Array(n) };
  const weighing = repeats === 'count' ? { counts, lastTimes, sizes: counts } : { counts, lastTimes };
  medoidsInto(medoid, x, { n, dim }, flat, weighing, createMedoidScratch(n, dim));
  return items[medoid[0]];
}
