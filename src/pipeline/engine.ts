import type { Recommendation } from '../model/candidate.js';
import type { Filter } from '../model/filter.js';
import type { Item } from '../model/item.js';
import type {
  ActionPage,
  Erasure,
  ItemNeighbors,
  LoggedRecommendation,
  RankReport,
  UserEmbeddings,
  UserExport,
  UserInterests,
} from '../model/serving.js';
import type { BatchOptions, BatchReport } from './batch.js';
import type { PutReport } from './put.js';
import type { RecommendOptions } from './recommend.js';
import type { VerifyReport } from './verify.js';

/** What a request for candidates may say; see `RecommendOptions`. The clock is the engine's. */
export type RecommendRequest = Omit<RecommendOptions, 'nowMs' | 'space'>;

/** What a batch inside the engine may be told. The clock is the engine's. */
export type BatchRequest = Pick<
  BatchOptions,
  'full' | 'space' | 'windowDays' | 'alpha' | 'lambda' | 'workers'
>;

/** What is going on, for health checks and metrics. */
export interface EngineStatus {
  /** Whether requests can be answered; false while starting and while draining. */
  readonly ready: boolean;
  readonly activeSpace: string | null;
  readonly items: number;
  readonly users: number;
  readonly actions: number;
  readonly maxSeq: number;
  /** The last batch of the active space. */
  readonly batch: {
    readonly generation: number;
    readonly asOf: string;
    readonly users: number;
    readonly maxSeq: number;
  } | null;
  /** Whether a batch runs now. */
  readonly batchRunning: boolean;
  readonly serving: 'index' | 'exact scan' | 'nothing';
  /** Bytes of actions and items that wait to be written, and what is taken at most. */
  readonly queuedBytes: number;
  readonly queueLimitBytes: number;
  readonly neighborCache: { readonly answers: number; readonly hits: number; readonly misses: number };
  /** Index searches made for requests since the start, and the time of these alone. */
  readonly searches: { readonly count: number; readonly seconds: number };
  readonly userCache: { readonly users: number; readonly hits: number; readonly misses: number };
  /** Answers by where the interests came from, since the start. */
  readonly answers: { readonly [source: string]: number };
  /** Recommendations that wait to be written to their log, and that were dropped because too many did. */
  readonly recommendationsQueued: number;
  readonly recommendationsDropped: number;
  /** The last comparison of a sample of users with a recompute: after a batch, or on demand. */
  readonly verified: VerifyReport | null;
}

/**
 * A data directory that is written and read at the same time: one writer thread that makes everything durable, threads
 * that search, and the calling thread that answers. What a method has resolved for is on disk and seen by the next call.
 * All methods reject with `PinnersageError`; `overloaded` (503) asks to try again later.
 */
export interface Engine {
  /** A JSON array of actions, as bytes. Resolves when they are durable. */
  appendActions(json: Uint8Array): Promise<PutReport>;
  /** A JSON array of items `{itemId, embedding?, metadata?}`, as bytes. They can be found at once. */
  putItems(json: Uint8Array): Promise<PutReport>;
  item(itemId: string): Item | null;
  /** Whether there was such an item. It is never returned again from here on. */
  deleteItem(itemId: string): Promise<boolean>;
  /** @throws `item-unknown`, also where it has no vector. */
  neighbors(
    itemId: string,
    options: { readonly count: number; readonly filter?: Filter; readonly pool?: string },
  ): Promise<ItemNeighbors>;
  /** Of a user nobody knows: no interests, `source: 'none'`. */
  interests(userId: string, options: { readonly members?: boolean }): Promise<UserInterests>;
  /** @throws `cursor-invalid` (option-invalid) for a cursor that this method did not give. */
  actions(userId: string, options: { readonly limit: number; readonly cursor?: string }): ActionPage;
  recommend(userId: string, request: RecommendRequest): Promise<Recommendation>;
  /** The same as JSON in UTF-8, which is how it is made: for who sends it on. */
  recommendJson(userId: string, request: RecommendRequest): Promise<Uint8Array>;
  /** What was answered before. @throws `recommendation-unknown`. */
  recommendation(userId: string, recommendationId: string): Promise<LoggedRecommendation>;
  rank(userId: string, itemIds: readonly string[]): Promise<RankReport>;
  embeddings(userId: string): Promise<UserEmbeddings>;
  /** @throws `user-unknown`. */
  exportUser(userId: string): Promise<UserExport>;
  /** Removes everything of a user for good. @throws `user-unknown`. */
  eraseUser(userId: string): Promise<Erasure>;
  /** Computes all profiles while answering goes on. @throws `batch-running` (409). */
  batch(request: BatchRequest): Promise<BatchReport>;
  /** Gives up a batch or an index that is being made: the batch rejects with `interrupted`, and none is begun any more. */
  interrupt(): Promise<void>;
  status(): EngineStatus;
  /** Finishes what was accepted, then releases the directory. */
  close(): Promise<void>;
  /** Recomputes a sample of users from the log. */
  verify(options: { readonly users?: number; readonly seed?: number }): Promise<VerifyReport>;
}

export interface EngineOptions {
  readonly path: string;
  /** The clock, epoch ms. Default: the wall clock. */
  readonly now?: () => number;
  /** Threads that search and cluster. Default: one. */
  readonly searchThreads?: number;
  /** Bytes of actions and items that may wait for the writer. Default: 64 MiB. Beyond it: `overloaded`. */
  readonly queueLimitBytes?: number;
  /** Days that recommendations stay in their log; 0 for no log. Default: as configured (30). */
  readonly recommendationDays?: number;
  readonly onNote?: (note: string) => void;
}
