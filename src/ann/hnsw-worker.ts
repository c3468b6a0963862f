import { parentPort, workerData } from 'node:worker_threads';
import { buildHnsw, type HnswInput, requireHnswLibrary } from './hnsw.js';

/** What a build gives its thread; vectors and rows over shared memory. */
export interface HnswWorkerData {
  readonly input: HnswInput;
  readonly path: string;
  /** One number; other than 0 asks the thread to stop after the step it is at. */
  readonly stop: Int32Array;
}

const port = parentPort;
if (!port) throw new Error('hnsw-worker runs in a worker thread only');
const { input, path, stop } = workerData as HnswWorkerData;
for (const done of buildHnsw(requireHnswLibrary(), input, path)) {
  port.postMessage(done);
  if (Atomics.load(stop, 0) !== 0) break;
}
