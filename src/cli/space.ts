import { Command } from 'commander';
import type { SpaceComparison } from '../pipeline/compare.js';
import type { SpaceListing } from '../pipeline/spaces.js';
import {
  type CommonFlags,
  count,
  defined,
  instant,
  list,
  positive,
  seed,
  windowDays,
  withCommon,
} from './options.js';
import { format, note, print, printJson, progress, table } from './output.js';
import { interruptible, withData } from './session.js';

export function spaceCommand(): Command {
  const command = new Command('space').description('spaces side by side: list, build, compare, switch, drop');
  withCommon(command.command('list', { isDefault: true }))
    .description('every space with its vectors and its last batch')
    .action((flags: CommonFlags) => withData(flags.data, 'read', (data) => show(data.spaces(), flags)));
  withCommon(command.command('use'))
    .description('make a space the active one, in one step; switching back needs no new batch')
    .argument('<name>')
    .action((name: string, flags: CommonFlags) =>
      withData(flags.data, 'write', async (data) => {
        await data.useSpace(name);
        show(data.spaces(), flags);
      }),
    );
  withCommon(command.command('drop'))
    .description('remove a space that is not the active one, with its vectors and profiles')
    .argument('<name>')
    .action((name: string, flags: CommonFlags) =>
      withData(flags.data, 'write', async (data) => {
        await data.dropSpace(name);
        show(data.spaces(), flags);
      }),
    );
  command.addCommand(buildCommand());
  command.addCommand(compareCommand());
  return command;
}

interface BuildFlags extends CommonFlags {
  readonly fields?: readonly string[];
  readonly dim?: number;
  readonly seed?: number;
  readonly now?: number;
  readonly windowDays?: number | 'all';
  readonly alpha?: number;
}

function buildCommand(): Command {
  return withCommon(new Command('build'))
    .description("embed the items' text into a space and run its batch, without switching to it")
    .argument('<name>')
    .option('--fields <names>', 'metadata fields (default: every field with text in it)', list)
    .option('--dim <d>', 'dimensions (default: 128)', count)
    .option('--seed <n>', 'of the random projection (default: 0)', seed)
    .option('--now <iso>', 'the clock of the batch (default: the wall clock)', instant)
    .option('--window-days <n|all>', 'how far back actions count (default: 90)', windowDays)
    .option('--alpha <a>', 'merge threshold, a squared distance, for this run', positive)
    .action(async (name: string, flags: BuildFlags) => {
      const signal = interruptible();
      const { fields, dim, seed: projection, now, windowDays: window, alpha } = flags;
      const embed = defined({ fields, dim, seed: projection });
      const batch = defined({ nowMs: now, windowDays: window, alpha });
      const report = await withData(flags.data, 'write', async (data) => {
        const onNote = (text: string): void => note(`note: ${text}`);
        const bar = progress('batch', 'users');
        try {
          return await data.buildSpace(name, {
            embed: { ...embed, onNote, signal },
            batch: { ...batch, onNote, signal, onProgress: bar.update },
          });
        } finally {
          bar.stop();
        }
      });
      if (flags.json) printJson(report);
      else
        print(
          `space "${name}": ${format(report.embed.items)} items in ${report.embed.dim} dimensions, interests of ` +
            `${format(report.batch.users)} users; "pinnersage space use ${name}" switches to it`,
        );
    });
}

interface CompareFlags extends CommonFlags {
  readonly users?: number;
  readonly items?: number;
  readonly k?: number;
  readonly seed?: number;
}

function compareCommand(): Command {
  return withCommon(new Command('compare'))
    .description('how alike two spaces are in neighbours, interests and candidates')
    .argument('<a>')
    .argument('<b>')
    .option('--users <n>', 'users sampled (default: 200)', count)
    .option('--items <n>', 'items sampled (default: 500)', count)
    .option('--k <k>', 'neighbours and candidates compared (default: 20)', count)
    .option('--seed <n>', 'of the samples and draws (default: 0)', seed)
    .action((a: string, b: string, flags: CompareFlags) =>
      withData(flags.data, 'read', (data) => {
        const { data: _, json, ...options } = flags;
        const found = data.compareSpaces(a, b, options);
        if (json) printJson(found);
        else print(present(found));
      }),
    );
}

function show(spaces: readonly SpaceListing[], flags: CommonFlags): void {
  const rows = spaces.map((space) => [
    space.active ? `${space.name} (active)` : space.name,
    space.vectors,
    space.dim,
    space.generation,
    space.calibration ? `calibrated: ${space.calibration.family}` : 'paper',
    space.alpha ? `${format(space.alpha.value)} (${space.alpha.origin})` : 'not set',
    space.batch ? `${format(space.batch.users)} users as of ${space.batch.asOf}` : 'none',
    space.source,
  ]);
  if (flags.json) printJson(spaces);
  else
    print(table(['space', 'vectors', 'dim', 'generation', 'recipe', 'alpha', 'last batch', 'source'], rows));
}

function present({ spaces: [a, b], k, neighbors, interests, candidates }: SpaceComparison): string {
  const share = (value: number | null): string =>
    value === null ? 'none to compare' : `${(100 * value).toFixed(1)} %`;
  return [
    `${k} neighbours of ${format(neighbors.items)} items: ${share(neighbors.overlap)} the same`,
    `interests of ${format(interests.users)} users: ${format(interests.perUser[0])} per user in ${a}, ` +
      `${format(interests.perUser[1])} in ${b}; adjusted Rand index ${interests.adjustedRand === null ? 'none' : format(interests.adjustedRand)}`,
    `${k} candidates of ${format(candidates.users)} users: ${share(candidates.overlap)} the same`,
  ].join('\n');
}
