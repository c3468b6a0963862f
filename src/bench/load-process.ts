import type { Options, Result } from 'autocannon';
import { createRng, type Rng } from '../math/rng.js';

/** The load generator: a process of its own that knows the server by its address. */
export interface LoadTask {
  readonly url: string;
  readonly kind: LoadKind;
  readonly connections: number;
  /** Requests in all, or for how long. */
  readonly amount?: number;
  readonly seconds?: number;
  /** Users `from … to−1` are asked for, in turn or at random. */
  readonly users: { readonly from: number; readonly to: number; readonly inTurn: boolean };
  readonly items: number;
  /** Time of the first action that is sent, epoch ms. */
  readonly actionsFromMs: number;
  readonly actionsPerRequest: number;
  readonly seed: number;
}

export type LoadKind = 'bare' | 'recommend' | 'actions' | 'mixed';

export interface LoadOutcome {
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that are no success, and requests without an answer. */
  readonly failures: number;
  /** Actions that were acknowledged as accepted. */
  readonly accepted: number;
}

/** Every tenth request of a mixed load sends actions. */
const mixedEvery = 10;

interface Load {
  /** Makes the events of each run others. */
  readonly run: string;
  readonly task: LoadTask;
  readonly rng: Rng;
  /** Requests and actions made so far. */
  made: number;
  actions: number;
}

function nextRequest(load: Load): { method: 'GET' | 'POST'; path: string; body?: string } {
  const { task, rng } = load;
  const { from, to, inTurn } = task.users;
  const turn = load.made++;
  const user = from + (inTurn ? turn % (to - from) : rng.below(to - from));
  const sends = task.kind === 'actions' || (task.kind === 'mixed' && turn % mixedEvery === 0);
  if (sends) return { method: 'POST', path: '/v1/actions', body: actionsBody(load) };
  if (task.kind === 'bare') return { method: 'GET', path: `/bare/u${task.users.from}` };
  return { method: 'GET', path: `/v1/users/u${user}/recommendations` };
}

/** Actions of users all over the log, each another event. */
function actionsBody(load: Load): string {
  const { task, rng } = load;
  const { from, to } = task.users;
  const actions = Array.from({ length: task.actionsPerRequest }, () => ({
    userId: `u${from + rng.below(to - from)}`,
    itemId: `i${rng.below(task.items)}`,
    type: 'click',
    timestamp: task.actionsFromMs + (load.actions % 60_000),
    eventId: `${load.run}-${load.actions++}`,
  }));
  return JSON.stringify(actions);
}

function optionsFor(load: Load, onAccepted: (count: number) => void): Options {
  const { url, connections, amount, seconds, kind } = load.task;
  return {
    url,
    connections,
    ...(amount === undefined ? { duration: seconds ?? 10 } : { amount }),
    timeout: 60,
    requests: [
      {
        setupRequest: (request) => ({
          ...request,
          ...nextRequest(load),
          headers: { 'content-type': 'application/json' },
        }),
        onResponse: (_status, body) => {
          if (kind === 'actions') onAccepted((JSON.parse(body) as { accepted: number }).accepted);
        },
      },
    ],
  };
}

async function run(task: LoadTask): Promise<LoadOutcome> {
  const { default: autocannon } = await import('autocannon');
  const load: Load = { run: `${Date.now()}`, task, rng: createRng(task.seed), made: 0, actions: 0 };
  let accepted = 0;
  const latencies: number[] = [];
  const started = performance.now();
  const result = await new Promise<Result>((resolve, reject) => {
    const done = (error: unknown, finished: Result): void => (error ? reject(error) : resolve(finished));
    const instance = autocannon(
      optionsFor(load, (count) => (accepted += count)),
      done,
    );
    instance.on('response', (_client, _status, _bytes, ms) => latencies.push(ms));
  });
  const seconds = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? 0;
  return {
    requests: latencies.length,
    seconds,
    perSecond: latencies.length / seconds,
    meanMs: latencies.reduce((sum, ms) => sum + ms, 0) / Math.max(1, latencies.length),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    failures: result.non2xx + result.errors + result.timeouts,
    accepted,
  };
}

process.once('message', (task: LoadTask) => {
  run(task).then(
    (outcome) => {
      process.send?.(outcome);
      process.disconnect();
    },
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
});
