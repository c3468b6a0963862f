import { blockRows, createScan } from '../math/vectors.js';
import type { EmbeddingTable } from '../model/item.js';
import type { UserAtCut } from './contender.js';
import { normOf } from './metrics/lists.js';

/**
 * Squared distances of a user's points, ‖x‖² + ‖y‖² − 2 x·y by the scan of the exact search. From one step to the next a
 * user mostly gains points at the end: only their rows are computed.
 */
export class GrowingDistances {
  private table: EmbeddingTable | null = null;
  private items = new Uint32Array(0);
  /** Row i holds the distances to the points before it. */
  private rows: Float32Array[] = [];

  /** Condensed, the upper triangle row by row; the caller's to overwrite. */
  of(user: UserAtCut): Float64Array {
    const { vectors, points, models } = user;
    const n = points.itemKeys.length;
    const kept = this.table === models.table ? commonStart(this.items, points.itemKeys) : 0;
    this.table = models.table;
    this.items = points.itemKeys.slice();
    this.rows.length = kept;
    this.grow(vectors, vectors.length / n, kept, n);
    const condensed = new Float64Array((n * (n - 1)) / 2);
    for (let j = 1; j < n; j++) {
      const row = this.rows[j];
      // Entry (i, j) of the triangle stands at i n − i (i + 1) / 2 + j − i − 1, which moves by n − i − 2 per i.
      for (let i = 0, at = j - 1; i < j; at += n - i - 2, i++) condensed[at] = row[i];
    }
    return condensed;
  }

  private grow(vectors: Float32Array, dim: number, from: number, n: number): void {
    const scan = createScan(vectors, dim);
    const vector = (i: number): Float32Array => vectors.subarray(i * dim, (i + 1) * dim);
    const squares = Float64Array.from({ length: n }, (_, i) => normOf(vector(i)) ** 2);
    for (let j = from; j < n; j++) {
      const row = new Float32Array(j);
      for (let start = 0; start < j; start += blockRows) {
        const products = scan(vector(j), start, Math.min(blockRows, j - start));
        for (let i = 0; i < products.length; i++)
          row[start + i] = Math.max(0, squares[j] + squares[start + i] - 2 * products[i]);
      }
      this.rows[j] = row;
    }
  }
}

function commonStart(a: Uint32Array, b: Uint32Array): number {
  const most = Math.min(a.length, b.length);
  let same = 0;
  while (same < most && a[same] === b[same]) same++;
  return same;
}
