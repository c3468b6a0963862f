import { parentPort, workerData } from 'node:worker_threads';
import { ActionLog } from '../actions/log.js';
import { Catalog } from '../catalog/catalog.js';
import { openDirectory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import { type EmbedOptions, type Made, makeSpace } from './embed.js';
import { type Failure, failureOf } from './serve/calls.js';

/** What the thread is given that makes embeddings. */
export interface EmbedWorkerData {
  readonly path: string;
  readonly options: Omit<EmbedOptions, 'signal' | 'onProgress' | 'onNote'>;
  /** One number in shared memory: anything but 0 asks it to stop. */
  readonly stop: Int32Array;
}

/** What it says, in the end one of the last two. */
export type EmbedMessage =
  | { readonly progress: readonly [done: number, total: number] }
  | { readonly note: string }
  | { readonly made: Made }
  | { readonly failure: Failure };

const port = parentPort;
if (!port) throw new Error('embed-worker runs in a worker thread only');
const { path, options, stop } = workerData as EmbedWorkerData;
const say = (message: EmbedMessage, handedOver: ArrayBufferLike[] = []): void =>
  port.postMessage(message, handedOver as ArrayBuffer[]);

async function make(): Promise<Made> {
  const directory = await openDirectory(path, { mode: 'read' });
  try {
    return makeSpace(new Catalog(directory), new ActionLog(directory), {
      ...options,
      onProgress(...progress) {
        if (Atomics.load(stop, 0) !== 0) throw new PinnersageError('interrupted', 'stopped');
        say({ progress });
      },
      onNote: (note) => say({ note }),
    });
  } finally {
    await directory.close();
  }
}

try {
  const made = await make();
  say({ made }, [made.items.buffer, made.vectors.buffer]);
} catch (error) {
  say({ failure: failureOf(error) });
}
port.close();
