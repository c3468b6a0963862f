import { type ActionLog, scanMemory } from '../actions/log.js';
import { type Clusterer, createClusterer } from '../cluster/clusterer.js';
import type { IdTable } from '../disk/ids.js';
import { type Hash64, hexOf } from '../math/hash.js';
import type { SharedMemory } from '../math/kernel.js';
import { createGather, type Gather } from '../math/vectors.js';
import type { ActionType, UserLog } from '../model/action.js';
import { type EmbeddingTable, hasVector, type UserKey } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import { InferScratch, inferColumns } from '../profile/infer.js';
import type { ProfileOptions } from '../profile/options.js';
import {
  type CollectOptions,
  collectPoints,
  newestTime,
  PointScratch,
  type Points,
} from '../profile/points.js';
import { clusterBasis, runBasis, weighAgain, weighMembersAgain } from '../profile/reuse.js';
import { actionsUpTo } from '../profile/update.js';
import { BlockBuilder, type ProfileBlock } from '../store/block.js';
import { encodeProfile, nothingLeftOut, type ProfileHead } from '../store/codec.js';
import type { Generation, ProfileStore } from '../store/profiles.js';
import { type Continuation, changedUsers, stillHolds } from './continuation.js';
import { PointReader } from './pointreader.js';
import { ProfileWriter } from './profilewriter.js';
import { type Counts, Tally } from './tally.js';
import { threadMs } from './threadtime.js';

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
  /** Whether every user is clustered again, also where that cannot change the clusters. */
  readonly full: boolean;
  /** The profiles of the run before, for ids that last and clusters that still hold. */
  readonly before: Generation | null;
  /** What lets users be left unread; null where all have to be read. */
  readonly continued: Continuation | null;
}

/** What chunks are computed from, and where the ids of items are. */
export interface ChunkSources {
  readonly plan: BatchPlan;
  readonly log: ActionLog;
  readonly store: ProfileStore;
  readonly itemIds: IdTable;
}

export interface FailedUser {
  readonly user: UserKey;
  readonly message: string;
}

/** What became of users `from … to−1`. */
export interface ChunkResult extends Counts {
  readonly block: ProfileBlock;
  readonly failed: readonly FailedUser[];
  /** Users whose log was read. */
  readonly read: number;
  /** Users whose stored clusters still hold, read or not. */
  readonly reused: number;
  /** Milliseconds that the thread computed, and the part of them inside the clusterer. */
  readonly threadMs: number;
  readonly clusterShare: number;
}

const noBasis = { high: 0, low: 0 };
const empty = {
  basis: hexOf(noBasis),
  weighedAt: 0,
  leftOut: nothingLeftOut,
  interests: [],
  weights: new Float32Array(0),
};
/** For a user of whom an older generation underneath has a profile that counts no longer. */
const noProfile = encodeProfile({ ...empty, changesAt: Number.POSITIVE_INFINITY });
/** For a user who failed: the next run tries again. */
const failedProfile = encodeProfile({ ...empty, changesAt: Number.NEGATIVE_INFINITY });

/** Actions that are read before their users are clustered. Speed only: what reads and what clusters share no cache. */
const readAhead = 32_768;

const idsAtOnce = 128;

interface ReadUser {
  readonly user: UserKey;
  readonly points: Points;
  readonly basis: Hash64;
  /** The time of the newest of the points' actions. */
  readonly newest: number;
}

/** One thread's share of a batch: its own memory, used again for every user. */
export class ChunkRunner {
  private readonly plan: BatchPlan;
  private readonly log: ActionLog;
  private readonly store: ProfileStore;
  private readonly clusterer: Clusterer;
  private readonly gather: Gather;
  private readonly basis: Hash64;
  private readonly collecting: Omit<CollectOptions, 'idRank'>;
  private readonly itemIds: IdTable;
  private ranks: Uint32Array | null = null;
  private readonly memory = scanMemory();
  private readonly reader: PointReader;
  /** For users whom the reader leaves. */
  private readonly points = new PointScratch();
  private readonly writer: ProfileWriter;
  private readonly scratch: InferScratch;
  /** Users who are read and not yet clustered, and how many actions they have. */
  private waiting: ReadUser[] = [];
  private waitingActions = 0;
  /** Of the members of a user whose clusters are taken over. */
  private weights = new Float32Array(1024);
  /** Of users from `firstId` on. */
  private ids: readonly (string | undefined)[] = [];
  private firstId = Number.POSITIVE_INFINITY;
  private readonly tally: Tally;
  private failed: FailedUser[] = [];
  private clusterMs = 0;
  private reused = 0;
  private read = 0;

