import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { Catalog } from '../catalog/catalog.js';
import { openDirectory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import { createRng } from '../math/rng.js';
import { open } from '../pipeline/pinnersage.js';
import { Searches } from '../pipeline/searches.js';
import { portion } from '../retrieve/cache.js';
import type { LoadOutcome, LoadTask } from './load-process.js';
import { type PipelineWorld, worldEndMs, writeWorld } from './pipeline-world.js';
import type { ServeCommand, ServeTask, ServeUsage } from './serve-process.js';
import { spreadOf } from './stats.js';

export interface ServeBenchOptions extends PipelineWorld {
  /** Folder for files and data directory; a data directory that an earlier run left there is used again. */
  readonly dir: string;
  /** How long each load lasts. */
  readonly seconds: number;
  /** Which loads are put on the server, in their own order. Default: all. */
  readonly loads?: readonly LoadName[];
  readonly onNote: (note: string) => void;
}

export interface ServeScenario extends LoadOutcome {
  readonly scenario: string;
  readonly connections: number;
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** Without mapped files; null where the system does not tell. */
  readonly ownBytes: number | null;
  /** Index searches that the server made for it, and the time of these alone. */
  readonly searches: number;
  readonly searchSeconds: number;
}

export interface ServeBench extends PipelineWorld, ServeFigures {
  readonly machine: string;
  readonly node: string;
  readonly cores: number;
  /** A bare index search as a recommendation makes it, CPU alone, median ms. */
  readonly searchMs: number;
  readonly searchK: number;
  readonly scenarios: readonly ServeScenario[];
}

/** What one run says of the loads that were in it; null without those that are compared. */
export interface ServeFigures {
  /** Warm recommendations a second as a share of the bare route's. */
  readonly warmShare: number | null;
  /** Time of the searching threads for each cold recommendation over that of the searches inside it: throughput. */
  readonly coldRatio: number | null;
  /** The same over as many bare searches, of `searchMs` each. */
  readonly coldOverBare: number | null;
  /** Mean time of a cold recommendation, as one client sees it, over that of the searches inside it: latency. */
  readonly aloneRatio: number | null;
  /** The same without the mean time in which one client gets the same bytes of the bare route: no HTTP, no client. */
  readonly aloneBeyondRoute: number | null;
  /** Actions a second that were acknowledged. */
  readonly actionsPerSecond: number | null;
}

/** The loads, in the order in which they are put on the server: one after the other those that are compared. */
const titles = {
  coldAlone: 'recommend, cold, one client',
  bareAlone: 'bare route, one client',
  cold: 'recommend, cold',
  warming: 'recommend, warming',
  bare: 'bare route',
  warm: 'recommend, warm',
  actions: 'actions',
  mixed: 'mixed 90/10',
} as const;

export type LoadName = keyof typeof titles;

export const loadNames = Object.keys(titles) as readonly LoadName[];

const warmUsers = 200;
const warmRounds = 50;
const medoids = 3;
const defaultCount = 100;
const manyClients = 16;
const searchThreads = 1;
const bareSearches = 2_000;

/** What a server bears: bare and real routes in one run, with the load generator in a process of its own. */
export async function benchServe(options: ServeBenchOptions): Promise<ServeBench> {
  const { dir, onNote, seed, items, users, actions, dim } = options;
  await requireGenerator();
  const data = join(dir, 'data');
  if (!existsSync(data)) await prepare(data, options);
  const searchK = portion(2 * Math.ceil(defaultCount / medoids) + 32);
  onNote('bare searches');
  const searchMs = await bareSearch(data, searchK, seed);
  const server = fork(new URL('./serve-process.js', import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    const task: ServeTask = { data, startMs: worldEndMs, searchThreads };
    const { url } = await ask<{ url: string }>(server, task);
    const scenarios = await runScenarios(server, url, options);
    return {
      machine: cpus()[0]?.model ?? 'unknown',
      node: process.version,
      cores: availableParallelism(),
      seed,
      items,
      users,
      actions,
      dim,
      searchMs,
      searchK,
      scenarios,
      ...serveFigures(scenarios, searchMs),
    };
  } finally {
    if (server.connected) server.send({ kind: 'stop' } satisfies ServeCommand);
  }
}

/** `searchMs`: of a bare search. */
export function serveFigures(scenarios: readonly ServeScenario[], searchMs: number): ServeFigures {
  const named = (name: LoadName): ServeScenario | null =>
    scenarios.find(({ scenario }) => scenario === titles[name]) ?? null;
  const [cold, bare, warm, sent] = [named('cold'), named('bare'), named('warm'), named('actions')];
  const [alone, bareAlone] = [named('coldAlone'), named('bareAlone')];
  const threadMs = cold && 1000 * searchThreads * cold.seconds;
  const searching = alone && (1000 * alone.searchSeconds) / alone.requests;
  return {
    warmShare: warm && bare && warm.perSecond / bare.perSecond,
    coldRatio: cold && threadMs && threadMs / (1000 * cold.searchSeconds),
    coldOverBare: cold && threadMs && threadMs / (cold.searches * searchMs),
    aloneRatio: alone && searching && alone.meanMs / searching,
    aloneBeyondRoute: alone && searching && bareAlone && (alone.meanMs - bareAlone.meanMs) / searching,
    actionsPerSecond: sent && sent.accepted / sent.seconds,
  };
}

/** The load generator is for development alone. @throws `option-invalid`. */
async function requireGenerator(): Promise<void> {
  try {
    await import('autocannon');
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new PinnersageError(
      'option-invalid',
      `the load generator autocannon cannot be loaded (${why}); install it with "npm install --no-save autocannon"`,
    );
  }
}

async function prepare(path: string, options: ServeBenchOptions): Promise<void> {
  const { dir, onNote, seed, items, users, actions, dim } = options;
  onNote(`writing ${actions} actions of ${users} users on ${items} items to ${dir}`);
  const files = await writeWorld(dir, { seed, items, users, actions, dim });
  const data = await open(path);
  try {
    onNote('importing');
    await data.importItems(files.items, { embeddings: files.embeddings });
    await data.importActions(files.actions, { timeUnit: 'ms' });
    onNote('batch');
    await data.batch({ nowMs: worldEndMs });
    onNote('index');
    await data.buildIndex();
  } finally {
    await data.close();
  }
}

/** Median ms of a search for the neighbours of an item, on one thread, warmed up. */
async function bareSearch(path: string, k: number, seed: number): Promise<number> {
  const directory = await openDirectory(path, { mode: 'read' });
  try {
    const space = new Catalog(directory).load();
    const search = new Searches(directory, () => {}).of(space);
    const rng = createRng(seed);
    const times: number[] = [];
    for (let i = 0; i < bareSearches; i++) {
      const row = rng.below(space.itemOfRow.length);
      const query = space.vectors.slice(row * space.dim, (row + 1) * space.dim);
      const started = performance.now();
      search.search(query, k);
      times.push(performance.now() - started);
    }
    return spreadOf(times.slice(bareSearches / 10)).medianMs;
  } finally {
    await directory.close();
  }
}

type Load = Pick<LoadTask, 'kind' | 'connections'> & Partial<LoadTask>;

function loadsFor(users: number): Record<LoadName, Load> {
  const warm = { from: 0, to: Math.min(warmUsers, users), inTurn: false };
  const everybody = { from: 0, to: users, inTurn: false };
  // Each user once, from behind those of the warm loads; one client asks for the first half of them.
  const middle = warm.to + Math.floor((users - warm.to) / 2);
  const [some, others] = [
    { from: warm.to, to: middle, inTurn: true },
    { from: middle, to: users, inTurn: true },
  ];
  const recommend = { kind: 'recommend', connections: manyClients, users: warm } as const;
  return {
    coldAlone: { ...recommend, connections: 1, users: some },
    bareAlone: { kind: 'bare', connections: 1, users: warm },
    bare: { kind: 'bare', connections: manyClients, users: warm },
    cold: { ...recommend, users: others },
    warming: { ...recommend, amount: warmRounds * warm.to },
    warm: recommend,
    actions: { kind: 'actions', connections: manyClients, users: everybody },
    mixed: { kind: 'mixed', connections: manyClients, users: warm, actionsPerRequest: 10 },
  };
}

async function runScenarios(
  server: ChildProcess,
  url: string,
  { users, items, seconds, loads = loadNames, onNote, seed }: ServeBenchOptions,
): Promise<ServeScenario[]> {
  const known = loadsFor(users);
  const scenarios: ServeScenario[] = [];
  let usage = await ask<ServeUsage>(server, { kind: 'usage' });
  for (const [place, name] of loadNames.entries()) {
    if (!loads.includes(name)) continue;
    onNote(titles[name]);
    const { connections } = known[name];
    const outcome = await load({
      url,
      users: { from: 0, to: users, inTurn: false },
      items,
      actionsFromMs: worldEndMs + 1,
      actionsPerRequest: 100,
      seed: seed + place,
      seconds,
      ...known[name],
    });
    const before = usage;
    usage = await ask<ServeUsage>(server, { kind: 'usage' });
    const searches = usage.searches - before.searches;
    const searchSeconds = usage.searchSeconds - before.searchSeconds;
    const { loopDelayP99Ms, loopDelayMaxMs, cpuSeconds, rssBytes, ownBytes } = usage;
    const used = { loopDelayP99Ms, loopDelayMaxMs, cpuSeconds, rssBytes, ownBytes, searches, searchSeconds };
    scenarios.push({ scenario: titles[name], connections, ...outcome, ...used });
  }
  return scenarios;
}

/** Sends a message to a process of ours and waits for the next one from it. */
function ask<T>(child: ChildProcess, message: ServeTask | ServeCommand | LoadTask): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new Error(`a process of the bench ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (answer) => {
      child.off('exit', ended);
      resolve(answer as T);
    });
    child.send(message);
  });
}

function load(task: LoadTask): Promise<LoadOutcome> {
  const child = fork(new URL('./load-process.js', import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return ask<LoadOutcome>(child, task);
}
