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
import type { Admitted } from '../../retrieve/cache.js';
import type { ProfileStore } from '../../store/profiles.js';
import { RecommendationLog } from '../../store/recommendations.js';
import type { BatchReport } from '../batch.js';
import type { BatchRequest, Engine, EngineStatus, RecommendRequest } from '../engine.js';
import { checkCount, checkSeed } from '../guard.js';
import { presentInterests } from '../interests.js';
import type { LiveUser } from '../live.js';
import { filterNode } from '../pools.js';
import type { PutReport } from '../put.js';
import { presentEmbeddings, rankItems } from '../rank.js';
import type { PreparedRequest, Recommender } from '../recommend.js';
import { actionPage } from '../userdata.js';
import type { VerifyReport } from '../verify.js';
import { isLight, type PlainAnswer, plain } from './answer.js';
import type { Calls } from './calls.js';
import type { RecommendationWriter } from './logging.js';
import { type AnswerPool, withSearches } from './pool.js';
import type { EngineState, StateKeeper } from './state.js';
import type { LiveUsers } from './users.js';
import type { Changes } from './writer.js';
import type { WriterHandlers } from './writer-thread.js';

export interface ServingParts {
  readonly lock: WriterLock;
  /** Opened for reading. */
  readonly directory: Directory;
  readonly catalog: Catalog;
  readonly log: ActionLog;
  readonly profiles: (space: string) => ProfileStore;
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
  private readonly recommendationLog: RecommendationLog;
  private readonly answers = { batch: 0, exact: 0, overlay: 0, none: 0 };
  private queuedBytes = 0;
  private batchRunning = false;
  private verified: VerifyReport | null = null;
  private closing: Promise<void> | null = null;
  private upkeep: Promise<void> = Promise.resolve();

  constructor(parts: ServingParts) {
    this.parts = parts;
    this.recommendationLog = new RecommendationLog(parts.directory, (item) => parts.catalog.ids.idOf(item));
    this.keepIndex();
  }

  async appendActions(json: Uint8Array): Promise<PutReport> {
    const { report, changes } = await this.queue(json, 'actions');
    await this.take(changes);
    return report;
  }

