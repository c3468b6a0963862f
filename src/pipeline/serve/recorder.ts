import { type Admitted, type Finding, type ListedNeighbors, NeighborCache } from '../../retrieve/cache.js';

/** Neighbours that were asked for, for another thread to remember. */
export interface Learned {
  readonly row: number;
  readonly k: number;
  readonly admit: string;
  readonly found: ListedNeighbors;
}

/** Remembers like any other, and notes what was asked of it. */
export class RecordingCache extends NeighborCache {
  private learned: Learned[] = [];

  override find(row: number, k: number, admit: Admitted | null): ListedNeighbors | null {
    const found = super.find(row, k, admit);
    if (found) this.learned.push({ row, k, admit: admit?.text ?? '', found });
    return found;
  }

  override learn(row: number, k: number, admit: string, finding: Finding): void {
    super.learn(row, k, admit, finding);
    this.learned.push({ row, k, admit, found: finding.found });
  }

  /** What was noted since the last call. */
  take(): readonly Learned[] {
    const { learned } = this;
    this.learned = [];
    return learned;
  }
}
