import { Command } from 'commander';
import type { Compared, LogReport, VerifyReport } from '../pipeline/verify.js';
import { type CommonFlags, count, instant, seed, withCommon } from './options.js';
import { format, print, printJson, progress } from './output.js';
import { withData } from './session.js';

interface Flags extends CommonFlags {
  readonly users?: number;
  readonly seed?: number;
  readonly space?: string;
  readonly now?: number;
}

export function verifyCommand(): Command {
  return withCommon(new Command('verify'))
    .description(
      'recompute a sample of users from the log and count the log; exit code 1 where anything is wrong',
    )
    .option('--users <n>', 'how many users to recompute (default: 200)', count)
    .option('--seed <n>', 'another sample (default: 0)', seed)
    .option('--space <name>', 'profiles and vectors of this space (default: the active one)')
    .option('--now <iso>', 'the clock (default: the wall clock)', instant)
    .action((flags: Flags) =>
      withData(flags.data, 'read', (data) => {
        const { now, data: _, json, ...options } = flags;
        const bar = progress('log', 'users');
        const log = data.verifyLog(bar.update);
        bar.stop();
        const users = data.verifyUsers({ ...options, ...(now === undefined ? {} : { nowMs: now }) });
        if (json) printJson({ ...users, log });
        else print(present(users, log));
        if (isWrong(users, log)) process.exitCode = 1;
      }),
    );
}

function isWrong({ differing }: VerifyReport, { lost, duplicates }: LogReport): boolean {
  return differing.length > 0 || lost > 0 || duplicates > 0;
}

function present(
  { batch, exact, overlay, leftOut, importanceDrift, differing }: VerifyReport,
  log: LogReport,
): string {
  const line = (name: string, { users, identical }: Compared): string =>
    `${name}: ${format(identical)} of ${format(users)} users as a recompute from the log says`;
  return [
    line('answered from the batch', batch),
    line('clustered again with new actions (exact)', exact),
    line('stored clusters with new actions (overlay, an approximation)', overlay),
    ...(leftOut > 0
      ? [`${format(leftOut)} users not compared: the next batch makes their profiles anew`]
      : []),
    `importances differ by at most ${importanceDrift.toExponential(1)}`,
    `log: ${format(log.stored)} actions of ${format(log.recorded)} recorded; ${format(log.lost)} lost, ${format(log.duplicates)} duplicates`,
    ...(differing.length > 0 ? [`differing: ${differing.join(', ')}`] : []),
  ].join('\n');
}
