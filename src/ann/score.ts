import type { TopK } from '../math/topk.js';
import { createDistanceScan, createScan } from '../math/vectors.js';
import type { Neighbors, RowSet } from './search.js';

export interface Matrix {
  /** rows × dim, row-major. */
  readonly vectors: Float32Array;
  readonly dim: number;
  /** Whether all rows have norm 1. */
  readonly normalized: boolean;
}

/**
 * Offers rows from … from + count − 1 to `top`, those for which `mayReturn` holds, with their scores:
 * 1 − ‖q − x‖²/2, on unit vectors the inner product. `count` ≤ `blockRows`.
 */
export type Offer = (from: number, count: number, top: TopK, mayReturn: (row: number) => boolean) => void;

/** Scores of rows from … from + count − 1, count ≤ `blockRows`: a view that the next call overwrites. */
export type Scores = (from: number, count: number) => Float32Array | Float64Array;

/**
 * How rows are scored, whichever search it is: equal rows have equal scores. On unit vectors by the inner product in
 * float32; elsewhere, where products and norms would cancel, by differences in float64.
 */
export function createScores({ vectors, dim, normalized }: Matrix): (query: Float32Array) => Scores {
  if (normalized) {
    const scan = createScan(vectors, dim);
    return (query) => (from, count) => scan(query, from, count);
  }
  const scan = createDistanceScan(vectors, dim);
  return (query) => (from, count) => {
    const scores = scan(query, from, count);
    for (let i = 0; i < count; i++) scores[i] = 1 - scores[i] / 2;
    return scores;
  };
}

export function createScorer(matrix: Matrix): (query: Float32Array) => Offer {
  const scoresFor = createScores(matrix);
  return (query) => {
    const scoresOf = scoresFor(query);
    return (from, count, top, mayReturn) => {
      const scores = scoresOf(from, count);
      for (let i = 0; i < scores.length; i++) {
        const score = scores[i];
        if (!(score < top.floor) && mayReturn(from + i)) top.offer(from + i, score); // NaN is refused there
      }
    };
  };
}

/** Whether a row is live and, where only some are admitted, one of them. */
export function filterOf(live: Uint8Array, admit?: RowSet): (row: number) => boolean {
  if (!admit) return (row) => live[row] === 1;
  const { bits } = admit;
  return (row) => live[row] === 1 && bits[row] === 1;
}

/** What `top` kept, in a buffer of its own: both arrays are read together. */
export function neighborsOf(top: TopK): Neighbors {
  const found = top.finish();
  const buffer = new ArrayBuffer(8 * found);
  const rows = new Uint32Array(buffer, 0, found);
  const scores = new Float32Array(buffer, 4 * found);
  rows.set(top.keys.subarray(0, found));
  scores.set(top.scores.subarray(0, found));
  return { rows, scores };
}
