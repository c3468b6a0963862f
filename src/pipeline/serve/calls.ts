import type { MessagePort, Worker } from 'node:worker_threads';
import { type ErrorCode, errorTable, PinnersageError } from '../../errors.js';

/**
 * Calls between threads: a request with a number, and one answer to it. Bytes are copied, not handed over: a buffer that is
 * taken from a thread makes V8 check for that wherever typed arrays are used, from then on and in all code of the thread.
 */
interface Request {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: Failure;
}

/** What an error says, on its way between threads. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

export type Handlers = { readonly [method: string]: (argument: never) => unknown };

/** The argument and the result of a handler, as the caller sees them. */
type ArgumentOf<H extends Handlers, M extends keyof H> = Parameters<H[M]>[0];
type ResultOf<H extends Handlers, M extends keyof H> = Awaited<ReturnType<H[M]>>;

/** Answers calls that come in through a port, one after the other or, where handlers wait, side by side. */
export function serveCalls(port: MessagePort, handlers: Handlers): void {
  port.on('message', async ({ id, method, argument }: Request) => {
    try {
      const value = await handlers[method](argument as never);
      port.postMessage({ id, value } satisfies Answer);
    } catch (error) {
      port.postMessage({ id, failure: failureOf(error) } satisfies Answer);
    }
  });
}

export function failureOf(error: unknown): Failure {
  if (error instanceof PinnersageError) return { code: error.code, message: error.message };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'internal', message };
}

export function errorOf({ code, message }: Failure): PinnersageError {
  return new PinnersageError(code in errorTable ? code : 'internal', message);
}

/** The other side: a thread whose handlers are `H`. */
export class Calls<H extends Handlers> {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  private last = 0;
  private ended: Error | null = null;

  constructor(worker: Worker, onNote: (note: string) => void) {
    this.worker = worker;
    worker.on('message', (message: Answer | { readonly note: string }) => {
      if ('note' in message) onNote(message.note);
      else this.settle(message);
    });
    worker.on('error', (error) => this.end(error as Error));
    worker.on('exit', (code) =>
      this.end(new PinnersageError('internal', `a thread of the server ended with ${code}`)),
    );
  }

  /** Calls that have not been answered. */
  get pending(): number {
    return this.waiting.size;
  }

  call<M extends keyof H & string>(method: M, argument: ArgumentOf<H, M>): Promise<ResultOf<H, M>> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      const id = ++this.last;
      this.waiting.set(id, { resolve: (value) => resolve(value as ResultOf<H, M>), reject });
      this.worker.postMessage({ id, method, argument } satisfies Request);
    });
  }

  private settle({ id, value, failure }: Answer): void {
    const waiter = this.waiting.get(id);
    this.waiting.delete(id);
    if (failure) waiter?.reject(errorOf(failure));
    else waiter?.resolve(value);
  }

  private end(error: Error): void {
    this.ended ??= error;
    for (const { reject } of this.waiting.values()) reject(this.ended);
    this.waiting.clear();
  }
}
