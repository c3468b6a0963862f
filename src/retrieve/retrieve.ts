import type { Neighbors, VectorSearch } from '../ann/search.js';
import type { Rng } from '../math/rng.js';
import { TopK } from '../math/topk.js';
import { type EmbeddingTable, type ItemKey, vectorOf } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import { type DrawnInterest, sampleInterests } from '../profile/sample.js';

export interface RetrieveInput {
  readonly interests: readonly Interest[];
  readonly table: EmbeddingTable;
  readonly search: VectorSearch;
  /** Items that must not come back: what the user acted on or excluded. */
  readonly barred: ReadonlySet<ItemKey>;
  /** Items for a user without interests, best first. */
  readonly popular: PopularItems;
}

export interface PopularItems {
  readonly items: Uint32Array;
  readonly scores: Float64Array;
}

export interface RetrieveOptions {
  /** Candidates wanted. Range: integer ≥ 1. Fewer come back only where the catalog has no more. */
  readonly count: number;
  /** Interests sampled, the paper's e. Range: integer ≥ 1. */
  readonly medoids: number;
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
 * Source: method.md §4 (paper, section 4: "candidate generation").
 * Convention: the sampled interests share the count equally [ours]: they take turns in the order of the draw, each
 * giving its nearest item that is not there yet, so any prefix of the answer covers them evenly. Where one runs dry the
 * others go on. Interests whose medoid has no vector in the space are left out before the draw.
 * Time and memory: one search per sampled interest for about twice its share, for four times as many while that does not
 * suffice.
 * Departures from the paper: merge order and shares, which it does not state.
 * Checked by: test/retrieve/retrieve.test.ts.
 */
export function retrieve(input: RetrieveInput, options: RetrieveOptions, rng: Rng): Retrieved {
  const usable = input.interests.filter((interest) => vectorOf(input.table, interest.medoid) !== null);
  if (usable.length === 0) return popularPicks(input, options.count);
  const { drawn, propensity } = sampleInterests(usable, options.medoids, rng);
  const share = Math.ceil(options.count / drawn.length);
  const streams = drawn.map(({ interest }) => neighborStream(input, interest, share));
  const taken = new Set<ItemKey>();
  const picks: Pick[] = [];
  for (let open = streams; open.length > 0 && picks.length < options.count; ) {
    open = open.filter((stream) => {
      if (picks.length === options.count) return false;
      const found = stream.next(taken);
      if (!found) return false;
      taken.add(found.item);
      const because =
        options.because > 0 ? reasons(input.table, stream.interest, found.item, options.because) : [];
      picks.push({ ...found, interest: stream.interest, because });
      return true;
    });
  }
  return { fallback: null, drawn, propensity, picks };
}

interface NeighborStream {
  readonly interest: Interest;
  /** The next neighbour that is neither barred nor taken, or null where there is none left. */
  next(taken: ReadonlySet<ItemKey>): { item: ItemKey; score: number } | null;
}

/** The neighbours of an interest's medoid, asked for in growing portions. */
function neighborStream(
  { table, search, barred }: RetrieveInput,
  interest: Interest,
  share: number,
): NeighborStream {
  const query = vectorOf(table, interest.medoid) as Float32Array;
  let wanted = Math.min(search.size, 2 * share + 32);
  let found: Neighbors = search.search(query, wanted);
  let at = 0;
  return {
    interest,
    next(taken) {
      for (;;) {
        for (; at < found.rows.length; at++) {
          const item = table.itemOfRow[found.rows[at]];
          if (!barred.has(item) && !taken.has(item)) return { item, score: found.scores[at++] };
        }
        if (wanted >= search.size) return null;
        wanted = Math.min(search.size, 4 * wanted);
        found = search.search(query, wanted); // the first `at` neighbours come again and stay consumed
      }
    },
  };
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

/** For users of whom nothing is known: popular items, then the rest of the catalog with score 0. */
function popularPicks({ table, barred, popular }: RetrieveInput, count: number): Retrieved {
  const picks: Pick[] = [];
  const taken = new Set<ItemKey>();
  const take = (item: ItemKey, score: number): void => {
    const row = item < table.rowOfItem.length ? table.rowOfItem[item] : -1;
    if (row < 0 || table.live[row] !== 1 || barred.has(item) || taken.has(item)) return;
    taken.add(item);
    picks.push({ item, score, interest: null, because: [] });
  };
  for (let i = 0; i < popular.items.length && picks.length < count; i++)
    take(popular.items[i], popular.scores[i]);
  for (let row = 0; row < table.itemOfRow.length && picks.length < count; row++)
    take(table.itemOfRow[row], 0);
  return { fallback: 'popularity', drawn: [], propensity: 1, picks };
}
