import type { ActionLog } from '../../actions/log.js';
import { findUser } from '../../actions/users.js';
import type { Catalog } from '../../catalog/catalog.js';
import type { Directory } from '../../disk/directory.js';
import { checkId } from '../../disk/ids.js';
import type { WriterLock } from '../../disk/lock.js';
import { PinnersageError } from '../../errors.js';
import type { Recommendation } from '../../model/candidate.js';
import type { Filter } from '../../model/filter.js';
import { type Item, vectorOf } from '../../model/item.js';
import type {
  ActionPage,
  Erasure,
  ItemNeighbors,
  LoggedRecommendation,
  RankReport,
  UserEmbeddings,
  UserExport,
  UserInterests,
} from '../../model/serving.js';
import type { BatchReport } from '../batch.js';
import type { BatchRequest, Engine, EngineStatus, RecommendRequest } from '../engine.js';
import { presentInterests } from '../interests.js';
import { checkOptions } from '../optionnames.js';
import type { PutReport } from '../put.js';
import { presentEmbeddings, rankItems } from '../rank.js';
import type { Recommender } from '../recommend.js';
import { actionPage } from '../userdata.js';
import type { VerifyReport } from '../verify.js';
import { Answering } from './answering.js';
import type { Calls } from './calls.js';
import type { RecommendationWriter } from './logging.js';
import type { AnswerPool } from './pool.js';
import type { StateKeeper } from './state.js';
import type { LiveUsers } from './users.js';
import type { Changes } from './writer.js';
import type { WriterHandlers } from './writer-thread.js';

export interface ServingParts {
  readonly lock: WriterLock;
  /** Opened for reading. */
  readonly directory: Directory;
  readonly catalog: Catalog;
  readonly log: ActionLog;
  readonly writer: Calls<WriterHandlers>;
  readonly pool: AnswerPool;
  readonly recommender: Recommender;
  readonly state: StateKeeper;
  readonly users: LiveUsers;
  readonly recommendations: RecommendationWriter;
  readonly onNote: (note: string) => void;
  readonly now: () => number;
  readonly queueLimitBytes: number;
  readonly recommendationDays: number;
}

/** The engine behind `serve`: see `Engine`. */
export class ServingEngine implements Engine {
  private readonly parts: ServingParts;
  private readonly answering: Answering;
  private queuedBytes = 0;
  private batchRunning = false;
  private verified: VerifyReport | null = null;
  private closing: Promise<void> | null = null;
  private upkeep: Promise<void> = Promise.resolve();

  constructor(parts: ServingParts) {
    this.parts = parts;
    this.answering = new Answering(parts);
    this.answering
      .rehearse(() => this.closing === null)
      .catch((error: unknown) => parts.onNote(`rehearsal: ${String(error)}`));
    this.keepIndex();
  }

  async appendActions(json: Uint8Array): Promise<PutReport> {
    const { report, changes } = await this.queue(json, 'actions');
    await this.take(changes);
    return report;
  }

  async putItems(json: Uint8Array): Promise<PutReport> {
    const { report, changes } = await this.queue(json, 'items');
    if (!changes.state) return report;
    await this.parts.state.refresh();
    this.keepIndex();
    return report;
  }

  private async queue(json: Uint8Array, method: 'actions' | 'items') {
    this.assertOpen();
    const { queueLimitBytes, writer } = this.parts;
    if (this.queuedBytes > 0 && this.queuedBytes + json.length > queueLimitBytes)
      throw new PinnersageError(
        'overloaded',
        `${this.queuedBytes} bytes wait to be written, expected at most ${queueLimitBytes}`,
      );
    this.queuedBytes += json.length;
    try {
      return await writer.call(method, new Uint8Array(json)); // the request's buffer is part of a larger one
    } finally {
      this.queuedBytes -= json.length;
    }
  }

  private async take({ users, state }: Changes): Promise<void> {
    this.parts.users.forget(users);
    if (!state) return;
    await this.parts.state.refresh();
    this.parts.users.forgetAll();
  }

  item(itemId: string): Item | null {
    checkId(itemId, 'itemId');
    this.parts.directory.refresh();
    const found = this.parts.catalog.item(itemId);
    const space = this.parts.state.current()?.space;
    const vector = found && space ? vectorOf(space, found.key) : null;
    return found && { itemId, metadata: found.metadata, ...(vector ? { embedding: vector } : {}) };
  }

  async deleteItem(itemId: string): Promise<boolean> {
    this.assertOpen();
    checkId(itemId, 'itemId');
    const wasThere = await this.parts.writer.call('deleteItem', itemId);
    if (wasThere) await this.parts.state.refresh();
    return wasThere;
  }

  neighbors(
    itemId: string,
    options: { readonly count: number; readonly filter?: Filter; readonly pool?: string },
  ): Promise<ItemNeighbors> {
    return this.answering.neighbors(itemId, options);
  }

  async recommend(userId: string, request: RecommendRequest): Promise<Recommendation> {
    const json = await this.recommendJson(userId, request);
    return JSON.parse(new TextDecoder().decode(json)) as Recommendation;
  }

  recommendJson(userId: string, request: RecommendRequest): Promise<Uint8Array> {
    return this.answering.recommend(userId, request);
  }

  recommendation(userId: string, recommendationId: string): Promise<LoggedRecommendation> {
    return this.answering.recommendation(userId, recommendationId);
  }

