import { type Clusterer, createClusterer, type FlatClusters } from '../cluster/clusterer.js';
import { PinnersageError } from '../errors.js';
import { U32Map } from '../math/u32map.js';
import type { Interest } from '../model/profile.js';
import { assignIds, type InterestIdentity, type Published } from './identity.js';
import { importanceOfRun } from './importance.js';
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

/** Memory of `inferWith`, grown on demand and used again for the next user. */
export class InferScratch {
  /** Per point: its actions and the time of the last one. */
  counts = new Uint32Array(0);
  lastTimes = new Float64Array(0);
  /** Per cluster: its members so far. */
  filled = new Uint32Array(0);
  readonly map = new U32Map();

  reserve(points: number): void {
    if (points <= this.counts.length) return;
    const size = Math.max(64, 2 * this.counts.length, points);
    this.counts = new Uint32Array(size);
    this.lastTimes = new Float64Array(size);
    this.filled = new Uint32Array(size);
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
  const n = points.itemKeys.length;
  if (n === 0) return [];
  scratch.reserve(n);
  measurePoints(points, scratch);
  const { counts, lastTimes } = scratch;
  const weighing = { alpha: options.alpha, counts, lastTimes };
  const flat = clusterer.flat(n, options.repeats === 'count' ? { ...weighing, sizes: counts } : weighing);
  const drafts = draftClusters(flat, points, scratch);
  fillDrafts(drafts, flat.labels, points, scratch, asOfMs, options);
  const ids = assignIds(
    drafts.map((draft) => draft.members),
    options.identity,
    published,
    scratch.map,
  );
  const interests = drafts.map((draft, cluster) => ({ id: ids[cluster], ...draft }));
  return interests.sort(byImportance);
}

/** Falling importance, ties to the lower id. */
export function byImportance(a: Interest, b: Interest): number {
  return b.importance - a.importance || (a.id < b.id ? -1 : 1);
}

type Draft = { -readonly [field in keyof Omit<Interest, 'id'>]: Interest[field] };

/** Actions and last action of every point, for sizes and medoid ties. */
function measurePoints(
  { itemKeys, actionOffsets, times }: InferPoints,
  { counts, lastTimes }: InferScratch,
): void {
  for (let point = 0; point < itemKeys.length; point++) {
    let last = Number.NEGATIVE_INFINITY;
    for (let i = actionOffsets[point]; i < actionOffsets[point + 1]; i++) last = Math.max(last, times[i]);
    counts[point] = actionOffsets[point + 1] - actionOffsets[point];
    lastTimes[point] = last;
  }
}

/** One empty interest per cluster, with room for exactly its members. */
function draftClusters(flat: FlatClusters, points: InferPoints, { filled }: InferScratch): Draft[] {
  filled.fill(0, 0, flat.count);
  for (let point = 0; point < points.itemKeys.length; point++) filled[flat.labels[point]]++;
  const drafts = Array.from({ length: flat.count }, (_, cluster) => ({
    medoid: points.itemKeys[flat.medoids[cluster]],
    importance: 0,
    size: 0,
    lastActionAt: Number.NEGATIVE_INFINITY,
    members: new Uint32Array(filled[cluster]),
    counts: new Uint32Array(filled[cluster]),
  }));
  filled.fill(0, 0, flat.count);
  return drafts;
}

function fillDrafts(
  drafts: Draft[],
  labels: Int32Array,
  points: InferPoints,
  { counts, lastTimes, filled }: InferScratch,
  asOfMs: number,
  { lambda, repeats }: InferOptions,
): void {
  const { itemKeys, actionOffsets, times, weights } = points;
  for (let point = 0; point < itemKeys.length; point++) {
    const draft = drafts[labels[point]];
    const member = filled[labels[point]]++;
    draft.members[member] = itemKeys[point];
    draft.counts[member] = counts[point];
    draft.size += repeats === 'count' ? counts[point] : 1;
    draft.lastActionAt = Math.max(draft.lastActionAt, lastTimes[point]);
    const from = actionOffsets[point];
    draft.importance += importanceOfRun(times, weights, from, from + counts[point], asOfMs, lambda);
  }
}
