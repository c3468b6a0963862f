import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { mainFile } from './cli.js';

export interface ServerProcess {
  readonly process: ChildProcess;
  /** Its exit code once it has ended, null where a signal ended it. */
  readonly ended: Promise<number | null>;
  /** All of its stderr so far. */
  readonly log: () => string;
  /** Resolves when its stderr holds the text. */
  readonly said: (part: string) => Promise<void>;
}

export interface Served extends ServerProcess {
  readonly url: string;
  readonly port: number;
  /** From the start of the process until it answered, ms. */
  readonly readyMs: number;
}

/** Starts the built command on any free port, and waits until it listens. */
export async function serve(data: string, ...flags: readonly string[]): Promise<Served> {
  const started = performance.now();
  const server = spawnServer(data, ...flags);
  const { process: child, ended, log } = server;
  const [line] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    ended.then((code) => Promise.reject(new Error(`serve ended with ${code}: ${log()}`))),
  ]);
  const { url, port } = JSON.parse(line) as { url: string; port: number };
  return { ...server, url, port, readyMs: performance.now() - started };
}

/** Starts the built command, and does not wait. */
export function spawnServer(data: string, ...flags: readonly string[]) {
  const args = [mainFile, 'serve', '--data', data, '--port', '0', '--json', ...flags];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    log += more;
  });
  const said = async (part: string): Promise<void> => {
    while (!log.includes(part)) await once(child.stderr, 'data');
  };
  return { process: child, ended, log: () => log, said };
}
