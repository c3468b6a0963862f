import { Worker } from 'node:worker_threads';
import type { Directory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import { type Answer, Desk, type DeskInput, type Task } from './desk.js';

/** One desk of several: a thread, or this one. */
export interface OpenDesk {
  do(task: Task): Promise<Answer>;
  close(): Promise<void>;
}

/** `count` desks, in threads of their own where there are several. */
export async function openDesks(count: number, input: DeskInput, directory: Directory): Promise<OpenDesk[]> {
  if (count <= 1) {
    const desk = await Desk.open(input, directory);
    return [{ do: async (task) => desk.do(task), close: async () => {} }];
  }
  const desks: OpenDesk[] = [];
  try {
    for (let i = 0; i < count; i++) desks.push(openThread(input));
    return desks;
  } catch (error) {
    await Promise.all(desks.map((desk) => desk.close()));
    throw error;
  }
}

/** A thread answers tasks in their order; its first message says that it is ready. */
function openThread(workerData: DeskInput): OpenDesk {
  const worker = new Worker(new URL('./desk-worker.js', import.meta.url), { workerData });
  const waiting: { resolve: (answer: Answer) => void; reject: (error: unknown) => void }[] = [];
  let failure: unknown = null;
  const fail = (error: unknown): void => {
    failure = error;
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  worker.on('error', (error) => fail(revived(error)));
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      fail(new Error(`an evaluation thread ended with ${code}`));
      resolve();
    });
  });
  const ready = new Promise<Answer>((resolve, reject) => waiting.push({ resolve, reject }));
  ready.catch(() => {}); // told again by the first task
  worker.on('message', (answer: Answer) => waiting.shift()?.resolve(answer));
  return {
    do: async (task) => {
      await ready;
      if (failure) throw failure;
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        worker.postMessage(task);
      });
    },
    // A thread closes its database before it ends; one that was ended in the middle of that would take the process along.
    close: () => {
      worker.postMessage(null);
      return ended;
    },
  };
}

/** Errors lose their class on the way between threads, not their fields. */
function revived(error: Error): Error {
  const { code, name } = error as Partial<PinnersageError>;
  return name === 'PinnersageError' && code ? new PinnersageError(code, error.message) : error;
}
