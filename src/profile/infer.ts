import { type ActiveClusters, type Clusterer, createClusterer } from '../cluster/clusterer.js';
import { PinnersageError } from '../errors.js';
import { U32Map } from '../math/u32map.js';
import { dayMs } from '../model/action.js';
import type { Interest } from '../model/profile.js';
import { assignIds, type InterestIdentity, type Published } from './identity.js';
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

/** Memory of `inferWith`, used again for the next user. */
export class InferScratch {
  readonly map = new U32Map();
  /** Of the last run; lasts until the clusterer runs again. */
  clusters: ActiveClusters | undefined;
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

/**
 * `inferInterests` for millions of users: the caller has filled the first n rows of `clusterer.vectors(n)`, and what is
 * allocated is what is returned.
 */
export function inferWith(
  clusterer: Clusterer,
  scratch: InferScratch,
  points: InferPoints,
  asOfMs: number,
  options: InferOptions,
  published: readonly Published[] = [],
): Interest[] {
  const { itemKeys } = points;
  if (itemKeys.length === 0) return [];
  const { alpha, lambda, repeats, identity } = options;
  const sized = repeats === 'count';
  const decay = { asOf: asOfMs, unit: dayMs, lambda };
  const found = clusterer.active(itemKeys.length, points, { alpha, sized, ...decay });
  scratch.clusters = found;
  const members = membersOf(found, itemKeys);
  const ids = assignIds(members, identity, published, scratch.map);
  const interests: Interest[] = [];
  for (let cluster = 0; cluster < members.length; cluster++)
    interests.push(interestOf(found, cluster, members[cluster], ids[cluster], itemKeys, sized));
  return interests.sort(byImportance);
}

/**
 * What the actions of each member come to, by interest and member, written to `weights`; `interests` are those of the
 * last run of `inferWith`.
 */
export function weighMembers(
  weights: Float32Array,
  { clusters }: InferScratch,
  interests: readonly Interest[],
): void {
  if (!clusters) return;
  const { order, decayed } = clusters;
  let at = 0;
  for (const { members } of interests) {
    // They lie in one buffer, in the order of the clusters.
    const from = members.byteOffset / 4;
    for (let i = 0; i < members.length; i++) weights[at++] = asWeight(decayed[order[from + i]]);
  }
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

/** The item keys of every cluster, one behind another in a buffer of two numbers a point: many small ones cost more. */
function membersOf({ count, order, starts }: ActiveClusters, itemKeys: Uint32Array): Uint32Array[] {
  const all = new Array<Uint32Array>(count);
  const buffer = new ArrayBuffer(8 * itemKeys.length);
  for (let cluster = 0; cluster < count; cluster++) {
    const from = starts[cluster];
    const members = new Uint32Array(buffer, 4 * from, starts[cluster + 1] - from);
    for (let i = 0; i < members.length; i++) members[i] = itemKeys[order[from + i]];
    all[cluster] = members;
  }
  return all;
}

function interestOf(
  { medoids, order, starts, counts, decayed, lastTimes }: ActiveClusters,
  cluster: number,
  members: Uint32Array,
  id: string,
  itemKeys: Uint32Array,
  sized: boolean,
): Interest {
  const from = starts[cluster];
  // Counts lie behind the members of all clusters.
  const acted = new Uint32Array(members.buffer, 4 * (itemKeys.length + from), members.length);
  let importance = 0;
  let size = 0;
  let lastActionAt = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < members.length; i++) {
    const point = order[from + i];
    acted[i] = counts[point];
    size += sized ? counts[point] : 1;
    importance += decayed[point];
    if (lastTimes[point] > lastActionAt) lastActionAt = lastTimes[point];
  }
  return { id, medoid: itemKeys[medoids[cluster]], importance, size, lastActionAt, members, counts: acted };
}