  /** `writing`: from `createWriterMemory`; its popularity sums are added to. */
  constructor({ plan, log, store, itemIds }: ChunkSources, writing: SharedMemory) {
    this.plan = plan;
    this.log = log;
    this.store = store;
    this.itemIds = itemIds;
    this.clusterer = createClusterer(plan.table.dim, plan.table.vectors);
    this.gather = createGather(plan.table.vectors, plan.table.dim);
    this.basis = runBasis(plan.space, plan.spaceGeneration, plan.options);
    this.collecting = {
      windowDays: plan.options.windowDays,
      types: plan.types,
      maxItems: plan.options.maxItemsPerUser,
      hasVector: (item) => hasVector(plan.table, item),
    };
    const { asOf, maxSeq } = plan;
    const { rowOfItem } = plan.table;
    this.reader = new PointReader({
      ...this.collecting,
      asOf,
      maxSeq,
      rowOfItem,
      run: this.basis,
      idRank: () => this.idRank(),
      held: readAhead,
    });
    this.writer = new ProfileWriter(writing, rowOfItem.length);
    this.scratch = new InferScratch(this.writer.columns);
    this.tally = new Tally(plan.asOf, plan.options.lambda, this.writer);
  }

  /** `memory`: of a block that was put, to be used again. */
  run(from: UserKey, to: UserKey, memory?: SharedArrayBuffer): ChunkResult {
    const started = performance.now();
    const before = threadMs();
    this.clusterMs = 0;
    this.reused = 0;
    this.read = 0;
    this.failed = [];
    const block = new BlockBuilder(memory);
    const { continued } = this.plan;
    if (continued) this.continueUsers(continued, from, to, block);
    else this.readUsers(from, to, block);
    return {
      ...this.tally.take(),
      block: block.finish(),
      failed: this.failed.sort((a, b) => a.user - b.user),
      read: this.read,
      reused: this.reused,
      clusterShare: this.clusterMs / Math.max(1e-9, performance.now() - started),
      threadMs: threadMs() - before,
    };
  }

