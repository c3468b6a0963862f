import { type ActionLog, scanMemory } from '../actions/log.js';
import { type Clusterer, createClusterer } from '../cluster/clusterer.js';
import type { Hash64 } from '../math/hash.js';
import { type ActionType, dayMs, type UserLog } from '../model/action.js';
import { type EmbeddingTable, type UserKey, vectorOf } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import { InferScratch, inferWith } from '../profile/infer.js';
import type { ProfileOptions } from '../profile/options.js';
import { collectPoints, type LeftOut, PointScratch, type Points } from '../profile/points.js';
import { clusterBasis, runBasis, weighAgain } from '../profile/reuse.js';
import { encodeInterests } from '../store/codec.js';
import type { Generation, ProfileEntry, ProfileStore } from '../store/profiles.js';

/** Everything that a batch run fixes for all users; shared with worker threads, so only data and shared arrays. */
export interface BatchPlan {
  readonly asOf: number;
  /** Actions accepted after this one belong to the next run. */
  readonly maxSeq: number;
  readonly options: ProfileOptions;
  readonly types: readonly ActionType[];
  readonly table: EmbeddingTable;
  readonly space: string;
  readonly spaceGeneration: number;
  /** Item number → place of its id in byte order. */
  readonly idRank: Uint32Array;
  /** Whether every user is clustered again, also where that cannot change the clusters. */
  readonly full: boolean;
}

export interface FailedUser {
  readonly user: UserKey;
  readonly message: string;
}

/** What became of users `from … to−1`. */
export interface ChunkResult {
  readonly entries: readonly ProfileEntry[];
  /** Interests per entry. */
  readonly interestCounts: readonly number[];
  readonly failed: readonly FailedUser[];
  /** Users with at least one interest action of any age. */
  readonly active: number;
  /** Users whose stored clusters still hold. */
  readonly reused: number;
  readonly leftOut: LeftOut;
  /** Milliseconds inside the clusterer, and in all. */
  readonly clusterMs: number;
  readonly totalMs: number;
}

/** Decayed popularity is summed in multiples of this, so that the sum does not depend on the order of users. */
const popularityUnit = 2 ** -20;

/** One thread's share of a batch: its own memory, used again for every user. */
export class ChunkRunner {
  private readonly plan: BatchPlan;
  private readonly log: ActionLog;
  private readonly store: ProfileStore;
  private readonly popularity: Float64Array;
  private readonly clusterer: Clusterer;
  /** The generation that this run continues: nobody else writes meanwhile. */
  private readonly before: Generation | null;
  private readonly basis: Hash64;
  private clusterMs = 0;
  private readonly memory = scanMemory();
  private readonly points = new PointScratch();
  private readonly scratch = new InferScratch();

  /** `popularity`: per item, the decayed weight of all actions, in units of 2⁻²⁰; added to. */
  constructor(plan: BatchPlan, log: ActionLog, store: ProfileStore, popularity: Float64Array) {
    this.plan = plan;
    this.log = log;
    this.store = store;
    this.popularity = popularity;
    this.clusterer = createClusterer(plan.table.dim);
    this.before = store.current();
    this.basis = runBasis(plan.space, plan.spaceGeneration, plan.options);
  }

  run(from: UserKey, to: UserKey): ChunkResult {
    const started = performance.now();
    this.clusterMs = 0;
    const entries: ProfileEntry[] = [];
    const interestCounts: number[] = [];
    const failed: FailedUser[] = [];
    const leftOut = { role: 0, afterAsOf: 0, outsideWindow: 0, unembedded: 0, truncated: 0 };
    let active = 0;
    let reused = 0;
    this.visitUsers(from, to, failed, (user, log) => {
      const points = this.collect(log);
      addTo(leftOut, points.leftOut);
      if (log.length > points.leftOut.role) active++;
      if (points.itemKeys.length === 0) return;
      const { interests, basis, isReused } = this.interestsOf(user, points);
      addPopularity(this.popularity, points, this.plan.asOf, this.plan.options.lambda);
      if (isReused) reused++;
      entries.push({ user, bytes: encodeInterests(interests, basis) });
      interestCounts.push(interests.length);
    });
    const times = { clusterMs: this.clusterMs, totalMs: performance.now() - started };
    return { entries, interestCounts, failed, active, reused, leftOut, ...times };
  }

