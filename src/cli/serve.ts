import { Command, Option } from 'commander';
import type { RunningServer } from '../server/run.js';
import type { Schedule } from '../server/schedule.js';
import { type CommonFlags, count, instant, nonNegative, withCommon } from './options.js';
import { note, print, printJson } from './output.js';
import { clockFrom, dayMs, duration, hourMs, key, port, timeOfDay } from './serveoptions.js';
import { interrupted, interruptible } from './session.js';
import { packageVersion } from './version.js';

export interface ServeFlags {
  readonly data: string;
  readonly port: number;
  readonly host?: string;
  readonly apiKey?: string;
  readonly batchEvery: number | 'none';
  readonly batchAt: number;
  readonly now?: number;
  readonly rateLimit?: number;
  readonly logLevel: string;
  readonly recommendationDays?: number;
  readonly searchThreads?: number;
  readonly drainSeconds: number;
}

type Flags = CommonFlags & ServeFlags;

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'];

export function serveCommand(): Command {
  return withCommon(new Command('serve'))
    .description('answer over HTTP: actions in, interests and candidates out, batches inside')
    .addOption(new Option('--port <n>', '0 for any').argParser(port).default(3000).env('PORT'))
    .option('--host <address>', 'where to listen (default: 127.0.0.1, with a key every address)')
    .addOption(
      new Option('--api-key <key>', 'what callers must send as X-API-Key')
        .argParser(key)
        .env('PINNERSAGE_API_KEY'),
    )
    .addOption(
      new Option('--batch-every <time>', 'such as 24h, 30m, none').argParser(duration).default(dayMs, '24h'),
    )
    .addOption(
      new Option('--batch-at <time>', 'UTC, from which batches are counted')
        .argParser(timeOfDay)
        .default(3 * hourMs, '03:00'),
    )
    .option('--now <iso>', 'the clock starts there and runs on (default: the wall clock)', instant)
    .option('--rate-limit <n>', 'requests per second, of the key or of each address', count)
    .addOption(new Option('--log-level <level>').choices(levels).default('info'))
    .option('--recommendation-days <n>', 'how long answers stay in their log; 0 for no log', nonNegative)
    .option('--search-threads <n>', 'threads that search and cluster (default: 1)', count)
    .option('--drain-seconds <n>', 'requests are still answered so long once it stops', nonNegative, 0)
    .action(serve);
}

async function serve(flags: Flags): Promise<void> {
  const signal = interruptible(
    'stopping: requests that were taken are finished; a second signal ends at once',
  );
  const server = await startServer(flags);
  const { url, port } = server;
  if (flags.json) printJson({ url, port, pid: process.pid });
  else print(`${flags.data} is served at ${url} (${url}/openapi.json says how)`);
  if (flags.apiKey === undefined) note(`no API key is set: whoever reaches ${url} may read and change all`);
  await interrupted(signal);
  await server.stop();
}

/** Serves a directory as flags say. */
export async function startServer(flags: ServeFlags): Promise<RunningServer> {
  // Loaded here, because every command would pay for it.
  const [{ pino }, { runServer }] = await Promise.all([import('pino'), import('../server/run.js')]);
  const { apiKey, rateLimit, recommendationDays, searchThreads, batchEvery, batchAt } = flags;
  const logger = pino(
    { level: flags.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: false }),
  );
  const schedule: Schedule | null = batchEvery === 'none' ? null : { everyMs: batchEvery, atMs: batchAt };
  const now = clockFrom(flags.now);
  return runServer({
    engine: {
      path: flags.data,
      onNote: (text) => logger.info(text),
      now,
      ...(recommendationDays === undefined ? {} : { recommendationDays }),
      ...(searchThreads === undefined ? {} : { searchThreads }),
    },
    host: flags.host ?? (apiKey === undefined ? '127.0.0.1' : '0.0.0.0'),
    port: flags.port,
    logger,
    now,
    version: packageVersion(),
    schedule,
    drainMs: 1000 * flags.drainSeconds,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
  });
}
