import { createScores, filterOf, neighborsOf } from '../ann/score.js';
import type { Neighbors, RowSet, VectorSearch } from '../ann/search.js';
import { TopK } from '../math/topk.js';
import { type EmbeddingTable, rowOf } from '../model/item.js';
import { NeighborCache } from './cache.js';
import type { PopularItems } from './retrieve.js';
import { tableScores } from './tablescores.js';

export interface PriorInput {
  readonly table: EmbeddingTable;
  /** Whether all vectors have norm 1. */
  readonly normalized: boolean;
  readonly search: VectorSearch;
  readonly popular: PopularItems;
  /** Up to this many rows a search scans all of them. Default: 200,000. Range: ≥ 0. Effect: above, speed for exactness. */
  readonly scannedRows?: number;
}

const scannedRows = 200_000;
/** Above, it looks at this many times what is wanted: the nearest, and the most popular. */
const poolFactor = 8;

/**
 * What: popularity as a part of the search. `searchWith(s)` finds the rows with the greatest score + s · p, where p =
 * ln(1 + popularity) / ln(1 + that of the most popular item) lies in 0 … 1; `rows(share)` are the most popular rows.
 * Convention: one is made per state of vectors and popularity and used for many requests. Ties go to the lower row.
 * Shapes and units: scores are those of the search plus s · p, in float32.
 * Time and memory: exact, O(rows · dim) per search up to 200,000 rows; above, the best of the 8 k nearest and the 8 k most
 * popular rows. 4 bytes per row, and per strength and share what was asked for is kept.
 * Checked by: test/retrieve/prior.test.ts (against a plain twin).
 */
export class PopularityPrior {
  private readonly input: PriorInput;
  /** p of each row. */
  private readonly ofRow: Float32Array;
  /** Live rows by falling popularity, then by rising row. */
  private readonly order: Uint32Array;
  private readonly scores: ReturnType<typeof createScores>;
  private readonly caches = new Map<number, NeighborCache>();
  private readonly shares = new Map<number, RowSet>();

  constructor(input: PriorInput) {
    const { table, popular } = input;
    this.input = input;
    this.ofRow = new Float32Array(table.itemOfRow.length);
    this.scores = createScores({ ...table, normalized: input.normalized });
    const most = Math.log1p(popular.scores[0] ?? 0);
    popular.items.forEach((item, i) => {
      const row = rowOf(table, item);
      if (row >= 0 && most > 0) this.ofRow[row] = Math.log1p(popular.scores[i]) / most;
    });
    this.order = Uint32Array.from(this.ofRow.keys())
      .filter((row) => table.live[row] === 1)
      .sort((a, b) => this.ofRow[b] - this.ofRow[a] || a - b);
  }

  searchWith(strength: number): VectorSearch {
    const { search } = this.input;
    return {
      size: search.size,
      search: (query, k, admit) =>
        search.size <= (this.input.scannedRows ?? scannedRows)
          ? this.scan(query, k, strength, admit)
          : this.pool(query, k, strength, admit),
    };
  }

  /** p of a row. */
  of(row: number): number {
    return this.ofRow[row];
  }

  /** Answers of `searchWith(strength)`, and of searches in `rows`: they hold as long as this popularity does. */
  cacheOf(strength: number): NeighborCache {
    const kept = this.caches.get(strength) ?? new NeighborCache();
    this.caches.set(strength, kept);
    return kept;
  }

  /** The most popular rows, rounded up to a whole one. */
  rows(share: number): RowSet {
    const kept = this.shares.get(share);
    if (kept) return kept;
    const count = Math.ceil(share * this.order.length);
    const bits = new Uint8Array(this.ofRow.length);
    for (const row of this.order.subarray(0, count)) bits[row] = 1;
    this.shares.set(share, { bits, count });
    return { bits, count };
  }

  private scan(query: Float32Array, k: number, strength: number, admit?: RowSet): Neighbors {
    const { table, normalized } = this.input;
    const mayReturn = filterOf(table.live, admit);
    const scores = tableScores(table, normalized).of(query);
    const top = new TopK(Math.min(k, this.order.length, admit?.count ?? k));
    for (let row = 0; row < scores.length; row++) {
      const score = Math.fround(scores[row] + strength * this.ofRow[row]);
      if (!(score < top.floor) && mayReturn(row)) top.offer(row, score); // NaN is refused there
    }
    return neighborsOf(top);
  }

  private pool(query: Float32Array, k: number, strength: number, admit?: RowSet): Neighbors {
    const { table, search } = this.input;
    const mayReturn = filterOf(table.live, admit);
    const pool = new Set(search.search(query, poolFactor * k, admit).rows);
    let popular = 0;
    for (let i = 0; i < this.order.length && popular < poolFactor * k; i++) {
      if (!mayReturn(this.order[i])) continue;
      pool.add(this.order[i]);
      popular++;
    }
    const top = new TopK(Math.min(k, pool.size));
    const scores = this.scores(query);
    for (const row of pool) top.offer(row, Math.fround(scores(row, 1)[0] + strength * this.ofRow[row]));
    return neighborsOf(top);
  }
}
