import { createScores } from '../ann/score.js';
import { Lru } from '../math/lru.js';
import { blockRows } from '../math/vectors.js';
import type { EmbeddingTable } from '../model/item.js';

/** Bytes of scores kept over all queries. */
const maxBytes = 16_000_000;

/** As exact as `createScores` makes them. */
type RowScores = Float32Array | Float64Array;

/**
 * The scores of every row of a table for a query, remembered for the queries that were asked last: one user is asked for
 * in many ways. Not to be written to.
 */
export class TableScores {
  private readonly scoresFor: ReturnType<typeof createScores>;
  private readonly rows: number;
  private readonly normalized: boolean;
  private readonly kept = new Lru<RowScores>(maxBytes);

  constructor(table: EmbeddingTable, normalized: boolean) {
    this.scoresFor = createScores({ ...table, normalized });
    this.rows = table.itemOfRow.length;
    this.normalized = normalized;
  }

  of(query: Float32Array): RowScores {
    const key = keyOf(query);
    const before = this.kept.get(key);
    if (before) return before;
    const scoresOf = this.scoresFor(query);
    const all = this.normalized ? new Float32Array(this.rows) : new Float64Array(this.rows);
    for (let from = 0; from < this.rows; from += blockRows)
      all.set(scoresOf(from, Math.min(blockRows, this.rows - from)), from);
    this.kept.set(key, all, all.byteLength);
    return all;
  }
}

const known = new WeakMap<Float32Array, TableScores>();

/** One per matrix. */
export function tableScores(table: EmbeddingTable, normalized: boolean): TableScores {
  const before = known.get(table.vectors) ?? new TableScores(table, normalized);
  known.set(table.vectors, before);
  return before;
}

/** Every bit of the query, as text. */
function keyOf(query: Float32Array): string {
  return String.fromCharCode(...new Uint16Array(query.buffer, query.byteOffset, 2 * query.length));
}
