import type { Neighbors, VectorSearch } from '../../ann/search.js';
import { type Admitted, NeighborCache } from '../../retrieve/cache.js';

/** A search that was asked for, with its answer, for another thread to remember. */
export interface Learned {
  readonly row: number;
  readonly k: number;
  readonly found: Neighbors;
}

/** Remembers like any other, and notes what it was asked. */
export class RecordingCache extends NeighborCache {
  private learned: Learned[] = [];

  override neighbors(
    search: VectorSearch,
    row: number,
    vector: Float32Array,
    k: number,
    admit: Admitted | null,
  ): Neighbors {
    const found = super.neighbors(search, row, vector, k, admit);
    this.learned.push({ row, k, found });
    return found;
  }

  /** What was noted since the last call. */
  take(): readonly Learned[] {
    const { learned } = this;
    this.learned = [];
    return learned;
  }
}
