import type { Neighbors, VectorSearch } from '../ann/search.js';
import type { Rng } from '../math/rng.js';
import { TopK } from '../math/topk.js';
import { type EmbeddingTable, type ItemKey, vectorOf } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import { type DrawnInterest, sampleInterests } from '../profile/sample.js';
import { type Admitted, type NeighborCache, portion } from './cache.js';

export interface RetrieveInput {
  readonly interests: readonly Interest[];
  readonly table: EmbeddingTable;
  readonly search: VectorSearch;
  /** Remembers the neighbours of medoids for all users; null to ask the index each time. */
  readonly cache: NeighborCache | null;
  /** The rows that may come back; null for all live ones. */
  readonly admit: Admitted | null;
  /** Items that must not come back: what the user acted on or excluded. */
  readonly barred: ReadonlySet<ItemKey>;
  /** Items for a user without interests, best first. */
  readonly popular: PopularItems;
}

export interface PopularItems {
  readonly items: Uint32Array;
  readonly scores: Float64Array;
}

/**
 * Which interest gives the next candidate: `turns` the one that has given least, `importance` the one farthest below its
 * share of the first draw (Sainte-Laguë), `score` the one with the best next score.
 */
export const mergeRules = ['turns', 'importance', 'score'] as const;
export type MergeRule = (typeof mergeRules)[number];

export interface RetrieveOptions {
  /** Candidates wanted. Range: integer ≥ 1. Fewer come back only where no more are admitted. */
  readonly count: number;
  /** Interests sampled, the paper's e. Range: integer ≥ 1. */
  readonly medoids: number;
  /** How the drawn interests share the count. */
  readonly merge: MergeRule;
  /** Of the user's own items, how many are named as the reason for each candidate. 0 for none. */
  readonly because: number;
}

export interface Pick {
  readonly item: ItemKey;
  readonly score: number;
  readonly interest: Interest | null;
  readonly because: readonly ItemKey[];
}

export interface Retrieved {
  readonly fallback: 'popularity' | null;
  readonly drawn: readonly DrawnInterest[];
  readonly propensity: number;
  readonly picks: readonly Pick[];
}

/**
 * What: candidates of one user: e medoids sampled by importance, the nearest neighbours of each, merged, without what
 * the user acted on.
 * Source: algorithm.md §4 (paper, section 4: "candidate generation").
 * Convention: under `merge: turns` the sampled interests share the count equally [ours]: they take turns in the order of
 * the draw, each giving its nearest item that is not there yet, so any prefix of the answer covers them evenly. Ties of
 * every rule go to the interest drawn first; where one runs dry the others go on. Interests whose medoid has no vector
 * in the space are left out before the draw; a medoid need not be admitted itself.
 * Time and memory: one search per sampled interest for about twice its share, for four times as many while that does not
 * suffice; none for what the cache remembers.
 * Departures from the paper: merge order and shares, which it does not state.
 * Checked by: test/retrieve/retrieve.test.ts.
 */
export function retrieve(input: RetrieveInput, options: RetrieveOptions, rng: Rng): Retrieved {
  const usable = input.interests.filter((interest) => vectorOf(input.table, interest.medoid) !== null);
  if (usable.length === 0) return popularPicks(input, options.count);
  const { drawn, propensity } = sampleInterests(usable, options.medoids, rng);
  const share = Math.ceil(options.count / drawn.length);
  const streams = drawn.map((from) => new NeighborStream(input, from, share));
  const taken = new Set<ItemKey>();
  const picks: Pick[] = [];
  while (picks.length < options.count) {
    const stream = nextStream(streams, taken, options.merge);
    if (!stream) break;
    const found = stream.give();
    const { interest } = stream.from;
    taken.add(found.item);
    const because = options.because > 0 ? reasons(input.table, interest, found.item, options.because) : [];
    picks.push({ ...found, interest, because });
  }
  return { fallback: null, drawn, propensity, picks };
}

const priorities: Record<MergeRule, (stream: NeighborStream, next: Found) => number> = {
  turns: (stream) => -stream.given,
  importance: (stream) => stream.from.probability / (2 * stream.given + 1),
  score: (_, next) => next.score,
};

