import { Command } from 'commander';
import { type CommonFlags, withCommon } from './options.js';
import { format, print, printJson } from './output.js';
import { withData } from './session.js';

export function eraseCommand(): Command {
  return withCommon(new Command('erase'))
    .description('remove everything of a user for good; actions up to now are refused when they come again')
    .argument('<user>', 'user id')
    .action(async (user: string, flags: CommonFlags) => {
      const erased = await withData(flags.data, 'write', (data) => data.eraseUser(user));
      if (flags.json) return printJson(erased);
      print(
        `erased, as of ${erased.erasedAt}: ${format(erased.actions)} actions, ` +
          `${format(erased.recommendations)} logged recommendations; "pinnersage compact" rewrites the files`,
      );
    });
}
