import { TopK } from '../math/topk.js';
import { blockRows, createScan } from '../math/vectors.js';
import type { Neighbors, RowSet, VectorSearch } from './search.js';

export interface ExactSearchInput {
  /** rows × dim, row-major. */
  readonly vectors: Float32Array;
  readonly dim: number;
  /** 1 for every row that may be found. */
  readonly live: Uint8Array;
  /** Whether all rows have norm 1; else squared norms are taken into account. */
  readonly normalized: boolean;
}

/** A set of rows that admits fewer than one in this many is scanned row by row. */
const sparse = 16;

/**
 * Scans every row: the ground truth, and fast enough for small catalogs. Memory O(rows) beyond the vectors where they
 * are not normalised; time O(rows · dim) per search, O(rows + admitted · dim) with a set of admitted rows.
 */
export function createExactSearch(input: ExactSearchInput): VectorSearch {
  const { vectors, dim, live, normalized } = input;
  const rows = live.length;
  const halfNorms = normalized ? null : halfSquaredNorms(vectors, dim, rows);
  const scan = createScan(vectors, dim);
  const top = new TopK();
  let size = 0;
  for (let row = 0; row < rows; row++) size += live[row];

  /** Offers rows from … from + products.length − 1. */
  function offer(products: Float32Array, from: number, halfQuery: number, admit?: RowSet): void {
    for (let i = 0; i < products.length; i++) {
      const row = from + i;
      // 1 − ‖q − x‖²/2 = 1 + q·x − ‖q‖²/2 − ‖x‖²/2
      const score = halfNorms ? Math.fround(1 + products[i] - halfNorms[row] - halfQuery) : products[i];
      if (score >= top.floor && live[row] === 1 && (!admit || admit.bits[row] === 1)) top.offer(row, score);
    }
  }

  return {
    size,
    search(query: Float32Array, k: number, admit?: RowSet): Neighbors {
      const halfQuery = normalized ? 0 : halfSquaredNorms(query, dim, 1)[0];
      top.reset(Math.min(k, size, admit?.count ?? size));
      const block = admit && admit.count * sparse < rows ? 1 : blockRows;
      for (let from = 0; from < rows; from += block) {
        if (block === 1 && admit?.bits[from] !== 1) continue;
        offer(scan(query, from, Math.min(block, rows - from)), from, halfQuery, admit);
      }
      const found = top.finish();
      return { rows: top.keys.slice(0, found), scores: Float32Array.from(top.scores.subarray(0, found)) };
    },
  };
}

function halfSquaredNorms(vectors: Float32Array, dim: number, rows: number): Float64Array {
  const half = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = row * dim; i < (row + 1) * dim; i++) sum += vectors[i] * vectors[i];
    half[row] = sum / 2;
  }
  return half;
}
