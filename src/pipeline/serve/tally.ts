import { SearchTally } from '../searches.js';

const cells = 4;

/** What a thread that answers has done since its start, in memory that it shares with the one that asks. */
export class ThreadTally {
  readonly counts: Float64Array;
  readonly searches: SearchTally;

  constructor(counts: Float64Array = new Float64Array(new SharedArrayBuffer(8 * cells))) {
    this.counts = counts;
    this.searches = new SearchTally(counts.subarray(0, 2));
  }

  /** Questions for neighbours that it had asked before, and that it had not. */
  get hits(): number {
    return this.counts[2];
  }

  get misses(): number {
    return this.counts[3];
  }

  remembered({ hits, misses }: { readonly hits: number; readonly misses: number }): void {
    this.counts[2] = hits;
    this.counts[3] = misses;
  }
}
