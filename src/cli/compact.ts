import { Command } from 'commander';
import { compact } from '../pipeline/compact.js';
import { type CommonFlags, withCommon } from './options.js';
import { format, note, print, printJson } from './output.js';

export function compactCommand(): Command {
  return withCommon(new Command('compact'))
    .description('rewrite the files of a data directory without what is dead in them')
    .action(async (flags: CommonFlags) => {
      const report = await compact(flags.data);
      if (!report.databaseRewritten)
        note(
          'note: other processes are reading, so the database file stays as it is; close them and run it again',
        );
      if (flags.json) printJson(report);
      else
        print(
          `${format(report.bytesBefore)} bytes before, ${format(report.bytesAfter)} after; ` +
            `${format(report.rowsRemoved)} replaced vectors removed`,
        );
    });
}
