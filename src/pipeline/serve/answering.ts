import type { Neighbors } from '../../ann/search.js';
import { checkId } from '../../disk/ids.js';
import { PinnersageError } from '../../errors.js';
import type { Filter } from '../../model/filter.js';
import { vectorOf } from '../../model/item.js';
import type { ItemNeighbors, LoggedRecommendation } from '../../model/serving.js';
import { type Admitted, type Finding, listed } from '../../retrieve/cache.js';
import { RecommendationLog } from '../../store/recommendations.js';
import type { RecommendRequest } from '../engine.js';
import { checkCount, checkSeed } from '../guard.js';
import type { LiveUser } from '../live.js';
import { checkOptions } from '../optionnames.js';
import { filterNode } from '../pools.js';
import { recipeOf } from '../recipes.js';
import { AnswerWriter, headOf, isLight, type WrittenAnswer } from './answer.js';
import type { AnswerMessage, FoundAnswer } from './answer-thread.js';
import { upTo } from './pool.js';
import { betweenRequests } from './rehearsal.js';
import type { ServingParts } from './serving.js';
import type { EngineState } from './state.js';
import { ListTexts, Slab } from './texts.js';
import { Turn } from './turn.js';

/** A user as of an instant, and the state that answers. */
export interface Known {
  readonly live: LiveUser;
  readonly state: EngineState;
  readonly nowMs: number;
}

/** Ids that are read in one go. */
const idStep = 256;

/** Answers from what is remembered, and asks other threads for the rest. */
export class Answering {
  readonly log: RecommendationLog;
  /** Answers by where the interests came from. */
  readonly counts = { batch: 0, exact: 0, overlay: 0, none: 0 };
  private readonly parts: ServingParts;
  private readonly writer: AnswerWriter;
  private readonly slab = new Slab();
  private readonly turn = new Turn();

  constructor(parts: ServingParts) {
    this.parts = parts;
    this.writer = new AnswerWriter(parts.catalog.ids, (bytes) => this.slab.room(bytes), new ListTexts());
    this.log = new RecommendationLog(parts.directory, (item) => parts.catalog.ids.idOf(item));
  }

  async know(userId: string): Promise<Known> {
    checkId(userId, 'userId');
    const nowMs = this.parts.now();
    this.parts.state.get();
    const live = await this.parts.users.of(userId, nowMs);
    return { live, state: this.parts.state.get(), nowMs };
  }

  /** A `Recommendation` as JSON in UTF-8. */
  async recommend(userId: string, request: RecommendRequest): Promise<Uint8Array> {
    checkId(userId, 'userId');
    checkOptions('recommendRequest', request);
    checkSeed(request.seed);
    if (this.parts.users.has(userId)) await this.turn.wait();
    const nowMs = this.parts.now();
    const state = this.parts.state.get();
    const live = this.parts.users.known(userId);
    const remembered = live && (await this.fromMemory(userId, { ...request, nowMs }, live));
    const { recommendationId, source, bytes, jsonBytes } =
      remembered ?? (await this.elsewhere(state, { userId, request, nowMs, live }));
    this.counts[source]++;
    const entry = bytes.subarray(jsonBytes);
    if (this.parts.recommendationDays > 0)
      this.parts.recommendations.add({ userId, recommendationId, atMs: nowMs, entry });
    return bytes.subarray(0, jsonBytes);
  }

  /** The answer from what this thread remembers; null where it would take a search. */
  private async fromMemory(
    userId: string,
    request: RecommendRequest & { readonly nowMs: number },
    live: LiveUser,
  ): Promise<WrittenAnswer | null> {
    const { recommender, state: keeper } = this.parts;
    const state = keeper.get();
    const prepared = recommender.prepare(userId, request, state.basis);
    if (!isLight(prepared.recipe)) return null;
    const { filter } = prepared;
    if (filter) await keeper.admit(filter, request);
    const admit = filter && keeper.admitted(filter);
    if (keeper.get() !== state || (filter && !admit)) return null; // it has changed meanwhile
    const search = { size: state.size, search: notRemembered };
    try {
      const { space, index, basis, popularity } = state;
      const serving = { space, search, indexes: index, basis, popularity, prior: noPrior };
      const answer = recommender.answer(serving, prepared, live, admit, state.neighbors);
      return this.writer.write(headOf(answer, state, live), answer.picks, request.nowMs);
    } catch (error) {
      if (error === searchNeeded) return null;
      throw error;
    }
  }

