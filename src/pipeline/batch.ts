import { availableParallelism } from 'node:os';
import type { ActionLog } from '../actions/log.js';
import type { Catalog } from '../catalog/catalog.js';
import type { Directory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import { configHash, type ProfileOptions, popularityDecay, resolveOptions } from '../profile/options.js';
import type { GenerationWriter, ProfileStore } from '../store/profiles.js';
import { runChunks } from './batch-threads.js';
import type { BatchPlan, ChunkResult, FailedUser } from './chunk.js';
import { conditionsOf, continuationOf } from './continuation.js';
import { popularityOf, rankPopularity } from './popularity.js';
import { alphaFor, declaredTypes, readSettings, shapingOptions } from './settings.js';

/** What a batch reads, and where it writes. */
export interface BatchSources {
  readonly directory: Directory;
  readonly catalog: Catalog;
  readonly log: ActionLog;
  readonly profiles: (space: string) => ProfileStore;
}

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
  /** Threads, this one among them. Default: one per core, at most one per 64 users. Speed only. */
  readonly workers?: number;
  /** Whether this thread leaves users to the others, where there are any, so that it can go on answering. Default: false. */
  readonly apart?: boolean;
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
  /** Share of the threads' time on users that went into clustering them: computing time where the system tells (Linux). */
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

const usersPerWorker = 64;
const failuresListed = 10;

/** Directories of which a batch is being computed: two would write under one number, and share what threads compute in. */
const running = new WeakSet<Directory>();

/**
 * The daily job (algorithm.md §5): one forward scan of the log, every user's interests, written as a new generation that
 * becomes current in one step. Interrupted or killed, the generation before stays current.
 * @throws `batch-running` while another of the directory is.
 */
export async function runBatch(sources: BatchSources, given: BatchOptions): Promise<BatchReport> {
  const { directory } = sources;
  if (running.has(directory))
    throw new PinnersageError('batch-running', 'a batch is running already, expected to wait for its end');
  running.add(directory);
  try {
    return await runAlone(sources, given);
  } finally {
    running.delete(directory);
  }
}

async function runAlone(sources: BatchSources, given: BatchOptions): Promise<BatchReport> {
  const started = performance.now();
  const { directory, catalog, log, profiles } = sources;
  // The scan is fastest where nothing waits outside the blocks.
  if (log.waitingCount() > 0) await log.settleAll(given.signal);
  const { plan, conditions } = makePlan(sources, given);
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
  const others = workers > 1 ? workers - (given.apart ? 0 : 1) : 0;
  const sums = await runOrAbort(writer, () =>
    runChunks(
      { path: directory.path, plan, log, store, itemIds: catalog.ids },
      { total, others, here: others < workers },
      {
        done: (result, usersDone) => tally.add(result, usersDone),
        signal: given.signal,
      },
    ),
  );
  const hasOwnDecay = popularityDecay(options) !== options.lambda;
  const popularity = hasOwnDecay ? popularityOf(log, plan, catalog.ids.ranks()) : rankPopularity(sums);
  const generation = writer.commit(popularity, tally.usersWithInterests);
  const seconds = (performance.now() - started) / 1000;
  const report = tally.report(plan, generation.users, seconds, (user) => log.users.idOf(user));
  warn(report, log, given.onNote ?? (() => {}));
  return report;
}

function makePlan(
  { directory, catalog, log, profiles }: BatchSources,
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
  private threadMs = 0;

  constructor(writer: GenerationWriter, total: number, onProgress?: (done: number, total: number) => void) {
    this.writer = writer;
    this.total = total;
    this.onProgress = onProgress;
  }

  add(result: ChunkResult, usersDone: number): void {
    this.writer.put(result.block);
    this.interestCounts.push(...result.interestCounts);
    for (const user of result.failed) this.failed.push(user);
    this.active += result.active;
    this.reused += result.reused;
    this.read += result.read;
    this.clusterMs += result.clusterShare * result.threadMs;
    this.threadMs += result.threadMs;
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
      clusteringShare: Number((this.clusterMs / Math.max(1e-9, this.threadMs)).toFixed(4)),
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

/** A note where users have no interests and actions are on items without a vector, else null. */
export function vectorsMissing({ users, usersLeftOut, actionsLeftOut }: BatchReport): string | null {
  const { unembedded = 0 } = actionsLeftOut;
  if (usersLeftOut === 0 || unembedded === 0) return null;
  return (
    `${usersLeftOut} of ${users + usersLeftOut} users have no interests, and ${unembedded} actions are on items without a ` +
    'vector: are the item ids of the actions those of the items file?'
  );
}

function warn(report: BatchReport, log: ActionLog, onNote: (note: string) => void): void {
  const active = report.users + report.usersLeftOut;
  const newest = log.newestTime();
  const { outsideWindow = 0, afterAsOf = 0 } = report.actionsLeftOut;
  if (report.usersLeftOut > active / 2 && outsideWindow + afterAsOf > 0 && newest !== null)
    onNote(
      `${report.usersLeftOut} of ${active} users have no interests: ${outsideWindow + afterAsOf} actions lie outside the ` +
        `window of ${report.windowDays} days before ${report.asOf}. The newest action is of ` +
        `${new Date(newest).toISOString()}; consider --now or --window-days.`,
    );
  const missing = vectorsMissing(report);
  if (missing !== null) onNote(missing);
  if (report.failed > 0)
    onNote(`${report.failed} users failed and have no profile; the first: ${report.failures[0].message}`);
}
