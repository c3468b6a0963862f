import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { problemResponse } from '../api/shared.js';
import type { Engine, EngineStatus } from '../pipeline/engine.js';
import type { App } from './app.js';

/** Seconds; a warm recommendation takes below one millisecond, a batch minutes. */
const durationBuckets = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 300,
];

const described = {
  operationId: 'metrics',
  summary: 'Figures in the text format of Prometheus',
  tags: ['operation'],
  response: {
    200: { description: 'One figure a line', content: { 'text/plain': { schema: { type: 'string' } } } },
    default: problemResponse,
  },
};

/** What the engine says of itself, as gauges; read anew for every scrape. */
const engineGauges: { readonly [name: string]: { help: string; of: (status: EngineStatus) => number } } = {
  pinnersage_ready: { help: '1 while requests can be answered', of: ({ ready }) => Number(ready) },
  pinnersage_items: { help: 'Items in the catalog', of: ({ items }) => items },
  pinnersage_users: { help: 'Users with actions or attributes', of: ({ users }) => users },
  pinnersage_actions: { help: 'Actions in the log', of: ({ actions }) => actions },
  pinnersage_max_seq: { help: 'Sequence number of the newest action', of: ({ maxSeq }) => maxSeq },
  pinnersage_batch_running: { help: '1 while a batch runs', of: ({ batchRunning }) => Number(batchRunning) },
  pinnersage_batch_users: {
    help: 'Users with interests in the last batch',
    of: ({ batch }) => batch?.users ?? 0,
  },
  pinnersage_batch_max_seq: {
    help: 'Newest action the last batch saw',
    of: ({ batch }) => batch?.maxSeq ?? 0,
  },
  pinnersage_index_serving: {
    help: '1 while an index serves, 0 while the exact scan does',
    of: ({ serving }) => Number(serving === 'index'),
  },
  pinnersage_queued_bytes: { help: 'Bytes that wait to be written', of: ({ queuedBytes }) => queuedBytes },
  pinnersage_queue_limit_bytes: {
    help: 'Bytes that may wait; beyond them requests are refused',
    of: ({ queueLimitBytes }) => queueLimitBytes,
  },
  pinnersage_neighbor_cache_answers: {
    help: 'Searches whose answers are kept',
    of: ({ neighborCache }) => neighborCache.answers,
  },
  pinnersage_user_cache_users: { help: 'Users kept in memory', of: ({ userCache }) => userCache.users },
  pinnersage_verified_users: {
    help: 'Users that the last verification compared with a recompute and that must be equal to it',
    of: ({ verified }) => (verified === null ? Number.NaN : verified.batch.users + verified.exact.users),
  },
  pinnersage_verified_identical: {
    help: 'Those of them that are equal to it',
    of: ({ verified }) =>
      verified === null ? Number.NaN : verified.batch.identical + verified.exact.identical,
  },
  pinnersage_verified_overlay_share: {
    help: 'Share of the users answered by the overlay, an approximation, that are equal to a recompute',
    of: ({ verified }) =>
      verified === null ? Number.NaN : verified.overlay.identical / verified.overlay.users,
  },
  pinnersage_verified_importance_drift: {
    help: 'Largest relative difference of an importance to that of a recompute',
    of: ({ verified }) => verified?.importanceDrift ?? Number.NaN,
  },
  pinnersage_recommendations_queued: {
    help: 'Recommendations that wait to be logged',
    of: ({ recommendationsQueued }) => recommendationsQueued,
  },
};

/** The same as counters, since the start of the process. */
const engineCounters: {
  readonly [name: string]: {
    help: string;
    label?: string;
    of: (status: EngineStatus) => { readonly [value: string]: number };
  };
} = {
  pinnersage_neighbor_cache_total: {
    help: 'Searches for the neighbours of medoids, by whether their answers were kept',
    label: 'result',
    of: ({ neighborCache: { hits, misses } }) => ({ hit: hits, miss: misses }),
  },
  pinnersage_searches_total: {
    help: 'Index searches made for requests',
    of: ({ searches }) => ({ '': searches.count }),
  },
  pinnersage_search_seconds_total: {
    help: 'Time of these searches alone',
    of: ({ searches }) => ({ '': searches.seconds }),
  },
  pinnersage_user_cache_total: {
    help: 'Look-ups of users, by whether they were in memory',
    label: 'result',
    of: ({ userCache: { hits, misses } }) => ({ hit: hits, miss: misses }),
  },
  pinnersage_answers_total: {
    help: 'Answers by where the interests came from',
    label: 'source',
    of: ({ answers }) => answers,
  },
  pinnersage_recommendations_dropped_total: {
    help: 'Recommendations that were answered but not logged, because too many waited',
    of: ({ recommendationsDropped }) => ({ '': recommendationsDropped }),
  },
};

/** Counts and times every request, and serves the figures at /metrics in the text format of Prometheus. */
export function metrics(app: App, engine: Engine, now: () => number): void {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  observeRequests(app, registers);
  const update = engineFigures(registers, now);
  app.get('/metrics', { config: { kind: 'figures' }, schema: described }, async (_, reply) => {
    update(engine.status());
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}

function observeRequests(app: App, registers: Registry[]): void {
  const duration = new Histogram({
    name: 'pinnersage_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: durationBuckets,
    registers,
  });
  const timers = new Map<string, { observe(seconds: number): void }>();
  app.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const route = request.routeOptions.url ?? 'unknown';
    const status = reply.statusCode;
    const name = `${method} ${status} ${route}`;
    const timer = timers.get(name) ?? duration.labels({ method, route, status });
    timers.set(name, timer);
    timer.observe(reply.elapsedTime / 1000);
    done();
  });
}

function engineFigures(registers: Registry[], now: () => number): (status: EngineStatus) => void {
  const gauges = Object.entries(engineGauges).map(([name, { help, of }]) => {
    const gauge = new Gauge({ name, help, registers });
    return (status: EngineStatus) => gauge.set(of(status));
  });
  const counters = Object.entries(engineCounters).map(([name, { help, label, of }]) => {
    const counter = new Counter({ name, help, labelNames: label === undefined ? [] : [label], registers });
    return (status: EngineStatus) => {
      counter.reset();
      for (const [value, count] of Object.entries(of(status)))
        counter.inc(label === undefined ? {} : { [label]: value }, count);
    };
  });
  const age = new Gauge({
    name: 'pinnersage_batch_age_seconds',
    help: 'Time since the instant that the profiles are for; NaN before the first batch',
    registers,
  });
  return (status) => {
    for (const set of [...gauges, ...counters]) set(status);
    age.set(status.batch === null ? Number.NaN : (now() - Date.parse(status.batch.asOf)) / 1000);
  };
}
