import { parentPort, workerData } from 'node:worker_threads';
import { ActionLog } from '../actions/log.js';
import { openDirectory } from '../disk/directory.js';
import { adoptVectors, type SharedVectors } from '../math/vectors.js';
import { EmbeddedProfileStore } from '../store/embedded.js';
import { type BatchPlan, ChunkRunner } from './chunk.js';

/** What the batch gives a worker thread: the plan over shared arrays, its place in them, its own popularity sums. */
export interface BatchWorkerData {
  readonly path: string;
  readonly plan: BatchPlan;
  readonly shared: SharedVectors;
  /** From 1. */
  readonly slot: number;
  readonly popularity: Float64Array;
}

/** Users `from … to−1`; nobody where there are none left. */
export interface BatchTask {
  readonly from: number;
  readonly to: number;
  /** Of a block that nobody reads any more. */
  readonly memory: SharedArrayBuffer | undefined;
}

const port = parentPort;
if (!port) throw new Error('batch-worker runs in a worker thread only');
const { path, plan, shared, slot, popularity } = workerData as BatchWorkerData;
const table = { ...plan.table, vectors: adoptVectors(shared, slot, 'gather') };
const directory = await openDirectory(path, { mode: 'read' });
const runner = new ChunkRunner(
  { ...plan, table },
  new ActionLog(directory),
  new EmbeddedProfileStore(directory, plan.space),
  popularity,
);

port.on('message', async ({ from, to, memory }: BatchTask) => {
  if (from < to) return port.postMessage(runner.run(from, to, memory));
  await directory.close();
  port.close();
});
port.postMessage(null); // ready
