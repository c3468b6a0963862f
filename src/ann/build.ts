import { Worker } from 'node:worker_threads';
import { PinnersageError } from '../errors.js';
import type { HnswInput } from './hnsw.js';
import type { HnswWorkerData } from './hnsw-worker.js';

export interface BuildControl {
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Builds a graph in a thread of its own, so that searches go on meanwhile; the file is written last. */
export async function buildInThread(input: HnswInput, path: string, control: BuildControl): Promise<void> {
  const { onProgress, signal } = control;
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const workerData: HnswWorkerData = { input, path, stop };
  const worker = new Worker(new URL('./hnsw-worker.js', import.meta.url), { workerData });
  const halt = (): void => void Atomics.store(stop, 0, 1);
  signal?.addEventListener('abort', halt, { once: true });
  if (signal?.aborted) halt();
  try {
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (done: number) => onProgress?.(done, input.rows.length));
      worker.on('error', reject);
      worker.on('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`the thread ended with ${code}`)),
      );
    });
  } finally {
    signal?.removeEventListener('abort', halt);
    await worker.terminate();
  }
  if (signal?.aborted)
    throw new PinnersageError('interrupted', 'interrupted; the index before stays in use, if there was one');
}
