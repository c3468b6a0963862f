import { readdirSync } from 'node:fs';
import { computedMs } from '../pipeline/threadtime.js';

const tasks = '/proc/self/task';

/**
 * CPU seconds so far of the threads of this process that run no JavaScript: the compilers and collectors of V8, and libuv's.
 * Null where the system does not tell (Linux does). Call where there are no worker threads.
 */
export function runtimeSeconds(): number | null {
  if (computedMs(`${tasks}/${process.pid}`) === null) return null;
  const others = readdirSync(tasks).filter((id) => Number(id) !== process.pid);
  return others.reduce((sum, id) => sum + (computedMs(`${tasks}/${id}`) ?? 0) / 1000, 0);
}

/** What a batch computed, in CPU seconds. */
export interface BatchSpent {
  readonly clusteringSeconds: number;
  /** Clustering as a part of its threads' time on users. */
  readonly clusteringShare: number;
  readonly cpuSeconds: number;
  readonly runtimeSeconds: number | null;
}

/** The profile of a batch: parts of all that it computed. */
export interface BatchProfile {
  readonly clusteringOfCpu: number;
  /** Reading users' actions and writing their profiles. */
  readonly readingWritingOfCpu: number;
  /** Threads of the runtime. With the two above, the rest to 1 is opening, vectors, ids, storing and starting. */
  readonly runtimeOfCpu?: number;
  /** Clustering as a part of what the threads that run JavaScript computed, which is what a CPU profile of V8 counts. */
  readonly clusteringOfThreads?: number;
}

export function batchProfile(spent: BatchSpent): BatchProfile {
  const { clusteringSeconds, clusteringShare, cpuSeconds, runtimeSeconds: runtime } = spent;
  const onUsers = clusteringShare > 0 ? clusteringSeconds / clusteringShare : 0;
  return {
    clusteringOfCpu: clusteringSeconds / cpuSeconds,
    readingWritingOfCpu: (onUsers - clusteringSeconds) / cpuSeconds,
    ...(runtime === null
      ? {}
      : {
          runtimeOfCpu: runtime / cpuSeconds,
          clusteringOfThreads: clusteringSeconds / (cpuSeconds - runtime),
        }),
  };
}