  async putItems(json: Uint8Array): Promise<PutReport> {
    const { report, changes } = await this.queue(json, 'items');
    await this.take(changes);
    if (changes.state) this.keepIndex();
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
      const own = new Uint8Array(json); // the request's buffer is part of a larger one
      return await writer.call(method, own, [own.buffer]);
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

  async neighbors(
    itemId: string,
    options: { readonly count: number; readonly filter?: Filter; readonly pool?: string },
  ): Promise<ItemNeighbors> {
    checkId(itemId, 'itemId');
    checkCount('count', options.count);
    const { state, catalog, pool } = this.parts;
    const now = state.get();
    const item = catalog.item(itemId);
    const vector = item && vectorOf(now.space, item.key);
    if (!item || !vector)
      throw new PinnersageError(
        'item-unknown',
        `got item "${itemId}", expected one of the catalog with a vector`,
      );
    const admit = await this.admitted(options);
    const row = now.space.rowOfItem[item.key];
    const { rows, scores } = await withSearches(pool, now.size, (search) =>
      now.neighbors.neighbors(search, row, vector, options.count + 1, admit),
    );
    const found = Array.from(rows, (other, i) => ({ row: other, score: scores[i] }));
    return {
      itemId,
      items: found
        .filter((other) => other.row !== row)
        .slice(0, options.count)
        .map((other) => ({ itemId: catalog.ids.idOf(now.space.itemOfRow[other.row]), score: other.score })),
    };
  }

  async interests(
    userId: string,
    { members = false }: { readonly members?: boolean },
  ): Promise<UserInterests> {
    const { live, state, nowMs } = await this.know(userId);
    return presentInterests(this.parts.catalog.ids, userId, live, state.basis, nowMs, members);
  }

  actions(userId: string, options: { readonly limit: number; readonly cursor?: string }): ActionPage {
    checkId(userId, 'userId');
    this.parts.directory.refresh();
    return actionPage(this.parts.log, this.parts.catalog.ids, userId, options);
  }

  async recommend(userId: string, request: RecommendRequest): Promise<Recommendation> {
    checkSeed(request.seed);
    const { live, state, nowMs } = this.parts.users.known(userId)
      ? await this.know(userId)
      : await this.meet(userId, request);
    const prepared = this.parts.recommender.prepare(userId, { ...request, nowMs }, state.basis);
    const { recommendation, items } = isLight(prepared.recipe)
      ? await this.answerHere(state, prepared, live, request)
      : await this.parts.pool.any().call('recommend', { userId, request, nowMs, live });
    this.answers[recommendation.source]++;
    if (this.parts.recommendationDays > 0) this.log(recommendation, items, { live, state, nowMs });
    return recommendation;
  }

  /** A user of whom nothing is remembered: another thread finds out all that the request takes, in one go. */
  private async meet(userId: string, request: RecommendRequest) {
    checkId(userId, 'userId');
    const { users, pool, recommender } = this.parts;
    const nowMs = this.parts.now();
    const state = this.parts.state.get();
    const { filter } = recommender.prepare(userId, { ...request, nowMs }, state.basis);
    const find = () => pool.any().call('meet', { userId, request, nowMs });
    const { live, learned } = await users.meet(userId, find, (found) => found.live);
    for (const { row, k, found } of learned) state.neighbors.learn(row, k, filter?.text ?? '', found);
    return { live, state, nowMs };
  }

  private async answerHere(
    state: EngineState,
    prepared: PreparedRequest,
    live: LiveUser,
    request: RecommendRequest,
  ): Promise<PlainAnswer> {
    const { recommender, pool } = this.parts;
    const admit = await this.admitted(request);
    return withSearches(pool, state.size, (search) =>
      plain(recommender.answer({ ...state, search, prior: noPrior }, prepared, live, admit, state.neighbors)),
    );
  }

  private log(
    answer: Recommendation,
    items: PlainAnswer['items'],
    { live, state, nowMs }: { live: LiveUser; state: EngineState; nowMs: number },
  ): void {
    const { userId, recommendationId, seed, source, fallback, pool, filter, propensity, interests } = answer;
    const { basis, space } = state;
    const head = {
      at: new Date(nowMs).toISOString(),
      seed,
      source,
      fallback,
      pool,
      filter,
      propensity,
      interests,
      configHash: basis.configHash,
      space: space.info.name,
      spaceGeneration: space.info.generation,
      generation: basis.generation?.number ?? 0,
      maxSeq: live.maxSeq,
    };
    this.parts.recommendations.add({ userId, recommendationId, atMs: nowMs, head, items });
  }

  async recommendation(userId: string, recommendationId: string): Promise<LoggedRecommendation> {
    checkId(userId, 'userId');
    await this.parts.recommendations.flush();
    this.parts.directory.refresh();
    const user = this.parts.log.users.find(userId);
    const found = user === null ? null : this.recommendationLog.find(user, userId, recommendationId);
    if (found) return found;
    throw new PinnersageError(
      'recommendation-unknown',
      `got recommendation "${recommendationId}", expected one of this user of the last ${this.parts.recommendationDays} days`,
    );
  }

  async rank(userId: string, itemIds: readonly string[]): Promise<RankReport> {
    const { live, state } = await this.know(userId);
    return rankItems(this.parts.catalog.ids, state.space, userId, live, itemIds);
  }

  async embeddings(userId: string): Promise<UserEmbeddings> {
    const { live, state, nowMs } = await this.know(userId);
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
      recommendations: [...this.recommendationLog.of(user, userId)],
    };
  }

  async eraseUser(userId: string): Promise<Erasure> {
    this.assertOpen();
    checkId(userId, 'userId');
    const { recommendations, writer, users } = this.parts;
    await recommendations.flush();
    recommendations.forget(userId);
    const erased = await writer.call('erase', { userId, nowMs: Date.now() });
    users.forget([userId]);
    return erased;
  }

  async batch(request: BatchRequest): Promise<BatchReport> {
    this.assertOpen();
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
    const { log, state, queueLimitBytes, recommendations, users } = this.parts;
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
      neighborCache: state.cacheStats(),
      userCache: users.stats(),
      answers: { ...this.answers },
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
    await recommendations.flush();
    await writer.call('stop', null);
    await this.upkeep;
    await pool.close();
    await directory.close();
    await writer.call('close', null);
    lock.release();
  }

  /** A user as of now, and the state that answers. */
  private async know(userId: string): Promise<{ live: LiveUser; state: EngineState; nowMs: number }> {
    checkId(userId, 'userId');
    const nowMs = this.parts.now();
    this.parts.state.get();
    const live = await this.parts.users.of(userId, nowMs);
    return { live, state: this.parts.state.get(), nowMs };
  }

  private async admitted(request: {
    readonly filter?: Filter;
    readonly pool?: string;
  }): Promise<Admitted | null> {
    const node = filterNode(this.parts.directory, request);
    if (!node) return null;
    const { filter, pool } = request;
    const wanted = { ...(filter === undefined ? {} : { filter }), ...(pool === undefined ? {} : { pool }) };
    return { text: node.text, rows: await this.parts.state.admit(node.text, wanted) };
  }

  private assertOpen(): void {
    if (this.closing) throw new PinnersageError('interrupted', 'the server is stopping');
  }
}

function noPrior(): never {
  throw new PinnersageError('internal', 'a prior was asked for where none is wanted');
}
