import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openEngine } from '../pipeline/serve/open.js';
import { createServer } from '../server/server.js';
import { ownMemory } from './memory.js';

/** The process under test: the server of `serve`, a bare route beside it, and what it measures of itself. */
export interface ServeTask {
  readonly data: string;
  /** Where its clock starts, epoch ms. */
  readonly startMs: number;
  readonly searchThreads: number;
}

/** What the process has used since the last time it was asked. */
export interface ServeUsage {
  /** 99th percentile and maximum, ms. */
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** Without mapped files; null where the system does not tell. */
  readonly ownBytes: number | null;
  /** Index searches since the start, and the time of these alone. */
  readonly searches: number;
  readonly searchSeconds: number;
}

export type ServeCommand = { readonly kind: 'usage' } | { readonly kind: 'stop' };

const resolutionMs = 1;

async function run({ data, startMs, searchThreads }: ServeTask): Promise<void> {
  const opened = Date.now();
  const now = (): number => startMs + (Date.now() - opened);
  const onNote = (note: string): void => void process.stderr.write(`${note}\n`);
  const engine = await openEngine({ path: data, now, searchThreads, onNote });
  const { app } = await createServer(engine, { now });
  let bare: Buffer | null = null;
  app.get('/bare/:userId', async ({ params }, reply) => {
    const { userId } = params as { readonly userId: string };
    // The bytes of a real answer, made once.
    bare ??= (await app.inject(`/v1/users/${userId}/recommendations`)).rawPayload;
    return reply.header('content-type', 'application/json; charset=utf-8').send(bare);
  });
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  let cpu = process.cpuUsage();
  process.on('message', async (command: ServeCommand) => {
    if (command.kind === 'stop') {
      await app.close();
      await engine.close();
      process.disconnect();
      return;
    }
    const { user, system } = process.cpuUsage(cpu);
    const { searches } = engine.status();
    const usage: ServeUsage = {
      // The timer itself takes one resolution.
      loopDelayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - resolutionMs),
      loopDelayMaxMs: Math.max(0, delay.max / 1e6 - resolutionMs),
      cpuSeconds: (user + system) / 1e6,
      rssBytes: process.memoryUsage().rss,
      ownBytes: ownMemory(process.pid),
      searches: searches.count,
      searchSeconds: searches.seconds,
    };
    delay.reset();
    cpu = process.cpuUsage();
    process.send?.(usage);
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  process.send?.({ url: app.listeningOrigin });
}

process.once('message', (task: ServeTask) => {
  run(task).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  });
});
