import type { Neighbors, RowSet, VectorSearch } from '../ann/search.js';
import { Lru } from '../math/lru.js';

/** Rows that a request may return. Two requests with the same `text` on the same index admit the same rows. */
export interface Admitted {
  readonly text: string;
  readonly rows: RowSet;
}

export interface CacheStats {
  /** Answers kept. */
  readonly answers: number;
  readonly hits: number;
  readonly misses: number;
  /** hits / (hits + misses); 0 before the first question. */
  readonly hitRate: number;
}

/** Neighbours kept over all answers, 8 bytes each. */
const maxNeighbors = 4_000_000;

/**
 * What: the neighbours of a row of the table, asked of the index once and then remembered for all users.
 * Source: algorithm.md §4 (paper: medoids are items, so what is near one is the same for everybody).
 * Convention: an answer is remembered for exactly the k it was asked with; callers keep to few different k (`portion`),
 * so that a remembered answer equals a new one whatever was asked before, also of an approximate index.
 * Time and memory: O(1) for what is remembered; 32 MB of neighbours, the least recently used go first.
 * Checked by: test/retrieve/cache.test.ts.
 */
export class NeighborCache {
  private readonly answers = new Lru<Neighbors>(maxNeighbors);
  private state: object | null = null;
  private hits = 0;
  private misses = 0;

  /** Forgets everything where `state` is another object than before: it stands for the index and what it may return. */
  keepFor(state: object): void {
    if (this.state !== state) this.answers.clear();
    this.state = state;
  }

  neighbors(
    search: VectorSearch,
    row: number,
    vector: Float32Array,
    k: number,
    admit: Admitted | null,
  ): Neighbors {
    const kept = this.find(row, k, admit?.text ?? '');
    if (kept) return kept;
    const found = search.search(vector, k, admit?.rows);
    this.learn(row, k, admit?.text ?? '', found);
    return found;
  }

  /** What is remembered. `admit`: the text of the rows, '' for all. */
  find(row: number, k: number, admit: string): Neighbors | null {
    const kept = this.answers.get(keyOf(row, k, admit));
    if (!kept) return null;
    this.hits++;
    return kept;
  }

  /** Takes over an answer, which may have been found elsewhere for the same index; `isNew`: it was not remembered there. */
  learn(row: number, k: number, admit: string, found: Neighbors, isNew = true): void {
    if (isNew) this.misses++;
    else this.hits++;
    this.answers.set(keyOf(row, k, admit), found, found.rows.length + 1);
  }

  stats(): CacheStats {
    const { hits, misses } = this;
    return { answers: this.answers.size, hits, misses, hitRate: hits / Math.max(1, hits + misses) };
  }
}

function keyOf(row: number, k: number, admit: string): string {
  return `${row} ${k} ${admit}`;
}

const leastPortion = 64;

/** At least `wanted`, rounded up to 64, 96, 128, 192, 256, 384, …: requests of different counts share answers. */
export function portion(wanted: number): number {
  let size = leastPortion;
  while (size < wanted) size *= 2;
  return size > leastPortion && (size / 4) * 3 >= wanted ? (size / 4) * 3 : size;
}
