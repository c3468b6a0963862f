import { Worker } from 'node:worker_threads';
import type { Neighbors, RowSet, VectorSearch } from '../../ann/search.js';
import type { LoadedSpace } from '../../catalog/space.js';
import { shareVectors } from '../../math/vectors.js';
import type { AnswerHandlers, AnswerThreadData, SpaceMessage } from './answer-thread.js';
import { Calls } from './calls.js';

/** The threads that search and cluster, so that the one that answers never waits for either. */
export class AnswerPool {
  private readonly threads: readonly Calls<AnswerHandlers>[];

  constructor(path: string, count: number, onNote: (note: string) => void) {
    this.threads = Array.from({ length: count }, (_, i) => {
      const workerData: AnswerThreadData = { path, slot: i + 1 };
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

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.call('close', null)));
  }
}

/** Thrown through synchronous code that needs the answer to a search which another thread has to give first. */
class SearchPending {
  readonly query: Float32Array;
  readonly k: number;
  readonly admit: RowSet | undefined;
  readonly key: string;

  constructor(query: Float32Array, k: number, admit: RowSet | undefined, key: string) {
    this.query = query;
    this.k = k;
    this.admit = admit;
    this.key = key;
  }
}

/** A thread that is asked may know a later state already: without the rows that the state of the asker does not have. */
export function upTo(rows: number, found: Neighbors): Neighbors {
  if (found.rows.every((row) => row < rows)) return found;
  const known = Array.from(found.rows.keys()).filter((i) => found.rows[i] < rows);
  return {
    rows: Uint32Array.from(known, (i) => found.rows[i]),
    scores: Float32Array.from(known, (i) => found.scores[i]),
  };
}

/**
 * What: runs synchronous retrieval over searches that other threads make. `work` is given a search that knows the answers
 * so far; where it asks for another one it is stopped, the answer is fetched, and it runs again from its start.
 * Preconditions: `work` is deterministic and keeps nothing of a run that was stopped (what it remembers are whole answers).
 * Time: one run per search that nothing remembers, each without the searches of the runs before.
 */
export async function withSearches<T>(
  pool: AnswerPool,
  { size, space }: { readonly size: number; readonly space: LoadedSpace },
  work: (search: VectorSearch) => T,
): Promise<T> {
  const known = new Map<string, Neighbors>();
  const search: VectorSearch = {
    size,
    search(query, k, admit) {
      const bytes = Buffer.from(query.buffer, query.byteOffset, query.byteLength);
      const key = `${k} ${bytes.toString('latin1')}`;
      const found = known.get(key);
      if (found) return found;
      throw new SearchPending(query, k, admit, key);
    },
  };
  for (;;) {
    try {
      return work(search);
    } catch (stopped) {
      if (!(stopped instanceof SearchPending)) throw stopped;
      const { query, k, admit, key } = stopped;
      const asked = { vector: query.slice(), k, admit: admit ?? null };
      known.set(key, upTo(space.itemOfRow.length, await pool.any().call('search', asked)));
    }
  }
}
