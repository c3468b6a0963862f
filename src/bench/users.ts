import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createClusterer } from '../cluster/clusterer.js';
import { createRng } from '../math/rng.js';
import { dayMs } from '../model/action.js';
import { InferScratch, inferWith } from '../profile/infer.js';
import type { WorkerTask } from './cluster-worker.js';
import { clusteredPoints } from './points.js';

const usersKept = 16;
const asOfMs = 1_700_000_000_000;

interface SyntheticUser {
  readonly itemKeys: Uint32Array;
  readonly actionOffsets: Uint32Array;
  readonly times: Float64Array;
  readonly weights: Float64Array;
}

/**
 * One user after another, end to end: gather the vectors from a catalog, cluster, cut, medoids, importances, interest
 * ids. Sizes go round through `sizes`. Each call runs one user and returns the number of interests.
 */
export function createUserRun(sizes: readonly number[], d: number, alpha: number): () => number {
  const all = Array.from({ length: Math.max(usersKept, sizes.length) }, (_, i) => sizes[i % sizes.length]);
  const catalog = new Float32Array(all.reduce((sum, n) => sum + n * d, 0));
  let rows = 0;
  const users = all.map((n, i) => {
    catalog.set(clusteredPoints(n, d, 1000 + i), rows * d);
    rows += n;
    return syntheticUser(rows - n, n, i);
  });
  const clusterer = createClusterer(d);
  const scratch = new InferScratch();
  const identity = { user: 'bench', space: 'bench', generation: 1 };
  const options = { alpha, lambda: 0.01, repeats: 'distinct', identity } as const;
  let next = 0;
  return () => {
    const user = users[next++ % users.length];
    const { itemKeys } = user;
    const x = clusterer.vectors(itemKeys.length);
    for (let i = 0; i < itemKeys.length; i++) {
      x.set(catalog.subarray(itemKeys[i] * d, (itemKeys[i] + 1) * d), i * d);
    }
    return inferWith(clusterer, scratch, user, asOfMs, options).length;
  };
}

/** A user of items `first … first + n − 1`, in random order, one action each over 90 days. */
function syntheticUser(first: number, n: number, seed: number): SyntheticUser {
  const rng = createRng(seed);
  const itemKeys = Uint32Array.from({ length: n }, (_, i) => first + i);
  for (let i = n - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    const kept = itemKeys[i];
    itemKeys[i] = itemKeys[j];
    itemKeys[j] = kept;
  }
  return {
    itemKeys,
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