  async interests(
    userId: string,
    { members = false }: { readonly members?: boolean },
  ): Promise<UserInterests> {
    const { live, state, nowMs } = await this.answering.know(userId);
    return presentInterests(this.parts.catalog.ids, userId, live, state.basis, nowMs, members);
  }

  actions(userId: string, options: { readonly limit: number; readonly cursor?: string }): ActionPage {
    checkId(userId, 'userId');
    this.parts.directory.refresh();
    return actionPage(this.parts.log, this.parts.catalog.ids, userId, options);
  }

  async rank(userId: string, itemIds: readonly string[]): Promise<RankReport> {
    const { live, state } = await this.answering.know(userId);
    return rankItems(this.parts.catalog.ids, state.space, userId, live, itemIds);
  }

  async embeddings(userId: string): Promise<UserEmbeddings> {
    const { live, state, nowMs } = await this.answering.know(userId);
    const interests = presentInterests(this.parts.catalog.ids, userId, live, state.basis, nowMs, false);
    return presentEmbeddings(state.space, live, interests);
  }

  async exportUser(userId: string): Promise<UserExport> {
    checkId(userId, 'userId');
    await this.parts.recommendations.flush();
    this.parts.directory.refresh();
    const { log, catalog } = this.parts;
    const user = log.users.find(userId);
    if (user === null) throw new PinnersageError('user-unknown', 'got a user of whom nothing is known');
    const interests = await this.interests(userId, { members: true });
    return {
      userId,
      attributes: findUser(log.users, userId)?.attributes ?? {},
      actions: actionPage(log, catalog.ids, userId, { limit: Number.MAX_SAFE_INTEGER - 1 }).actions,
      interests,
      recommendations: [...this.answering.log.of(user, userId)],
    };
  }

  async eraseUser(userId: string): Promise<Erasure> {
    this.assertOpen();
    checkId(userId, 'userId');
    const { recommendations, writer, users } = this.parts;
    await recommendations.flush();
    recommendations.forget(userId);
    const erased = await writer.call('erase', { userId, nowMs: Date.now() });
    users.erase(userId);
    return erased;
  }

  async batch(request: BatchRequest): Promise<BatchReport> {
    this.assertOpen();
    checkOptions('batchRequest', request);
    if (this.batchRunning) throw new PinnersageError('batch-running', 'a batch is running already');
    this.batchRunning = true;
    try {
      const report = await this.parts.writer.call('batch', { ...request, nowMs: this.parts.now() });
      await this.take({ users: [], state: true });
      this.afterBatch();
      return report;
    } finally {
      this.batchRunning = false;
    }
  }

  async interrupt(): Promise<void> {
    await this.parts.writer.call('stop', null);
  }

  private afterBatch(): void {
    const { writer, now, recommendationDays: days, onNote } = this.parts;
    this.keepIndex();
    this.upkeep = this.upkeep
      .then(async () => {
        if (days > 0) await writer.call('expire', { nowMs: now(), days });
        await this.verify({});
      })
      .catch((error: unknown) => onNote(`upkeep after the batch failed: ${String(error)}`));
  }

  /** Builds the index anew where it should be, behind the answers. */
  private keepIndex(): void {
    const { writer, state, onNote } = this.parts;
    this.upkeep = this.upkeep
      .then(async () => {
        if (!this.closing && (await writer.call('refreshIndex', null))) await state.refresh();
      })
      .catch((error: unknown) => onNote(`the index could not be built: ${String(error)}`));
  }

  async verify(options: { readonly users?: number; readonly seed?: number }): Promise<VerifyReport> {
    this.parts.state.get();
    const report = await this.parts.pool.any().call('verify', { ...options, nowMs: this.parts.now() });
    this.verified = report;
    return report;
  }

  status(): EngineStatus {
    const { log, state, queueLimitBytes, recommendations, users, pool } = this.parts;
    const { searches, searchMs, hits, misses } = pool.stats();
    const cache = state.cacheStats();
    const current = state.current();
    const generation = current?.basis.generation ?? null;
    return {
      ready: !this.closing,
      activeSpace: current?.space.info.name ?? null,
      items: current?.size ?? 0,
      users: log.users.count(),
      actions: log.count(),
      maxSeq: log.maxSeq(),
      batch: generation && {
        generation: generation.number,
        asOf: new Date(generation.asOf).toISOString(),
        users: generation.users,
        maxSeq: generation.maxSeq,
      },
      batchRunning: this.batchRunning,
      serving: current === null ? 'nothing' : state.isIndexed() ? 'index' : 'exact scan',
      queuedBytes: this.queuedBytes,
      queueLimitBytes,
      neighborCache: { answers: cache.answers, hits: cache.hits + hits, misses: cache.misses + misses },
      searches: { count: searches, seconds: searchMs / 1000 },
      userCache: users.stats(),
      answers: { ...this.answering.counts },
      recommendationsQueued: recommendations.queued,
      recommendationsDropped: recommendations.dropped,
      verified: this.verified,
    };
  }

  close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private async finish(): Promise<void> {
    const { recommendations, writer, pool, directory, lock } = this.parts;
    await this.interrupt();
    await this.upkeep;
    await pool.close(); // answers that are under way come before it
    await recommendations.flush();
    await directory.close();
    await writer.call('close', null);
    lock.release();
  }

  private assertOpen(): void {
    if (this.closing) throw new PinnersageError('interrupted', 'the server is stopping');
  }
}
