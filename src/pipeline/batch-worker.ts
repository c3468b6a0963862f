import { parentPort, workerData } from 'node:worker_threads';
import { ActionLog } from '../actions/log.js';
import { openDirectory } from '../disk/directory.js';
import { IdTable } from '../disk/ids.js';
import type { SharedMemory } from '../math/kernel.js';
import { adoptVectors, type SharedVectors } from '../math/vectors.js';
import { EmbeddedProfileStore } from '../store/embedded.js';
import { type BatchPlan, type ChunkResult, ChunkRunner } from './chunk.js';
import { ChunkQueue, type SharedQueue } from './chunkqueue.js';

/** What the batch gives a worker thread: the plan over shared arrays, its place in them, its own memory to write in. */
export interface BatchWorkerData {
  readonly path: string;
  readonly plan: BatchPlan;
  readonly shared: SharedVectors;
  /** From 1. */
  readonly slot: number;
  readonly queue: SharedQueue;
  readonly writing: SharedMemory;
}

/** What became of the chunk that begins with user `from`. A thread is sent back the memory of a block that was put. */
export interface ChunkDone {
  readonly from: number;
  readonly result: ChunkResult;
}

const port = parentPort;
if (!port) throw new Error('batch-worker runs in a worker thread only');
const { path, plan, shared, slot, queue, writing } = workerData as BatchWorkerData;
const table = { ...plan.table, vectors: adoptVectors(shared, slot, 'gather') };
const directory = await openDirectory(path, { mode: 'read' });
const sources = {
  plan: { ...plan, table },
  log: new ActionLog(directory),
  store: new EmbeddedProfileStore(directory, plan.space),
  itemIds: new IdTable(directory, 'item'),
};
const runner = new ChunkRunner(sources, writing);

/** Blocks that may be on their way: where profiles are written more slowly than they are made, threads wait. */
const mostSent = 16;
let sent = 0;
let wake = (): void => {};
const free: SharedArrayBuffer[] = [];
port.on('message', (memory: SharedArrayBuffer) => {
  sent--;
  free.push(memory);
  wake();
});
const chunks = new ChunkQueue(queue);
for (let users = chunks.take(); users; users = chunks.take()) {
  const [from, to] = users;
  port.postMessage({ from, result: runner.run(from, to, free.pop()) } satisfies ChunkDone);
  sent++;
  // Lets memory come back, and the store give up its view of what is being replaced.
  await new Promise(setImmediate);
  while (sent >= mostSent)
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
}
await directory.close();
port.close();
