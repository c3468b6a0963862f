import { Command } from 'commander';
import { upgradeDirectory } from '../disk/upgrade.js';
import { type CommonFlags, withCommon } from './options.js';
import { print, printJson } from './output.js';

export function upgradeCommand(): Command {
  return withCommon(new Command('upgrade'))
    .description('bring a data directory of an older version to the format of this one')
    .action(async (flags: CommonFlags) => {
      const report = await upgradeDirectory(flags.data);
      if (flags.json) printJson(report);
      else if (report.from === report.to) print(`${flags.data} is of format ${report.to}: nothing to do`);
      else print(`${flags.data}: format ${report.from} is now format ${report.to}`);
    });
}
