import { createExactSearch } from '../ann/exact.js';
import { activeInterests, coverageOf, pooledShare } from '../demo/recovery.js';
import type { ShownItem, ShownSummary, ShownUser } from '../demo/show.js';
import type { TrueInterest, WorldUser } from '../demo/users.js';
import type { World } from '../demo/world.js';
import { type Action, dayMs } from '../model/action.js';
import type { Item } from '../model/item.js';
import type { PinnerSage } from '../pipeline/pinnersage.js';
import { defaultProfileOptions } from '../profile/options.js';

const windowDays = 90;
const put = 2_000;

export interface BuildHooks {
  readonly onItems: (done: number, total: number) => void;
  readonly onActions: (done: number) => void;
  readonly signal: AbortSignal;
}

/** Puts the world into a data directory by the public path, as any catalog and log would be. */
export async function buildWorld(data: PinnerSage, world: World, hooks: BuildHooks): Promise<void> {
  let done = 0;
  for (const batch of chunks(world.items(), put, hooks.signal)) {
    await data.putItems(
      batch.map(
        ({ itemId, title, tags, quality, image, embedding }): Item => ({
          itemId,
          embedding,
          metadata: { title, tags, quality, image_url: image },
        }),
      ),
    );
    done += batch.length;
    hooks.onItems(done, world.settings.items);
  }
  done = 0;
  for (const batch of chunks<Action>(world.actions(), 10 * put, hooks.signal)) {
    await data.appendActions(batch);
    done += batch.length;
    hooks.onActions(done);
  }
}

function* chunks<T>(from: Iterable<T>, size: number, signal: AbortSignal): Iterable<T[]> {
  let chunk: T[] = [];
  for (const one of from) {
    chunk.push(one);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
    if (signal.aborted) return;
  }
  if (chunk.length > 0) yield chunk;
}

/** Compares what the data directory answers with the truth, and with the single average of the same actions. */
export class WorldJudge {
  private readonly data: PinnerSage;
  private readonly world: World;
  private readonly average: (user: WorldUser, count: number) => string[];
  private readonly titles = new Map<string, string>();

  constructor(data: PinnerSage, world: World) {
    this.data = data;
    this.world = world;
    this.average = this.averageSearch();
  }

  /** How much of the truth is found over some users, with `count` candidates each. */
  summary(users: readonly WorldUser[], count: number): ShownSummary {
    const answers = users.map((user) => ({ truth: this.truth(user), ...this.ask(user, count) }));
    const pooled = (items: (answer: (typeof answers)[number]) => readonly string[]): number =>
      pooledShare(answers.map((answer) => coverageOf(answer.truth, this.topicsOf(items(answer)))));
    return {
      users: users.length,
      interests: answers.reduce((sum, { truth }) => sum + truth.length, 0),
      found: pooled(({ medoids, truth }) => medoids.slice(0, truth.length)),
      bySeveral: pooled(({ several }) => several.map(({ itemId }) => itemId)),
      byAverage: pooled(({ average }) => average),
      candidates: count,
    };
  }

  page(user: WorldUser, count: number): ShownUser {
    const truth = this.truth(user);
    const { interests, medoids, drawn, several, average } = this.ask(user, count);
    const wanted = new Set(truth.map(({ topic }) => topic));
    const total = interests.reduce((sum, { importance }) => sum + importance, 0);
    const speaksTo = (items: readonly string[]): Set<number> =>
      new Set(coverageOf(truth, this.topicsOf(items)).covered);
    const found = speaksTo(medoids);
    const bySeveral = speaksTo(several.map(({ itemId }) => itemId));
    const byAverage = speaksTo(average);
    return {
      userId: user.userId,
      actions: user.actions.filter(({ type }) => type === 'save' || type === 'click').length,
      windowDays,
      truth: truth.map(({ topic, share }) => ({
        topic: this.world.topics[topic].name,
        share,
        found: found.has(topic),
        bySeveral: bySeveral.has(topic),
        byAverage: byAverage.has(topic),
      })),
      interests: interests.map(({ medoid, importance, size }) => ({
        medoid: this.shown(medoid, wanted),
        share: importance / total,
        size,
      })),
      several: drawn.map(({ interestId, medoid }) => ({
        interest: this.titles.get(medoid) ?? medoid,
        items: several
          .filter((item) => item.interestId === interestId)
          .map(({ itemId }) => this.shown(itemId, wanted)),
      })),
      average: average.map((itemId) => this.shown(itemId, wanted)),
    };
  }

  private ask(user: WorldUser, count: number) {
    const { seed, endMs: nowMs } = this.world.settings;
    const { interests } = this.data.interests(user.userId, { nowMs });
    const answer = this.data.recommend(user.userId, { count, seed, nowMs });
    return {
      interests,
      medoids: interests.map(({ medoid }) => medoid),
      drawn: answer.interests,
      several: answer.items,
      average: this.average(user, count),
    };
  }

  private truth(user: WorldUser): TrueInterest[] {
    return activeInterests(user.interests, {
      asOfMs: this.world.settings.endMs,
      windowMs: windowDays * dayMs,
    });
  }

  private topicsOf(items: readonly string[]): (readonly number[])[] {
    return items.map((itemId) => this.world.topicsOf(itemId));
  }

  private shown(itemId: string, wanted: ReadonlySet<number>): ShownItem {
    const topics = this.world.topicsOf(itemId);
    return {
      title: this.titles.get(itemId) ?? itemId,
      topics: topics.map((topic) => this.world.topics[topic].name),
      wanted: topics.some((topic) => wanted.has(topic)),
    };
  }

  /** The usual single embedding: the mean of what the user did, decayed by age, and its nearest items. */
  private averageSearch(): (user: WorldUser, count: number) => string[] {
    const { items, dim, endMs } = this.world.settings;
    const vectors = new Float32Array(items * dim);
    const ids: string[] = [];
    const rowOf = new Map<string, number>();
    for (const { itemId, title, embedding } of this.world.items()) {
      vectors.set(embedding, ids.length * dim);
      rowOf.set(itemId, ids.length);
      ids.push(itemId);
      this.titles.set(itemId, title);
    }
    const search = createExactSearch({ vectors, dim, live: new Uint8Array(items).fill(1), normalized: true });
    return (user, count) => {
      const mean = new Float64Array(dim);
      const seen = new Set<string>();
      for (const { itemId, type, timestamp } of user.actions) {
        if (type === 'impression') continue;
        seen.add(itemId);
        if (type === 'hide') continue;
        const row = rowOf.get(itemId) ?? 0;
        const weight = Math.exp((-defaultProfileOptions.lambda * (endMs - timestamp)) / dayMs);
        for (let i = 0; i < dim; i++) mean[i] += weight * vectors[row * dim + i];
      }
      const norm = Math.hypot(...mean);
      const query = Float32Array.from(mean, (x) => x / norm);
      const { rows } = search.search(query, count + seen.size);
      return Array.from(rows, (row) => ids[row])
        .filter((itemId) => !seen.has(itemId))
        .slice(0, count);
    };
  }
}
