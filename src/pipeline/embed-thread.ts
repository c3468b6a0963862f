import { Worker } from 'node:worker_threads';
import { PinnersageError } from '../errors.js';
import type { EmbedOptions, Made } from './embed.js';
import type { EmbedMessage, EmbedWorkerData } from './embed-worker.js';
import { errorOf } from './serve/calls.js';

/**
 * `makeSpace` on a thread of its own, from what is committed: whoever waits hears signals and requests meanwhile. It stops at
 * the next step that it tells of.
 * @throws `interrupted`, and what `makeSpace` does.
 */
export async function makeSpaceApart(path: string, given: EmbedOptions): Promise<Made> {
  const { signal, onProgress: _, onNote: __, ...options } = given;
  refuseWhere(signal);
  const stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const halt = (): void => void Atomics.store(stop, 0, 1);
  const workerData: EmbedWorkerData = { path, options, stop };
  const worker = new Worker(new URL('./embed-worker.js', import.meta.url), { workerData });
  signal?.addEventListener('abort', halt, { once: true });
  try {
    const made = await outcomeOf(worker, given, halt);
    refuseWhere(signal);
    return made;
  } catch (error) {
    refuseWhere(signal);
    throw error;
  } finally {
    signal?.removeEventListener('abort', halt);
  }
}

function refuseWhere(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new PinnersageError('interrupted', 'interrupted; the vectors that were there before stay in use');
}

type Listener = Pick<EmbedOptions, 'onProgress' | 'onNote'>;

/** What the thread has made, once it has ended. A listener that throws makes it stop. */
function outcomeOf(worker: Worker, { onProgress, onNote }: Listener, halt: () => void): Promise<Made> {
  return new Promise((resolve, reject) => {
    let made: Made | null = null;
    let failure: unknown = null;
    worker.on('message', (message: EmbedMessage) => {
      try {
        if ('made' in message) made = message.made;
        else if ('failure' in message) failure ??= errorOf(message.failure);
        else if ('note' in message) onNote?.(message.note);
        else onProgress?.(...message.progress);
      } catch (error) {
        failure ??= error;
        halt();
      }
    });
    worker.on('error', (error) => {
      failure ??= error;
    });
    worker.on('exit', (code) => {
      if (made && failure === null) resolve(made);
      else reject(failure ?? new PinnersageError('internal', `the thread that embeds ended with ${code}`));
    });
  });
}
