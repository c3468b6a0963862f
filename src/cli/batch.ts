import { Command, Option } from 'commander';
import { PinnersageError } from '../errors.js';
import { type BatchReport, vectorsMissing } from '../pipeline/batch.js';
import {
  type CommonFlags,
  count,
  instant,
  nonNegative,
  positive,
  windowDays,
  withCommon,
} from './options.js';
import { format, note, print, printJson, progress } from './output.js';
import { batchAtServer } from './relay.js';
import { interruptible, withData } from './session.js';

export interface BatchFlags {
  readonly now?: number;
  readonly space?: string;
  readonly windowDays?: number | 'all';
  readonly alpha?: number;
  readonly lambda?: number;
  readonly workers?: number;
  readonly full?: boolean;
}

interface Flags extends CommonFlags, BatchFlags {
  readonly apiKey?: string;
}

export function batchCommand(): Command {
  return withCommon(new Command('batch'))
    .description("compute every user's interests from the log, as the daily job does")
    .option('--now <iso>', 'the clock (default: the wall clock)', instant)
    .option('--window-days <n|all>', 'how far back actions count (default: 90)', windowDays)
    .option('--alpha <a>', 'merge threshold, a squared distance, for this run', positive)
    .option('--lambda <l>', 'decay of importance per day (default: 0.01)', nonNegative)
    .option('--space <name>', 'the space whose vectors are clustered (default: the active one)')
    .option('--workers <n>', 'threads (default: one per core)', count)
    .option('--full', 'cluster also users whose clusters cannot have changed: the same result, slower')
    .addOption(
      new Option('--api-key <key>', 'of a server that holds the directory').env('PINNERSAGE_API_KEY'),
    )
    .action(async (flags: Flags) => {
      const report = await compute(flags);
      if (flags.json) printJson(report);
      else print(present(report));
    });
}

/** Here, or in the server that holds the directory. */
async function compute({ data: path, json: _, apiKey, ...flags }: Flags): Promise<BatchReport> {
  try {
    return await computeHere(path, flags);
  } catch (error) {
    const isLocked = error instanceof PinnersageError && error.code === 'directory-locked';
    const report = isLocked ? await batchAtServer(path, flags, apiKey) : null;
    if (report === null) throw error;
    const missing = vectorsMissing(report);
    if (missing !== null) note(`note: ${missing}`);
    return report;
  }
}

function computeHere(path: string, { now, ...options }: BatchFlags): Promise<BatchReport> {
  const signal = interruptible();
  return withData(path, 'write', async (data) => {
    const bar = progress('batch', 'users');
    try {
      return await data.batch({
        ...options,
        ...(now === undefined ? {} : { nowMs: now }),
        signal,
        onProgress: bar.update,
        onNote: (text) => note(`note: ${text}`),
      });
    } finally {
      bar.stop();
    }
  });
}

function present(report: BatchReport): string {
  const { interests } = report;
  return (
    `${format(report.users)} users, of ${format(report.reused)} the clusters are as before; interests per user: median ${interests.median}, p90 ${interests.p90}, ` +
    `max ${interests.max} (alpha ${format(report.alpha)}, window ${report.windowDays} days, as of ${report.asOf}); ` +
    `${format(report.usersPerSecond)} users/s, ${report.failed} failed`
  );
}
