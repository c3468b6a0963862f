import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ActionLog } from '../actions/log.js';
import type { Catalog } from '../catalog/catalog.js';
import type { Directory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import { shareVectors } from '../math/vectors.js';
import { configHash, type ProfileOptions, popularityDecay, resolveOptions } from '../profile/options.js';
import type { GenerationWriter, ProfileStore } from '../store/profiles.js';
import type { BatchTask, BatchWorkerData } from './batch-worker.js';
import { type BatchPlan, type ChunkResult, ChunkRunner, type FailedUser } from './chunk.js';
import { conditionsOf, continuationOf } from './continuation.js';
import { popularityOf, rankPopularity } from './popularity.js';
import { alphaFor, declaredTypes, readSettings, shapingOptions } from './settings.js';

export interface BatchOptions extends Partial<ProfileOptions> {
  /** The instant the profiles are for, epoch ms. Default: the wall clock. */
  readonly nowMs?: number;
  /** The space whose vectors are clustered. Default: the active one. */
  readonly space?: string;
  /**
   * Reads and clusters every user again. Default: false, which leaves users unread of whom nothing has changed, and
   * takes the stored clusters of those whose points are the same. Effect: none on the result, to the last bit; speed only.
   */
  readonly full?: boolean;
  /** Threads. Default: one per core, at most one per 64 users. Speed only. */
  readonly workers?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly onNote?: (note: string) => void;
  readonly signal?: AbortSignal;
}

export interface BatchReport {
  /** ISO 8601. */
  readonly asOf: string;
  /** Users with at least one interest. */
  readonly users: number;
  readonly failed: number;
  /** Users whose points are those of the batch before: their clusters were taken over, not computed again. */
  readonly reused: number;
  /** Users whose actions were read, because something had changed. */
  readonly read: number;
  /** Over users with at least one. */
  readonly interests: { readonly median: number; readonly p90: number; readonly max: number };
  readonly usersPerSecond: number;
  readonly seconds: number;
  /** Share of the threads' working time that went into clustering users. */
  readonly clusteringShare: number;
  /** The time that was, over all threads. */
  readonly clusteringSeconds: number;
  readonly alpha: number;
  readonly windowDays: number | 'all';
  /** Users with interest actions, all of which lie outside the window or on items without a vector. */
  readonly usersLeftOut: number;
  /** Interest actions that made no point, by reason. */
  readonly actionsLeftOut: { readonly [reason: string]: number };
  /** The first failures. */
  readonly failures: readonly { readonly userId: string; readonly message: string }[];
}

/** Interests live for one user: with room for them to die young, there is little to collect. */
const resourceLimits = { maxYoungGenerationSizeMb: 64 };
const usersPerWorker = 64;
const failuresListed = 10;

/**
 * The daily job (algorithm.md §5): one forward scan of the log, every user's interests, written as a new generation that
 * becomes current in one step. Interrupted or killed, the generation before stays current.
 */
export async function runBatch(
  directory: Directory,
  catalog: Catalog,
  log: ActionLog,
  profiles: (space: string) => ProfileStore,
  given: BatchOptions,
): Promise<BatchReport> {
  const started = performance.now();
  // The scan is fastest where nothing waits outside the blocks.
  if (log.waitingCount() > 0) await log.settleAll(given.signal);
  const { plan, conditions } = makePlan(directory, catalog, log, profiles, given);
  const { options, asOf, maxSeq, spaceGeneration } = plan;
  const store = profiles(plan.space);
  const about = {
    spaceGeneration,
    configHash: configHash(options, declaredTypes(log)),
    conditions,
    rows: plan.table.itemOfRow.length,
    lambda: options.lambda,
    options: { ...shapingOptions(options) },
    asOf,
    maxSeq,
  };
  const writer = store.begin(about, plan.continued?.base);
  const total = log.users.count();
  const workers = Math.min(given.workers ?? availableParallelism(), Math.ceil(total / usersPerWorker));
  const tally = new Progress(writer, total, given.onProgress);
  given.onNote?.(`${total} users on ${Math.max(1, workers)} ${workers > 1 ? 'threads' : 'thread'}`);
  const sums = await runOrAbort(writer, () =>
    workers > 1
      ? runThreads(directory.path, plan, workers, total, tally, given.signal)
      : runHere(plan, log, store, total, tally, given.signal),
  );
  const hasOwnDecay = popularityDecay(options) !== options.lambda;
  const popularity = hasOwnDecay ? popularityOf(log, plan) : rankPopularity(sums);
  const generation = writer.commit(popularity, tally.usersWithInterests);
  const seconds = (performance.now() - started) / 1000;
  const report = tally.report(plan, generation.users, seconds, (user) => log.users.idOf(user));
  warn(report, log, given.onNote ?? (() => {}));
  return report;
}

function makePlan(
  directory: Directory,
  catalog: Catalog,
  log: ActionLog,
  profiles: (space: string) => ProfileStore,
  given: BatchOptions,
): { plan: BatchPlan; conditions: string } {
  const space = catalog.load(given.space);
  const alpha = alphaFor(catalog, space, given.alpha);
  const options = resolveOptions({
    ...readSettings(directory, space.info),
    ...chosen(given),
    alpha: alpha.value,
  });
  if (log.count() === 0)
    throw new PinnersageError(
      'file-empty',
      `${directory.path}: the log holds no actions; run "pinnersage import actions FILE"`,
    );
  const { info, ...table } = space;
  const before = profiles(info.name).current();
  const now = {
    conditions: conditionsOf(info, options, declaredTypes(log)),
    asOf: given.nowMs ?? Date.now(),
    maxSeq: log.maxSeq(),
  };
  const full = given.full ?? false;
  const plan = {
    asOf: now.asOf,
    maxSeq: now.maxSeq,
    options,
    types: log.types.list(),
    table,
    space: info.name,
    spaceGeneration: info.generation,
    idRank: catalog.ids.ranks(),
    full,
    before,
    continued: full ? null : continuationOf(before, now, table, log),
  };
  return { plan, conditions: now.conditions };
}

/** The profile options among the batch's, without those that were left undefined. */
function chosen(given: BatchOptions): Partial<ProfileOptions> {
  const { windowDays, lambda, popularityLambda, repeats, maxItemsPerUser } = given;
  const entries = Object.entries({ windowDays, lambda, popularityLambda, repeats, maxItemsPerUser });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

async function runOrAbort<T>(writer: GenerationWriter, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    writer.abort();
    throw error;
  }
}

/** Sums up what chunks report and hands their profiles on in the order of users. */
class Progress {
  private readonly writer: GenerationWriter;
  private readonly total: number;
  private readonly onProgress: ((done: number, total: number) => void) | undefined;
  private readonly interestCounts: number[] = [];
  private readonly failed: FailedUser[] = [];
  private readonly leftOut: { [reason: string]: number } = {};
  private active = 0;
  private reused = 0;
  private read = 0;
  private clusterMs = 0;
  private totalMs = 0;

  constructor(writer: GenerationWriter, total: number, onProgress?: (done: number, total: number) => void) {
    this.writer = writer;
    this.total = total;
    this.onProgress = onProgress;
  }

  add(result: ChunkResult, usersDone: number): void {
    this.writer.put(result.block);
    for (const count of result.interestCounts) this.interestCounts.push(count);
    for (const user of result.failed) this.failed.push(user);
    this.active += result.active;
    this.reused += result.reused;
    this.read += result.read;
    this.clusterMs += result.clusterMs;
    this.totalMs += result.totalMs;
    for (const [reason, count] of Object.entries(result.leftOut))
      this.leftOut[reason] = (this.leftOut[reason] ?? 0) + count;
    this.onProgress?.(usersDone, this.total);
  }

  get usersWithInterests(): number {
    return this.interestCounts.length;
  }

  report(plan: BatchPlan, users: number, seconds: number, idOf: (user: number) => string): BatchReport {
    const sorted = Uint32Array.from(this.interestCounts).sort();
    const quantile = (p: number): number => sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? 0;
    return {
      asOf: new Date(plan.asOf).toISOString(),
      users,
      failed: this.failed.length,
      reused: this.reused,
      read: this.read,
      interests: { median: quantile(0.5), p90: quantile(0.9), max: quantile(1) },
      usersPerSecond: Math.round(users / seconds),
      seconds: Number(seconds.toFixed(3)),
      clusteringSeconds: Number((this.clusterMs / 1000).toFixed(3)),
      clusteringShare: Number((this.clusterMs / Math.max(1e-9, this.totalMs)).toFixed(4)),
      alpha: plan.options.alpha,
      windowDays: plan.options.windowDays,
      usersLeftOut: this.active - users,
      actionsLeftOut: this.leftOut,
      failures: this.failed
        .slice(0, failuresListed)
        .map(({ user, message }) => ({ userId: idOf(user), message })),
    };
  }
}

function chunkSize(users: number, workers: number): number {
  return Math.max(16, Math.min(512, Math.ceil(users / (workers * 16))));
}

async function runHere(
  plan: BatchPlan,
  log: ActionLog,
  store: ProfileStore,
  total: number,
  tally: Progress,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const sums = new Float64Array(plan.idRank.length);
  const runner = new ChunkRunner(plan, log, store, sums);
  const size = chunkSize(total, 1);
  for (let from = 0; from < total; from += size) {
    throwIfAborted(signal);
    const to = Math.min(total, from + size);
    tally.add(runner.run(from, to), to);
    await new Promise(setImmediate); // lets Ctrl-C through
  }
  return sums;
}

function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted)
    throw new PinnersageError('interrupted', 'interrupted; the profiles of the batch before stay in use');
}

