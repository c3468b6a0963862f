import { Worker } from 'node:worker_threads';
import { PinnersageError } from '../errors.js';
import type { SharedMemory } from '../math/kernel.js';
import { shareVectors } from '../math/vectors.js';
import type { BatchWorkerData, ChunkDone } from './batch-worker.js';
import { type ChunkResult, ChunkRunner, type ChunkSources } from './chunk.js';
import { ChunkQueue } from './chunkqueue.js';
import { createWriterMemory, popularitySums } from './profilewriter.js';

export interface ChunkWork extends ChunkSources {
  readonly path: string;
}

/** How many users there are, how many threads besides this one work on them, and whether this one does. */
export interface Crew {
  readonly total: number;
  readonly others: number;
  readonly here: boolean;
}

export interface ChunkListener {
  /** Called in the order of users: the next ones, up to `usersDone − 1`, are done. */
  done(result: ChunkResult, usersDone: number): void;
  readonly signal: AbortSignal | undefined;
}

/** What a user leaves behind dies young: with room for that, there is little to collect. */
const resourceLimits = { maxYoungGenerationSizeMb: 64 };

/**
 * All users of a batch, a chunk at a time on every thread of the crew. Each thread takes the next chunk from memory that they
 * share, so that none waits for another. Returns the popularity sums.
 * @throws what a thread did, `interrupted`.
 */
export async function runChunks(work: ChunkWork, crew: Crew, listener: ChunkListener): Promise<Float64Array> {
  const { path, plan } = work;
  const { others, here, total } = crew;
  const items = plan.table.rowOfItem.length;
  const queue = new ChunkQueue(total, others + (here ? 1 : 0));
  const order = new InOrder(queue, listener);
  const writing = Array.from({ length: others + 1 }, () => createWriterMemory(items));
  const shared = shareVectors(plan.table.vectors);
  const workers: Worker[] = [];
  const start = (slot: number): Promise<void> => {
    const workerData: BatchWorkerData = {
      path,
      plan,
      shared,
      slot,
      queue: queue.shared,
      writing: writing[slot],
    };
    const worker = new Worker(new URL('./batch-worker.js', import.meta.url), { workerData, resourceLimits });
    workers.push(worker);
    return until(worker, order);
  };
  try {
    const running = Array.from({ length: others }, (_, i) => start(i + 1));
    if (here) running.push(runHere(work, queue, order, writing[0]));
    await Promise.all(running);
  } catch (error) {
    order.fail(error);
    throw error;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  const sums = writing.map((memory) => popularitySums(memory, items));
  for (const other of sums.slice(1)) for (let item = 0; item < items; item++) sums[0][item] += other[item];
  return sums[0];
}

/** Takes what a thread has done, until it ends. */
function until(worker: Worker, order: InOrder): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('error', reject);
    worker.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a batch thread ended with ${code}`)),
    );
    worker.on('message', ({ from, result }: ChunkDone) => {
      try {
        order.take(from, result, (memory) => worker.postMessage(memory));
      } catch (error) {
        reject(error);
      }
    });
  });
}

async function runHere(
  work: ChunkWork,
  queue: ChunkQueue,
  order: InOrder,
  writing: SharedMemory,
): Promise<void> {
  const runner = new ChunkRunner(work, writing);
  const free: SharedArrayBuffer[] = [];
  for (let users = queue.take(); users; users = queue.take()) {
    const [from, to] = users;
    order.take(from, runner.run(from, to, free.pop()), (memory) => void free.push(memory));
    // Lets in what other threads have done, and Ctrl-C.
    await new Promise(setImmediate);
    await order.room();
  }
}

/** Results that may wait for an earlier one before this thread waits as well. */
const mostWaiting = 32;

/** Hands results on in the order of users, whichever thread is first. */
class InOrder {
  private readonly waiting = new Map<number, readonly [ChunkResult, (memory: SharedArrayBuffer) => void]>();
  private wake = (): void => {};
  private readonly queue: ChunkQueue;
  private readonly listener: ChunkListener;
  private usersDone = 0;
  private failure: unknown;

  constructor(queue: ChunkQueue, listener: ChunkListener) {
    this.queue = queue;
    this.listener = listener;
  }

  /** Resolves when so few results wait that there is memory for more. */
  async room(): Promise<void> {
    this.check();
    while (this.waiting.size >= mostWaiting) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.check();
    }
  }

  private check(): void {
    if (this.failure) throw this.failure;
    if (this.listener.signal?.aborted)
      throw new PinnersageError('interrupted', 'interrupted; the profiles of the batch before stay in use');
  }

  /** Nothing more is handed on; who is at work on this thread stops with the error. */
  fail(error: unknown): void {
    this.failure ??= error;
    this.wake();
  }

  /** `release`: takes the memory of the result's block when it is needed no longer. */
  take(from: number, result: ChunkResult, release: (memory: SharedArrayBuffer) => void): void {
    try {
      this.check();
      this.waiting.set(from, [result, release]);
      for (let next = this.waiting.get(this.usersDone); next; next = this.waiting.get(this.usersDone)) {
        this.waiting.delete(this.usersDone);
        this.usersDone = this.queue.endOf(this.usersDone);
        const [ready, free] = next;
        this.listener.done(ready, this.usersDone);
        free(ready.block.bytes.buffer);
      }
      this.wake();
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }
}
