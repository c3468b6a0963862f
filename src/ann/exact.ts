import { TopK } from '../math/topk.js';
import { blockRows } from '../math/vectors.js';
import { createScorer, filterOf, type Matrix, neighborsOf } from './score.js';
import type { Neighbors, RowSet, VectorSearch } from './search.js';

export interface ExactSearchInput extends Matrix {
  /** 1 for every row that may be found. */
  readonly live: Uint8Array;
}

/** A set of rows that admits fewer than one in this many is scanned row by row. */
const sparse = 16;

/**
 * Scans every row: the ground truth, and fast enough for small catalogs. Time O(rows · dim) per search, O(rows +
 * admitted · dim) with a set of admitted rows.
 */
export function createExactSearch(input: ExactSearchInput): VectorSearch {
  const { live } = input;
  const rows = live.length;
  const scorer = createScorer(input);
  const top = new TopK();
  let size = 0;
  for (let row = 0; row < rows; row++) size += live[row];

  return {
    size,
    search(query: Float32Array, k: number, admit?: RowSet): Neighbors {
      const offer = scorer(query);
      const mayReturn = filterOf(live, admit);
      top.reset(Math.min(k, size, admit?.count ?? size));
      const block = admit && admit.count * sparse < rows ? 1 : blockRows;
      for (let from = 0; from < rows; from += block) {
        if (block === 1 && admit?.bits[from] !== 1) continue;
        offer(from, Math.min(block, rows - from), top, mayReturn);
      }
      return neighborsOf(top);
    },
  };
}
