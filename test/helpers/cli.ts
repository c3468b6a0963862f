import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const mainFile = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command as a user would. */
export function cli(...args: readonly string[]): CliResult {
  return run([mainFile, ...args]);
}

function run(args: readonly string[]): CliResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { status, stdout, stderr };
}

/** Sends the process Ctrl-C when it starts its first thread. */
const stopAtThread = `
  import threads from 'node:worker_threads';
  import { syncBuiltinESMExports } from 'node:module';
  threads.Worker = class extends threads.Worker {
    constructor(...given) {
      super(...given);
      process.kill(process.pid, 'SIGINT');
    }
  };
  syncBuiltinESMExports();`;

/** The same, with Ctrl-C when the work begins that is done on another thread. */
export function cliStopped(...args: readonly string[]): CliResult {
  return run(['--import', `data:text/javascript,${encodeURIComponent(stopAtThread)}`, mainFile, ...args]);
}

/** Runs a command with --json that must succeed, and parses what it printed. */
export function cliJson<T>(...args: readonly string[]): T {
  const { status, stdout, stderr } = cli(...args, '--json');
  if (status !== 0) throw new Error(`${args.join(' ')} exited ${status}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
