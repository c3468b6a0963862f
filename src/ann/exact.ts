import { TopK } from '../math/topk.js';
import type { Neighbors, VectorSearch } from './search.js';

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
 * are not normalised; time O(rows · dim) per search.
 */
export function createExactSearch(input: ExactSearchInput): VectorSearch {
  const { vectors, dim, live, normalized } = input;
  const rows = live.length;
  const halfNorms = normalized ? null : halfSquaredNorms(vectors, dim, rows);
  const scores = new Float32Array(rows);
  const top = new TopK();
  let size = 0;
  for (let row = 0; row < rows; row++) size += live[row];

  return {
    size,
    search(query: Float32Array, k: number): Neighbors {
      dotAll(vectors, dim, rows, query, scores);
      if (halfNorms) shiftToDistances(scores, halfNorms, halfSquaredNorms(query, dim, 1)[0]);
      return best(scores, live, top, Math.min(k, size));
    },
  };
}

function best(scores: Float32Array, live: Uint8Array, top: TopK, k: number): Neighbors {
  top.reset(k);
  for (let row = 0; row < scores.length; row++) {
    if (scores[row] >= top.floor && live[row] === 1) top.offer(row, scores[row]);
  }
  const found = top.finish();
  return { rows: top.keys.slice(0, found), scores: Float32Array.from(top.scores.subarray(0, found)) };
}

/** scores[row] = vectors[row] · query. */
function dotAll(
  vectors: Float32Array,
  dim: number,
  rows: number,
  query: Float32Array,
  scores: Float32Array,
): void {
  for (let row = 0, at = 0; row < rows; row++) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let i = 0;
    for (; i + 3 < dim; i += 4, at += 4) {
      a += vectors[at] * query[i];
      b += vectors[at + 1] * query[i + 1];
      c += vectors[at + 2] * query[i + 2];
      d += vectors[at + 3] * query[i + 3];
    }
    for (; i < dim; i++, at++) a += vectors[at] * query[i];
    scores[row] = a + b + (c + d);
  }
}

/** 1 − ‖q − x‖²/2 = 1 + q·x − ‖q‖²/2 − ‖x‖²/2. */
function shiftToDistances(scores: Float32Array, halfNorms: Float64Array, halfQuery: number): void {
  for (let row = 0; row < scores.length; row++) scores[row] = 1 + scores[row] - halfNorms[row] - halfQuery;
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
