import { Worker } from 'node:worker_threads';
import type { LoadedSpace } from '../../catalog/space.js';
import type { MetaCommits } from '../../disk/meta.js';
import { shareVectors } from '../../math/vectors.js';
import { type ListedNeighbors, listed } from '../../retrieve/cache.js';
import type { AnswerHandlers, AnswerThreadData, SpaceMessage } from './answer-thread.js';
import { Calls } from './calls.js';
import { ThreadTally } from './tally.js';

export interface PoolStats {
  /** Index searches, and the time of these alone. */
  readonly searches: number;
  readonly searchMs: number;
  /** Questions for the neighbours of medoids that threads had asked before, and that they had not. */
  readonly hits: number;
  readonly misses: number;
}

/** The threads that search and cluster, so that the one that answers never waits for either. */
export class AnswerPool {
  private readonly threads: readonly Calls<AnswerHandlers>[];
  private readonly tallies: readonly ThreadTally[];

  constructor(path: string, metaCommits: MetaCommits, count: number, onNote: (note: string) => void) {
    this.tallies = Array.from({ length: count }, () => new ThreadTally());
    this.threads = this.tallies.map(({ counts }, i) => {
      const workerData: AnswerThreadData = { path, metaCommits, slot: i + 1, counts };
      return new Calls<AnswerHandlers>(
        new Worker(new URL('./answer-thread.js', import.meta.url), { workerData }),
        onNote,
      );
    });
  }

  async ready(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.call('ready', null)));
  }

  async useSpace(space: LoadedSpace): Promise<void> {
    const message: SpaceMessage = { space, shared: shareVectors(space.vectors) };
    await Promise.all(this.threads.map((thread) => thread.call('space', message)));
  }

  /** The thread with the least to do. */
  any(): Calls<AnswerHandlers> {
    return this.threads.reduce((least, thread) => (thread.pending < least.pending ? thread : least));
  }

  /** What all threads have done since the start. */
  stats(): PoolStats {
    const sum = (of: (tally: ThreadTally) => number): number =>
      this.tallies.reduce((all, tally) => all + of(tally), 0);
    return {
      searches: sum(({ searches }) => searches.count),
      searchMs: sum(({ searches }) => searches.ms),
      hits: sum(({ hits }) => hits),
      misses: sum(({ misses }) => misses),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.call('close', null)));
  }
}

/** A thread that is asked may know a later state already: without the rows that the state of the asker does not have. */
export function upTo(rows: number, found: ListedNeighbors): ListedNeighbors {
  if (found.rows.every((row) => row < rows)) return found;
  const known = Array.from(found.rows.keys()).filter((i) => found.rows[i] < rows);
  return listed({
    rows: Uint32Array.from(known, (i) => found.rows[i]),
    scores: Float32Array.from(known, (i) => found.scores[i]),
  });
}
