import { checkId } from '../../disk/ids.js';
import { PinnersageError } from '../../errors.js';
import type { Recommendation } from '../../model/candidate.js';
import type { Filter } from '../../model/filter.js';
import { vectorOf } from '../../model/item.js';
import type { ItemNeighbors, LoggedRecommendation } from '../../model/serving.js';
import type { Admitted } from '../../retrieve/cache.js';
import { RecommendationLog } from '../../store/recommendations.js';
import type { RecommendRequest } from '../engine.js';
import { checkCount, checkSeed } from '../guard.js';
import type { LiveUser } from '../live.js';
import { filterNode } from '../pools.js';
import type { PreparedRequest } from '../recommend.js';
import { isLight, type PlainAnswer, plain } from './answer.js';
import { upTo, withSearches } from './pool.js';
import type { ServingParts } from './serving.js';
import type { EngineState } from './state.js';

/** A user as of an instant, and the state that answers. */
export interface Known {
  readonly live: LiveUser;
  readonly state: EngineState;
  readonly nowMs: number;
}

/** Answers from what is remembered, and asks other threads for the rest. */
export class Answering {
  readonly log: RecommendationLog;
  /** Answers by where the interests came from. */
  readonly counts = { batch: 0, exact: 0, overlay: 0, none: 0 };
  private readonly parts: ServingParts;

  constructor(parts: ServingParts) {
    this.parts = parts;
    this.log = new RecommendationLog(parts.directory, (item) => parts.catalog.ids.idOf(item));
  }

  async know(userId: string): Promise<Known> {
    checkId(userId, 'userId');
    const nowMs = this.parts.now();
    this.parts.state.get();
    const live = await this.parts.users.of(userId, nowMs);
    return { live, state: this.parts.state.get(), nowMs };
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
    this.counts[recommendation.source]++;
    if (this.parts.recommendationDays > 0) this.remember(recommendation, items, { live, state, nowMs });
    return recommendation;
  }

  /** A user of whom nothing is remembered: another thread finds out all that the request takes, in one go. */
  private async meet(userId: string, request: RecommendRequest): Promise<Known> {
    checkId(userId, 'userId');
    const { users, pool, recommender } = this.parts;
    const nowMs = this.parts.now();
    const state = this.parts.state.get();
    const { filter } = recommender.prepare(userId, { ...request, nowMs }, state.basis);
    const find = () => pool.any().call('meet', { userId, request, nowMs });
    const { live, learned } = await users.meet(userId, find, (found) => found.live);
    for (const { row, k, found } of learned)
      state.neighbors.learn(row, k, filter?.text ?? '', upTo(state.space.itemOfRow.length, found));
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
    return withSearches(pool, state, (search) =>
      plain(recommender.answer({ ...state, search, prior: noPrior }, prepared, live, admit, state.neighbors)),
    );
  }

  /** Notes an answer in the log of recommendations, behind it. */
  private remember(answer: Recommendation, items: PlainAnswer['items'], { live, state, nowMs }: Known): void {
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
    const found = user === null ? null : this.log.find(user, userId, recommendationId);
    if (found) return found;
    throw new PinnersageError(
      'recommendation-unknown',
      `got recommendation "${recommendationId}", expected one of this user of the last ${this.parts.recommendationDays} days`,
    );
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
    const { rows, scores } = await withSearches(pool, now, (search) =>
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
}

function noPrior(): never {
  throw new PinnersageError('internal', 'a prior was asked for where none is wanted');
}
