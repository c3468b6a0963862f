import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createClusterer } from '../cluster/clusterer.js';
import { createRng, type Rng } from '../math/rng.js';
import { allocateVectors, createGather } from '../math/vectors.js';
import { dayMs } from '../model/action.js';
import { InferScratch, inferColumns } from '../profile/infer.js';
import type { WorkerTask } from './cluster-worker.js';
import { clusteredPoints } from './points.js';

/** The catalog that users gather from: far more than a core's caches hold, as in production. */
const catalogBytes = 2 ** 27;
const asOfMs = 1_700_000_000_000;

interface SyntheticUser {
  readonly itemKeys: Uint32Array;
  readonly actionOffsets: Uint32Array;
  readonly times: Float64Array;
  readonly weights: Float64Array;
}

/**
 * One user after another, end to end: gather the vectors from the catalog, cluster, cut, medoids, importances, interest
 * ids. Sizes go round through `sizes`; all items of all users are different, and lie anywhere in the catalog. Each call
 * runs one user and returns the number of interests.
 */
export function createUserRun(sizes: readonly number[], d: number, alpha: number): () => number {
  const items = Math.max(sum(sizes), Math.floor(catalogBytes / (4 * d)));
  const rowOfItem = Int32Array.from(permutation(items, createRng(0)));
  const vectors = allocateVectors(items, d);
  const users: SyntheticUser[] = [];
  for (let first = 0; ; ) {
    const n = sizes[users.length % sizes.length];
    if (first + n > items) break;
    const x = clusteredPoints(n, d, 1000 + users.length);
    for (let i = 0; i < n; i++) vectors.set(x.subarray(i * d, (i + 1) * d), rowOfItem[first + i] * d);
    users.push(syntheticUser(first, n, users.length));
    first += n;
  }
  const clusterer = createClusterer(d, vectors);
  const gather = createGather(vectors, d);
  const scratch = new InferScratch();
  const identity = { user: 'bench', space: 'bench', generation: 1 };
  const options = { alpha, lambda: 0.01, repeats: 'distinct', identity } as const;
  let next = 0;
  return () => {
    const user = users[next++ % users.length];
    const { itemKeys } = user;
    gather(clusterer.vectors(itemKeys.length), itemKeys, rowOfItem);
    inferColumns(clusterer, scratch, user, asOfMs, options);
    return scratch.columns.count;
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** The numbers 0 … n − 1, shuffled. */
function permutation(n: number, rng: Rng): Uint32Array {
  const all = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}

/** A user of items `first … first + n − 1`, in random order, one action each over 90 days. */
function syntheticUser(first: number, n: number, seed: number): SyntheticUser {
  const rng = createRng(seed);
  return {
    itemKeys: permutation(n, rng).map((item) => first + item),
    actionOffsets: Uint32Array.from({ length: n + 1 }, (_, i) => i),
    times: Float64Array.from({ length: n }, () => asOfMs - rng.uniform() * 90 * dayMs),
    weights: new Float64Array(n).fill(1),
  };
}

/** Users per second of `threads` worker threads together. */
export async function usersPerSecond(threads: number, task: WorkerTask): Promise<number> {
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL('cluster-worker.js', import.meta.url), { workerData: task }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const counts = workers.map((worker) => once(worker, 'message'));
  for (const worker of workers) worker.postMessage('go');
  const done = (await Promise.all(counts)) as [number][];
  await Promise.all(workers.map((worker) => worker.terminate()));
  return done.reduce((sum, [users]) => sum + users, 0) / task.seconds;
}
