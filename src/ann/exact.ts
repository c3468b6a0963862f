import { TopK } from '../math/topk.js';
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

/**
 * Scans every row: the ground truth, and fast enough for small catalogs. Memory O(rows) beyond the vectors where they
 * are not normalised; time O(rows · dim) per search, O(rows + admitted · dim) with a set of admitted rows.
 */
export function createExactSearch(input: ExactSearchInput): VectorSearch {
  const { vectors, dim, live, normalized } = input;
  const rows = live.length;
  const halfNorms = normalized ? null : halfSquaredNorms(vectors, dim, rows);
  const top = new TopK();
  let size = 0;
  for (let row = 0; row < rows; row++) size += live[row];

  return {
    size,
    search(query: Float32Array, k: number, admit?: RowSet): Neighbors {
      const halfQuery = normalized ? 0 : halfSquaredNorms(query, dim, 1)[0];
      top.reset(Math.min(k, size, admit?.count ?? size));
      for (let row = 0; row < rows; row++) {
        if (live[row] !== 1 || (admit && admit.bits[row] !== 1)) continue;
        const product = dot(vectors, row * dim, dim, query);
        // 1 − ‖q − x‖²/2 = 1 + q·x − ‖q‖²/2 − ‖x‖²/2
        const score = Math.fround(halfNorms ? 1 + product - halfNorms[row] - halfQuery : product);
        if (score >= top.floor) top.offer(row, score);
      }
      const found = top.finish();
      return { rows: top.keys.slice(0, found), scores: Float32Array.from(top.scores.subarray(0, found)) };
    },
  };
}

/** vectors[at … at + dim] · query. */
function dot(vectors: Float32Array, at: number, dim: number, query: Float32Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < dim; i += 4) {
    a += vectors[at + i] * query[i];
    b += vectors[at + i + 1] * query[i + 1];
    c += vectors[at + i + 2] * query[i + 2];
    d += vectors[at + i + 3] * query[i + 3];
  }
  for (; i < dim; i++) a += vectors[at + i] * query[i];
  return a + b + (c + d);
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
