import { Command } from 'commander';
import { type CommonFlags, defined, instant, positive, withCommon } from './options.js';
import { format, print, printJson, progress } from './output.js';
import { interruptible, withData } from './session.js';

interface Flags extends CommonFlags {
  readonly actionsDays?: number;
  readonly deletedItems?: boolean;
  readonly now?: number;
}

export function retainCommand(): Command {
  return withCommon(new Command('retain'))
    .description('remove what need not be kept any longer; profiles follow with the next batch')
    .option('--actions-days <n>', 'remove actions older than this', positive)
    .option('--deleted-items', 'remove the vectors of deleted items')
    .option('--now <iso>', 'the clock (default: the wall clock)', instant)
    .action(async (flags: Flags) => {
      const signal = interruptible();
      const { actionsDays, deletedItems, now } = flags;
      const report = await withData(flags.data, 'write', async (data) => {
        const bar = progress('retain', 'actions');
        try {
          return await data.retain({
            ...defined({ actionsDays, deletedItems, nowMs: now }),
            signal,
            onProgress: bar.update,
          });
        } finally {
          bar.stop();
        }
      });
      if (flags.json) printJson(report);
      else
        print(
          `${format(report.actionsRemoved)} actions${report.actionsBefore ? ` before ${report.actionsBefore}` : ''} removed, ` +
            `${format(report.actionsKept)} kept; ${format(report.vectorsRemoved)} vectors removed`,
        );
    });
}
