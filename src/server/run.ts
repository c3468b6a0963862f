import type { AddressInfo } from 'node:net';
import type { FastifyBaseLogger } from 'fastify';
import { PinnersageError } from '../errors.js';
import type { EngineOptions } from '../pipeline/engine.js';
import { openEngine } from '../pipeline/serve/open.js';
import { addressOf, removePresence, writePresence } from './presence.js';
import { createScheduler, type Schedule } from './schedule.js';
import { createServer, type Server, type ServerOptions } from './server.js';

export interface RunOptions extends ServerOptions {
  readonly engine: EngineOptions;
  readonly logger: FastifyBaseLogger;
  readonly now: () => number;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** When batches run by themselves; null for never. */
  readonly schedule: Schedule | null;
  /** How long requests are still answered once it stops, while `/readyz` says 503, ms. Default: 0. */
  readonly drainMs?: number;
}

export interface RunningServer {
  /** Such as http://127.0.0.1:3000. */
  readonly url: string;
  readonly port: number;
  /** Turns `/readyz` to 503, finishes the requests that were taken, and releases the directory. */
  stop(): Promise<void>;
}

const lookEveryMs = 1_000;

/** Opens a data directory and serves it. */
export async function runServer(options: RunOptions): Promise<RunningServer> {
  const { logger, schedule } = options;
  const { path } = options.engine;
  const engine = await openEngine(options.engine);
  let server: Server;
  let port: number;
  try {
    server = await createServer(engine, options);
    port = await listen(server, options.host, options.port);
  } catch (error) {
    await engine.close();
    throw error;
  }
  try {
    writePresence(path, { host: options.host, port, pid: process.pid });
  } catch (error) {
    // As on a full disk, where a server still answers.
    logger.warn({ err: error }, 'other commands will not find this server');
  }
  const look = schedule && createScheduler(engine, schedule, { now: options.now, ...batchLog(logger) });
  look?.();
  const timer = look && setInterval(look, lookEveryMs);
  return {
    url: addressOf(options.host, port),
    port,
    stop: async () => {
      server.drain();
      if (timer) clearInterval(timer);
      if (options.drainMs) await new Promise((resolve) => setTimeout(resolve, options.drainMs));
      removePresence(path);
      await engine.interrupt(); // a request for a batch would hold up the rest for minutes
      await server.app.close();
      await engine.close();
    },
  };
}

const unusable: { readonly [code: string]: string } = {
  EADDRINUSE: 'another process listens there',
  EACCES: 'the operating system does not permit it',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
};

async function listen({ app }: Server, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port });
    return (app.server.address() as AddressInfo).port;
  } catch (error) {
    await app.close();
    const why = unusable[(error as NodeJS.ErrnoException).code ?? ''];
    if (why === undefined) throw error;
    throw new PinnersageError('option-invalid', `cannot listen on ${host} port ${port}: ${why}`, {
      cause: error,
    });
  }
}

/** Counts only: the ids of users who failed are in the report, and stay out of the log. */
function batchLog(logger: FastifyBaseLogger) {
  return {
    onDone: ({
      asOf,
      users,
      failed,
      seconds,
    }: {
      asOf: string;
      users: number;
      failed: number;
      seconds: number;
    }) => logger.info({ asOf, users, failed, seconds }, 'batch'),
    onSkipped: (why: string) => logger.warn(why),
    onFailed: (error: unknown) => logger.error({ err: error }, 'the batch failed'),
  };
}