  /** Takes over what still holds and reads the logs of the other users. */
  private continueUsers(continued: Continuation, from: UserKey, to: UserKey, block: BlockBuilder): void {
    const due = changedUsers(this.log, continued.before.maxSeq, from, to);
    this.store.visit(continued.before, from, to, (user, bytes, number) => {
      if (due[user - from] === 1) return;
      const profile = this.tally.view(bytes);
      if (!profile || !stillHolds(profile, continued, this.plan.asOf)) {
        due[user - from] = 1;
        return;
      }
      if (this.tally.add(profile) > 0) this.reused++;
      if (number !== continued.base)
        block.add(user, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    });
    for (let user = from; user < to; user++) {
      if (due[user - from] === 0) continue;
      const first = user;
      while (user < to && due[user - from] === 1) user++;
      this.readUsers(first, user, block);
    }
    if (continued.base === null) return;
    const written = block.users();
    for (let user = from; user < to; user++)
      if (due[user - from] === 1 && !written.has(user)) block.add(user, noProfile);
  }

  private readUsers(from: UserKey, to: UserKey, block: BlockBuilder): void {
    const fail = (user: UserKey, error: unknown): void => {
      this.failed.push({ user, message: error instanceof Error ? error.message : String(error) });
      block.add(user, failedProfile);
    };
    const take = (user: UserKey, points: Points, basis: Hash64, newest: number): void => {
      this.read++;
      this.waiting.push({ user, points, basis, newest });
      this.waitingActions += points.times.length;
      if (this.waitingActions >= readAhead) this.finishUsers(block, fail);
    };
    const guarded = (user: UserKey, points: Points, basis: Hash64, newest: number): void => {
      try {
        take(user, points, basis, newest);
      } catch (error) {
        fail(user, error);
      }
    };
    const collect = (user: UserKey, log: UserLog): void => {
      const known = actionsUpTo(log, this.plan.maxSeq);
      if (known.length === 0) return;
      const options = { ...this.collecting, idRank: this.idRank() };
      const points = collectPoints(known, this.plan.asOf, options, this.points);
      this.points.hold(points);
      const basis = clusterBasis(this.basis, points, this.plan.table.rowOfItem);
      take(user, points, basis, newestTime(points));
    };
    for (const [first, end] of this.reader.read(this.log, from, to, guarded))
      this.visitUsers(first, end, collect, fail);
    this.finishUsers(block, fail);
  }

  /** Few logs need it: it is read when the first does. */
  private idRank(): Uint32Array {
    this.ranks ??= this.itemIds.ranks();
    return this.ranks;
  }

  /** Clusters who was read and writes their profiles. */
  private finishUsers(block: BlockBuilder, fail: (user: UserKey, error: unknown) => void): void {
    for (const one of this.waiting) {
      try {
        this.finishUser(one, block);
      } catch (error) {
        fail(one.user, error);
      }
    }
    this.waiting = [];
    this.waitingActions = 0;
    this.points.release();
    this.reader.release();
  }

  private finishUser(one: ReadUser, block: BlockBuilder): void {
    const { writer, tally } = this;
    const bytes = writer.write(this.infer(one));
    block.add(one.user, bytes);
    const profile = tally.view(writer.view, bytes.byteOffset);
    if (profile) tally.add(profile);
  }

  /** One poisonous user fails alone: where the common scan stops, the rest is visited user by user. */
  private visitUsers(
    from: UserKey,
    to: UserKey,
    visit: (user: UserKey, log: UserLog) => void,
    fail: (user: UserKey, error: unknown) => void,
  ): void {
    let next = from;
    const guarded = (user: UserKey, log: UserLog): void => {
      next = user + 1;
      try {
        visit(user, log);
      } catch (error) {
        fail(user, error);
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
        fail(user, error);
      }
    }
  }

  /**
   * Leaves a user's interests in the columns. Importances are as of the user's newest action, so that the bytes do not move
   * with the clock.
   */
  private infer(one: ReadUser): ProfileHead {
    const { leftOut, changesAtMs: changesAt, itemKeys } = one.points;
    this.scratch.columns.count = 0;
    if (itemKeys.length === 0) return { basis: noBasis, weighedAt: 0, changesAt, leftOut };
    const { full, before } = this.plan;
    const stored = before && this.store.stored(before, one.user);
    if (stored && !full && stored.basis === hexOf(one.basis)) this.weigh(one, stored.interests);
    else this.cluster(one, stored?.interests ?? []);
    return { basis: one.basis, weighedAt: one.newest, changesAt, leftOut };
  }

  /** The clusters that are stored, with the importances of now. */
  private weigh({ points, newest }: ReadUser, stored: readonly Interest[]): void {
    this.reused++;
    const { map, columns } = this.scratch;
    const { lambda } = this.plan.options;
    const n = points.itemKeys.length;
    if (n > this.weights.length) this.weights = new Float32Array(2 * n);
    const again = weighAgain(stored, points, newest, lambda, map);
    weighMembersAgain(this.weights, again, points, newest, lambda, map);
    columns.fill(again, this.weights);
  }

  /** Where all users are read, the ids of many are looked up at once. */
  private idOf(user: UserKey): string {
    const { users } = this.log;
    if (this.plan.continued) return users.idOf(user);
    if (user < this.firstId || user >= this.firstId + idsAtOnce) {
      this.firstId = user;
      this.ids = users.idsOf(user, user + idsAtOnce);
    }
    return this.ids[user - this.firstId] ?? users.idOf(user);
  }

  private cluster({ user, points, newest }: ReadUser, published: readonly Interest[]): void {
    const started = performance.now();
    const { table, options, space, spaceGeneration } = this.plan;
    const n = points.itemKeys.length;
    this.gather(this.clusterer.vectors(n), points.itemKeys, table.rowOfItem);
    const identity = { user: this.idOf(user), space, generation: spaceGeneration };
    const { alpha, lambda, repeats } = options;
    const given = { alpha, lambda, repeats, identity };
    inferColumns(this.clusterer, this.scratch, points, newest, given, published);
    this.clusterMs += performance.now() - started;
  }
}
