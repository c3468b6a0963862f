import type { Neighbors } from '../ann/search.js';
import { type ItemKey, vectorOf } from '../model/item.js';
import { portion } from '../retrieve/cache.js';
import type { MergeRule } from '../retrieve/recipe.js';
import type { GlobalModels, UserAtCut, UserModel } from './contender.js';

/** Rules by which lists of neighbours are merged. */
type ListMerge = Exclude<MergeRule, 'mixture'>;

/** One point in the space that stands for a user, or for a part of one. */
export interface UserEmbedding {
  readonly vector: Float32Array;
  /** Its share of the candidates under `merge: importance`; ≥ 0, all equal where all are 0. */
  readonly weight: number;
  /** The item whose vector it is: its neighbours are asked for once and remembered; null for none. */
  readonly item: ItemKey | null;
}

/** Embedding of one of the user's own items. */
export function itemEmbedding(models: GlobalModels, item: ItemKey, weight = 1): UserEmbedding {
  return { vector: vectorOf(models.table, item) as Float32Array, weight, item };
}

/**
 * A user as some embeddings: candidates are their nearest neighbours, merged by `merge`; an item is scored by its
 * greatest cosine to any of them. `choose` draws those that are asked; all of them by default.
 */
export function embeddingModel(
  user: UserAtCut,
  embeddings: readonly UserEmbedding[],
  merge: ListMerge,
  choose: Choose = (all) => all,
): UserModel {
  return {
    candidates: (count, rng) => gather(user, choose(embeddings, rng), merge, count),
    score: greatestCosine(user, embeddings),
  };
}

type Choose = (
  embeddings: readonly UserEmbedding[],
  rng: Parameters<UserModel['candidates']>[1],
) => readonly UserEmbedding[];

/** The neighbours of the embeddings in turns, by share, or by score. */
export function gather(
  { models, barred }: UserAtCut,
  embeddings: readonly UserEmbedding[],
  merge: ListMerge,
  count: number,
): Uint32Array {
  const total = embeddings.reduce((sum, { weight }) => sum + weight, 0);
  const even = 1 / embeddings.length;
  const streams = embeddings.map(
    (from) => new Stream(models, from, total > 0 ? from.weight / total : even, count),
  );
  const taken = new Set<ItemKey>();
  const found = new Uint32Array(count);
  while (taken.size < count) {
    let best: Stream | null = null;
    let highest = Number.NEGATIVE_INFINITY;
    for (const stream of streams) {
      if (!stream.seek(barred, taken)) continue;
      const priority = priorities[merge](stream);
      if (best === null || priority > highest) [best, highest] = [stream, priority];
    }
    if (!best) break;
    found[taken.size] = best.item;
    taken.add(best.item);
    best.given++;
  }
  return found.subarray(0, taken.size);
}

const priorities: Record<ListMerge, (stream: Stream) => number> = {
  turns: (stream) => -stream.given,
  importance: (stream) => stream.share / (2 * stream.given + 1),
  score: (stream) => stream.score,
};

class Stream {
  given = 0;
  item: ItemKey = 0;
  score = 0;
  readonly share: number;
  private readonly models: GlobalModels;
  private readonly from: UserEmbedding;
  private wanted: number;
  private found: Neighbors;
  private at = 0;

  constructor(models: GlobalModels, from: UserEmbedding, share: number, count: number) {
    this.models = models;
    this.from = from;
    this.share = share;
    this.wanted = Math.min(models.search.size, portion(2 * Math.ceil(share * count) + 32));
    this.found = this.ask();
  }

  /** Moves to the next neighbour that is neither barred nor taken; false where there is none left. */
  seek(barred: ReadonlySet<ItemKey>, taken: ReadonlySet<ItemKey>): boolean {
    const { itemOfRow } = this.models.table;
    for (;;) {
      for (; this.at < this.found.rows.length; this.at++) {
        this.item = itemOfRow[this.found.rows[this.at]];
        this.score = this.found.scores[this.at];
        if (!barred.has(this.item) && !taken.has(this.item)) return true;
      }
      if (this.wanted >= this.models.search.size) return false;
      this.wanted = Math.min(this.models.search.size, 4 * this.wanted);
      this.found = this.ask();
    }
  }

  private ask(): Neighbors {
    const { search, cache, table } = this.models;
    const { vector, item } = this.from;
    if (item === null) return search.search(vector, this.wanted);
    return cache.neighbors(search, table.rowOfItem[item], vector, this.wanted, null);
  }
}

function greatestCosine(user: UserAtCut, embeddings: readonly UserEmbedding[]): UserModel['score'] {
  const pointOf = new Map(Array.from(user.points.itemKeys, (item, point) => [item, point]));
  const points = embeddings.map(({ item }) => (item === null ? undefined : pointOf.get(item)));
  return (item) => {
    const own = user.cosines(item);
    let greatest = Number.NEGATIVE_INFINITY;
    embeddings.forEach(({ vector }, i) => {
      const point = points[i];
      const likeness =
        point === undefined ? cosine(vector, vectorOf(user.models.table, item) as Float32Array) : own[point];
      if (likeness > greatest) greatest = likeness;
    });
    return greatest;
  };
}

/** 0 where either is the zero vector. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let product = 0;
  let aa = 0;
  let bb = 0;
  for (let k = 0; k < a.length; k++) {
    product += a[k] * b[k];
    aa += a[k] * a[k];
    bb += b[k] * b[k];
  }
  return aa > 0 && bb > 0 ? product / Math.sqrt(aa * bb) : 0;
}