  /**
   * Another thread does all that finding the answer takes, in one go. Of users who are asked for again, and of those whose
   * interests it had to cluster anew, what it learned by it comes with the answer.
   */
  private async elsewhere(
    state: EngineState,
    asked: Omit<AnswerMessage, 'isBack' | 'inGroup'>,
  ): Promise<WrittenAnswer> {
    const { users, pool } = this.parts;
    const isBack = users.isBack(asked.userId);
    const { space, options } = state.basis;
    const inGroup = !isBack && isLight(recipeOf(asked.request, space, options.medoids));
    const answer = pool.any().call('answer', { isBack, inGroup, ...asked });
    if (!asked.live) users.meet(asked.userId, liveOf(answer));
    const { head, picks, lesson } = await answer;
    for (const { row, k, admit, found } of lesson?.learned ?? [])
      this.learn(state, row, k, admit, { found, isCounted: true });
    // All items are of a space that this thread has loaded and then given to the other: their ids can be read.
    return this.writer.write(head, picks, asked.nowMs);
  }

  /** Reads the ids of items, so that the first answers need not. */
  rehearse(goesOn: () => boolean): Promise<void> {
    const { ids } = this.parts.catalog;
    const items = ids.count();
    const part = (step: number): void =>
      this.writer.prepare(step * idStep, Math.min(items, (step + 1) * idStep));
    return betweenRequests(Math.ceil(items / idStep), part, goesOn);
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
    const { state, catalog } = this.parts;
    const filter = filterNode(this.parts.directory, options);
    if (filter) await state.admit(filter, options);
    const now = state.get();
    const item = catalog.item(itemId);
    const vector = item && vectorOf(now.space, item.key);
    if (!item || !vector)
      throw new PinnersageError(
        'item-unknown',
        `got item "${itemId}", expected one of the catalog with a vector`,
      );
    const admit = filter && state.admitted(filter);
    if (filter && !admit) return this.neighbors(itemId, options); // it has changed meanwhile
    const row = now.space.rowOfItem[item.key];
    const { rows, scores } = await this.near(now, row, vector, options.count + 1, admit);
    const found = Array.from(rows, (other, i) => ({ row: other, score: scores[i] }));
    return {
      itemId,
      items: found
        .filter((other) => other.row !== row)
        .slice(0, options.count)
        .map((other) => ({ itemId: catalog.ids.idOf(now.space.itemOfRow[other.row]), score: other.score })),
    };
  }

  private async near(
    state: EngineState,
    row: number,
    vector: Float32Array,
    k: number,
    admit: Admitted | null,
  ): Promise<Neighbors> {
    const known = state.neighbors.find(row, k, admit);
    if (known) return known;
    const asked = { vector: vector.slice(), k, admit: admit?.rows ?? null };
    const answer = await this.parts.pool.any().call('search', asked);
    const found = upTo(state.space.itemOfRow.length, listed(answer));
    this.learn(state, row, k, admit?.text ?? '', { found });
    return found;
  }

  /** Remembers what was found for a state, unless others serve by now than did then. */
  private learn(
    { space, index }: EngineState,
    row: number,
    k: number,
    admit: string,
    finding: Finding,
  ): void {
    const now = this.parts.state.get();
    if (now.index !== index || now.space.step.rowsOf !== space.step.rowsOf) return;
    const found = upTo(space.itemOfRow.length, finding.found);
    now.neighbors.learn(row, k, admit, { ...finding, found, version: space.step.version });
  }
}

/** Who it was, where that is to be remembered; who waits for the answer hears of its failure. */
function liveOf(found: Promise<FoundAnswer>): Promise<LiveUser | null> {
  return found.then(
    ({ lesson }) => lesson?.live ?? null,
    () => null,
  );
}

/** Thrown through retrieval that would have to wait for a search. */
const searchNeeded = new PinnersageError('internal', 'a search was asked for where none is made');

function notRemembered(): never {
  throw searchNeeded;
}

function noPrior(): never {
  throw new PinnersageError('internal', 'a prior was asked for where none is wanted');
}
