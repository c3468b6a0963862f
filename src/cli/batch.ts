import { Command } from 'commander';
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
import { interruptible, withData } from './session.js';

interface Flags extends CommonFlags {
  readonly now?: number;
  readonly space?: string;
  readonly windowDays?: number | 'all';
  readonly alpha?: number;
  readonly lambda?: number;
  readonly workers?: number;
  readonly full?: boolean;
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
    .action(async (flags: Flags) => {
      const signal = interruptible();
      const report = await withData(flags.data, 'write', async (data) => {
        const bar = progress('batch', 'users');
        const { now, data: _, json: __, ...options } = flags;
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
      if (flags.json) printJson(report);
      else {
        const { interests } = report;
        print(
          `${format(report.users)} users, of ${format(report.reused)} the clusters are as before; interests per user: median ${interests.median}, p90 ${interests.p90}, ` +
            `max ${interests.max} (alpha ${format(report.alpha)}, window ${report.windowDays} days, as of ${report.asOf}); ` +
            `${format(report.usersPerSecond)} users/s, ${report.failed} failed`,
        );
      }
    });
}