/** The stream that the rule puts first among those with an item left, or null. */
function nextStream(
  streams: readonly NeighborStream[],
  taken: ReadonlySet<ItemKey>,
  rule: MergeRule,
): NeighborStream | null {
  let best: NeighborStream | null = null;
  let highest = Number.NEGATIVE_INFINITY;
  for (const stream of streams) {
    const next = stream.peek(taken);
    const priority = next ? priorities[rule](stream, next) : Number.NEGATIVE_INFINITY;
    if (next && (best === null || priority > highest)) {
      best = stream;
      highest = priority;
    }
  }
  return best;
}

interface Found {
  readonly item: ItemKey;
  readonly score: number;
}

/** The neighbours of an interest's medoid that may come back, asked for in growing portions. */
class NeighborStream {
  readonly from: DrawnInterest;
  /** How many items it has given. */
  given = 0;
  private readonly input: RetrieveInput;
  private readonly available: number;
  private wanted: number;
  private found: Neighbors;
  private at = 0;

  constructor(input: RetrieveInput, from: DrawnInterest, share: number) {
    this.input = input;
    this.from = from;
    this.available = input.admit ? Math.min(input.admit.rows.count, input.search.size) : input.search.size;
    this.wanted = Math.min(this.available, portion(2 * share + 32));
    this.found = this.ask();
  }

  /** The next neighbour that is neither barred nor taken, or null where there is none left. */
  peek(taken: ReadonlySet<ItemKey>): Found | null {
    const { table, barred } = this.input;
    for (;;) {
      for (; this.at < this.found.rows.length; this.at++) {
        const item = table.itemOfRow[this.found.rows[this.at]];
        if (!barred.has(item) && !taken.has(item)) return { item, score: this.found.scores[this.at] };
      }
      if (this.wanted >= this.available) return null;
      this.wanted = Math.min(this.available, 4 * this.wanted);
      this.found = this.ask(); // the first `at` neighbours come again and stay consumed
    }
  }

  /** What `peek` last showed, which must not have been null. */
  give(): Found {
    const item = this.input.table.itemOfRow[this.found.rows[this.at]];
    this.given++;
    return { item, score: this.found.scores[this.at++] };
  }

  private ask(): Neighbors {
    const { table, search, cache, admit } = this.input;
    const row = table.rowOfItem[this.from.interest.medoid];
    const query = vectorOf(table, this.from.interest.medoid) as Float32Array;
    return cache
      ? cache.neighbors(search, row, query, this.wanted, admit)
      : search.search(query, this.wanted, admit?.rows);
  }
}

/** The members of the interest nearest to the candidate, nearest first. */
function reasons(table: EmbeddingTable, interest: Interest, item: ItemKey, count: number): ItemKey[] {
  const candidate = vectorOf(table, item);
  if (!candidate) return [];
  const top = new TopK(Math.min(count, interest.members.length));
  interest.members.forEach((member, place) => {
    const vector = vectorOf(table, member);
    if (vector) top.offer(place, -squaredDistance(vector, candidate));
  });
  const found = top.finish();
  return Array.from(top.keys.subarray(0, found), (place) => interest.members[place]);
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
}

/** For users of whom nothing is known: popular items, then the rest of what is admitted with score 0. */
function popularPicks({ table, barred, popular, admit }: RetrieveInput, count: number): Retrieved {
  const allowed = admit?.rows.bits ?? table.live;
  const picks: Pick[] = [];
  const taken = new Set<ItemKey>();
  const take = (item: ItemKey, score: number): void => {
    const row = item < table.rowOfItem.length ? table.rowOfItem[item] : -1;
    if (row < 0 || table.live[row] !== 1 || allowed[row] !== 1 || barred.has(item) || taken.has(item)) return;
    taken.add(item);
    picks.push({ item, score, interest: null, because: [] });
  };
  for (let i = 0; i < popular.items.length && picks.length < count; i++)
    take(popular.items[i], popular.scores[i]);
  for (let row = 0; row < table.itemOfRow.length && picks.length < count; row++)
    take(table.itemOfRow[row], 0);
  return { fallback: 'popularity', drawn: [], propensity: 1, picks };
}
