import { Command, Option } from 'commander';
import { type EmbedOptions, type EmbedReport, embedSources } from '../pipeline/embed.js';
import {
  type CommonFlags,
  count,
  instant,
  list,
  nonNegative,
  positive,
  seed,
  share,
  windowDays,
  withCommon,
} from './options.js';
import { format, note, print, printJson, progress } from './output.js';
import { interruptible, withData } from './session.js';

interface Flags extends CommonFlags, Omit<EmbedOptions, 'untilMs' | 'onProgress' | 'onNote' | 'signal'> {
  readonly until?: number;
}

export function embedCommand(): Command {
  return withCommon(new Command('embed'))
    .description('build embeddings for items that have none')
    .addOption(new Option('--from <source>', 'what to embed').choices(embedSources).makeOptionMandatory())
    .option('--fields <names>', 'metadata fields (default: every field with text in it)', list)
    .option('--dim <d>', 'dimensions (default: 128)', count)
    .option('--space <name>', 'name of the space (default: as --from)')
    .option('--seed <n>', 'of the random projection (default: 0)', seed)
    .option('--until <iso>', 'of actions: nothing later is read (default: no cut)', instant)
    .option('--window-days <n|all>', 'of actions: how far apart two items of a user may be', windowDays)
    .option('--neighbors <n>', 'of actions: following items each is paired with, at most', count)
    .option('--damping <x>', 'of actions: a pair of a user with n items weighs n^-x; 0 to 1', share)
    .option('--min-users <n>', 'of actions: users that an item needs', count)
    .option('--shift <k>', 'of actions: ln(k) is taken off each PMI, from 1', positive)
    .option('--smoothing <s>', 'of actions: exponent of the context distribution, up to 1', share)
    .option('--max-pairs <n>', 'of actions: pairs held at once', count)
    .option('--action-weight <w>', 'of mix: what co-engagement says against text, 0 to 1', share)
    .option('--confidence <n>', 'of mix: users at which co-engagement counts half', nonNegative)
    .action(async (flags: Flags) => {
      const signal = interruptible();
      const { data: path, json, until, ...options } = flags;
      const report = await withData(path, 'write', async (data) => {
        const bar = progress('embed', 'steps');
        try {
          return await data.embed({
            ...options,
            ...(until === undefined ? {} : { untilMs: until }),
            signal,
            onProgress: bar.update,
            onNote: (text) => note(`note: ${text}`),
          });
        } finally {
          bar.stop();
        }
      });
      if (json) printJson(report);
      else print(present(report));
    });
}

function present({ items, dim, fields, actions, space, generation, skipped }: EmbedReport): string {
  const read = [
    ...(fields.length > 0 ? [fields.join(', ')] : []),
    ...(actions
      ? [`${format(actions.pairs)} pairs of ${format(actions.users)} users up to ${actions.until}`]
      : []),
  ];
  return (
    `${format(items)} items embedded in ${dim} dimensions from ${read.join(' and ')} (space "${space}", ` +
    `generation ${generation}); ${format(skipped)} without usable ${fields.length > 0 ? 'text' : 'actions'}`
  );
}
