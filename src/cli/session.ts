import { explainFault } from '../disk/fault.js';
import { PinnersageError } from '../errors.js';
import { type OpenOptions, open, type PinnerSage } from '../pipeline/pinnersage.js';
import { note, oneLine } from './output.js';

const openOptions = {
  read: { mode: 'read' },
  write: { mode: 'write', create: false },
  create: { mode: 'write' },
} as const satisfies Record<string, OpenOptions>;

/** Opens the directory for one command and closes it whatever happens; only importers create one. */
export async function withData<T>(
  path: string,
  access: keyof typeof openOptions,
  work: (data: PinnerSage) => Promise<T> | T,
): Promise<T> {
  const data = await open(path, { ...openOptions[access], onNote: (text) => note(`note: ${text}`) });
  try {
    return await work(data);
  } finally {
    await data.close();
  }
}

const safePoint = 'stopping at the next safe point; press Ctrl-C again to stop at once';

/** Ctrl-C, or SIGTERM, asks the work to stop; a second one ends the process. `what` is then said. */
export function interruptible(what = safePoint): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write(`\n${what}\n`);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}

/** Resolves when the signal comes. */
export function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** One clear line for the person at the terminal, and the documented exit code. */
export function fail(thrown: unknown): never {
  const error = explainFault(thrown, process.cwd());
  if (error instanceof PinnersageError) {
    process.stderr.write(`pinnersage: ${oneLine(error.message)} [${error.code}]\n`);
    process.exit(error.exitCode);
  }
  process.stderr.write(`pinnersage: ${error instanceof Error ? error.stack : String(error)} [internal]\n`);
  process.exit(1);
}