async function runThreads(
  path: string,
  plan: BatchPlan,
  count: number,
  total: number,
  tally: Progress,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const size = chunkSize(total, count);
  const waiting = new Map<number, ChunkResult>();
  const sums = Array.from(
    { length: count },
    () => new Float64Array(new SharedArrayBuffer(8 * plan.idRank.length)),
  );
  const free: SharedArrayBuffer[] = [];
  const workers: Worker[] = [];
  let next = 0;
  let written = 0;

  const take = (from: number, result: ChunkResult): void => {
    waiting.set(from, result);
    for (let ready = waiting.get(written); ready; ready = waiting.get(written)) {
      waiting.delete(written);
      written = Math.min(total, written + size);
      tally.add(ready, written);
      free.push(ready.block.bytes.buffer);
    }
  };

  const serve = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      let at = -1;
      worker.on('error', reject);
      worker.on('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`a batch thread ended with ${code}`)),
      );
      worker.on('message', (result: ChunkResult | null) => {
        try {
          throwIfAborted(signal);
          if (result) take(at, result);
          at = next;
          next = Math.min(total, next + size);
          worker.postMessage({ from: at, to: next, memory: free.pop() } satisfies BatchTask);
        } catch (error) {
          reject(error);
        }
      });
    });

  try {
    const shared = shareVectors(plan.table.vectors);
    for (const [i, popularity] of sums.entries()) {
      const workerData: BatchWorkerData = { path, plan, shared, slot: i + 1, popularity };
      workers.push(new Worker(new URL('./batch-worker.js', import.meta.url), { workerData, resourceLimits }));
    }
    await Promise.all(workers.map(serve));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  for (const other of sums.slice(1))
    for (let item = 0; item < other.length; item++) sums[0][item] += other[item];
  return sums[0];
}

function warn(report: BatchReport, log: ActionLog, onNote: (note: string) => void): void {
  const active = report.users + report.usersLeftOut;
  const newest = log.newestTime();
  if (active > 0 && report.usersLeftOut > active / 2 && newest !== null)
    onNote(
      `${report.usersLeftOut} of ${active} users have no interests: their actions lie outside the window of ` +
        `${report.windowDays} days before ${report.asOf}, or on items without a vector. The newest action is of ` +
        `${new Date(newest).toISOString()}; consider --now or --window-days.`,
    );
  if (report.failed > 0)
    onNote(`${report.failed} users failed and have no profile; the first: ${report.failures[0].message}`);
}