  /** One poisonous user fails alone: where the common scan stops, the rest is visited user by user. */
  private visitUsers(
    from: UserKey,
    to: UserKey,
    failed: FailedUser[],
    visit: (user: UserKey, log: UserLog) => void,
  ): void {
    let next = from;
    const guarded = (user: UserKey, log: UserLog): void => {
      next = user + 1;
      try {
        visit(user, log);
      } catch (error) {
        failed.push({ user, message: messageOf(error) });
      }
    };
    try {
      this.log.scan(from, to, guarded, this.memory);
      return;
    } catch {
      // The scan does not say whose bytes it could not read; the scans below do.
    }
    for (let user = next; user < to; user++) {
      try {
        this.log.scan(user, user + 1, guarded, this.memory);
      } catch (error) {
        failed.push({ user, message: messageOf(error) });
      }
    }
  }

  private collect(log: UserLog): Points {
    const { plan } = this;
    const { options, types, table, idRank } = plan;
    return collectPoints(
      upToSeq(log, plan.maxSeq),
      plan.asOf,
      {
        windowDays: options.windowDays,
        types,
        maxItems: options.maxItemsPerUser,
        hasVector: (item) => item < table.rowOfItem.length && table.rowOfItem[item] >= 0,
        idRank,
      },
      this.points,
    );
  }

  /** The stored clusters where their basis is still the same, weighed again; else new ones. */
  private interestsOf(
    user: UserKey,
    points: Points,
  ): { interests: readonly Interest[]; basis: string; isReused: boolean } {
    const { table, options, asOf, full } = this.plan;
    const stored = this.before && this.store.stored(this.before, user);
    const basis = clusterBasis(this.basis, points, table.rowOfItem);
    const isReused = !full && stored?.basis === basis;
    const interests = isReused
      ? weighAgain(stored.interests, points, asOf, options.lambda, this.scratch.map)
      : this.infer(user, points, stored?.interests ?? []);
    return { interests, basis, isReused };
  }

  private infer(user: UserKey, points: Points, published: readonly Interest[]): Interest[] {
    const started = performance.now();
    const { table, options, asOf, space, spaceGeneration } = this.plan;
    const n = points.itemKeys.length;
    const matrix = this.clusterer.vectors(n);
    for (let i = 0; i < n; i++) {
      const vector = vectorOf(table, points.itemKeys[i]);
      if (vector) matrix.set(vector, i * table.dim);
    }
    const identity = { user: this.log.users.idOf(user), space, generation: spaceGeneration };
    const interests = inferWith(
      this.clusterer,
      this.scratch,
      points,
      asOf,
      { ...options, identity },
      published,
    );
    this.clusterMs += performance.now() - started;
    return interests;
  }
}

type Counts = { -readonly [reason in keyof LeftOut]: number };

function addTo(sum: Counts, more: LeftOut): void {
  sum.role += more.role;
  sum.afterAsOf += more.afterAsOf;
  sum.outsideWindow += more.outsideWindow;
  sum.unembedded += more.unembedded;
  sum.truncated += more.truncated;
}

/** Adds a user's actions, each decayed by its age at `asOf`, to `sums` per item, in units of 2⁻²⁰. */
export function addPopularity(sums: Float64Array, points: Points, asOf: number, lambda: number): void {
  const { itemKeys, actionOffsets, times, weights } = points;
  for (let i = 0; i < itemKeys.length; i++) {
    for (let a = actionOffsets[i]; a < actionOffsets[i + 1]; a++) {
      const decayed = weights[a] * Math.exp((-lambda * (asOf - times[a])) / dayMs);
      sums[itemKeys[i]] += Math.round(decayed / popularityUnit);
    }
  }
}

/** Items by falling popularity, ties to the lower number; items nobody acted on are left out. */
export function rankPopularity(sums: Float64Array): { items: Uint32Array; scores: Float64Array } {
  const items = Uint32Array.from(sums.keys()).filter((item) => sums[item] > 0);
  items.sort((a, b) => sums[b] - sums[a] || a - b);
  return { items, scores: Float64Array.from(items, (item) => sums[item] * popularityUnit) };
}

/** The log without what was accepted after `maxSeq`; the log itself where that is all of it. */
function upToSeq(log: UserLog, maxSeq: number): UserLog {
  let newer = false;
  for (let i = 0; i < log.length && !newer; i++) newer = log.seqs[i] > maxSeq;
  if (!newer) return log;
  const rows = Uint32Array.from({ length: log.length }, (_, i) => i).filter((i) => log.seqs[i] <= maxSeq);
  return {
    length: rows.length,
    items: Uint32Array.from(rows, (i) => log.items[i]),
    times: Float64Array.from(rows, (i) => log.times[i]),
    types: Uint16Array.from(rows, (i) => log.types[i]),
    weights: Float32Array.from(rows, (i) => log.weights[i]),
    seqs: Float64Array.from(rows, (i) => log.seqs[i]),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
