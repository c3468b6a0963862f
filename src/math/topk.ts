import { PinnersageError } from '../errors.js';

/**
 * What: keeps the k best of a stream of (key, score).
 * Convention: scores descending; equal scores to the lower key. Of −0 and 0 neither is better.
 * Shapes and units: keys u32, scores float64. Buffers are kept between uses: `reset(k)` starts anew, and what
 * `finish()` exposed is overwritten then.
 * Preconditions and errors: a NaN score is refused (`vector-invalid`): it would compare false with everything and so
 * could be kept or lost by accident. A key offered twice is kept twice. k: integer ≥ 0, else `option-invalid`.
 * Time and memory: O(log k) per kept offer, O(1) per refused one; `floor` lets a scan skip the call. 12 bytes per place.
 * Checked by: test/math/topk.test.ts (against a full sort).
 */
export class TopK {
  /** After `finish()`: the kept keys, best first, in the first `length` entries. */
  keys = new Uint32Array(0);
  /** Parallel to `keys`. */
  scores = new Float64Array(0);
  /** How many are kept. */
  length = 0;
  /** An offer whose score is lower than this is not kept: −∞ until k are kept, +∞ for k = 0. */
  floor = Number.NEGATIVE_INFINITY;
  private k = 0;

  constructor(k = 0) {
    this.reset(k);
  }

  reset(k: number): void {
    if (!Number.isSafeInteger(k) || k < 0)
      throw new PinnersageError('option-invalid', `k: got ${k}, expected an integer ≥ 0`);
    if (k > this.keys.length) {
      this.keys = new Uint32Array(k);
      this.scores = new Float64Array(k);
    }
    this.k = k;
    this.length = 0;
    this.floor = k === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  offer(key: number, score: number): void {
    if (Number.isNaN(score))
      throw new PinnersageError('vector-invalid', `score of key ${key}: got NaN, expected a number`);
    if (score < this.floor || this.k === 0) return;
    if (this.length < this.k) {
      this.rise(this.length++, key, score);
    } else if (isWorse(this.scores[0], this.keys[0], score, key)) {
      this.sink(0, key, score, this.length);
    }
    if (this.length === this.k) this.floor = this.scores[0];
  }

  /** Sorts what was kept, best first, and says how many there are; `reset` before offering again. */
  finish(): number {
    for (let end = this.length - 1; end > 0; end--) {
      const key = this.keys[end];
      const score = this.scores[end];
      this.keys[end] = this.keys[0];
      this.scores[end] = this.scores[0];
      this.sink(0, key, score, end);
    }
    return this.length;
  }

  /** The heap holds the worst at its root: no parent is better than its children. */
  private rise(from: number, key: number, score: number): void {
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!isWorse(score, key, this.scores[parent], this.keys[parent])) break;
      this.move(parent, hole);
      hole = parent;
    }
    this.keys[hole] = key;
    this.scores[hole] = score;
  }

  private sink(from: number, key: number, score: number, end: number): void {
    const { keys, scores } = this;
    let hole = from;
    for (let child = 2 * hole + 1; child < end; child = 2 * hole + 1) {
      const right = child + 1;
      if (right < end && isWorse(scores[right], keys[right], scores[child], keys[child])) child = right;
      if (!isWorse(scores[child], keys[child], score, key)) break;
      this.move(child, hole);
      hole = child;
    }
    keys[hole] = key;
    scores[hole] = score;
  }

  private move(from: number, to: number): void {
    this.keys[to] = this.keys[from];
    this.scores[to] = this.scores[from];
  }
}

function isWorse(score: number, key: number, otherScore: number, otherKey: number): boolean {
  return score < otherScore || (score === otherScore && key > otherKey);
}
