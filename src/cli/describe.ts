import { Command } from 'commander';
import { type SizingInput, sizeDeployment } from '../bench/sizing.js';
import type { Description } from '../pipeline/describe.js';
import { type CommonFlags, numbers, withCommon } from './options.js';
import { format, print, printJson, table } from './output.js';
import { withData } from './session.js';

interface Flags extends CommonFlags {
  readonly size?: Partial<SizingInput>;
}

export function describeCommand(): Command {
  return withCommon(new Command('describe'))
    .description('what a data directory holds, or what a deployment of some size would need')
    .option('--size <numbers>', 'items=1000000,users=1000000,actions=50000000[,dim=256][,cores=8]', numbers)
    .action((flags: Flags) => {
      if (flags.size)
        return flags.json ? printJson(sizeDeployment(flags.size)) : print(presentSize(flags.size));
      return withData(flags.data, 'read', (data) => {
        const found = data.describe();
        if (flags.json) printJson(found);
        else print(present(found));
      });
    });
}

function presentSize(given: Partial<SizingInput>): string {
  const size = sizeDeployment(given);
  const gigabytes = (bytes: number): string => `${format(bytes / 1e9)} GB`;
  const { items, users, actions, dim, cores, pointsPerUser } = size;
  return (
    `${format(items)} items of ${dim} dimensions, ${format(users)} users, ${format(actions)} actions in the window ` +
    `(${format(pointsPerUser.mean)} per user on average, ${format(Math.round(pointsPerUser.p99))} at the 99th percentile)\n` +
    table(
      ['what', 'needs'],
      [
        ['memory for vectors, shared by all threads', gigabytes(size.vectorBytes)],
        ['memory for an index, mapped', gigabytes(size.indexBytes)],
        ['disk', gigabytes(size.diskBytes)],
        [`clustering of a full batch on ${cores} cores like these`, `${format(size.batchSeconds)} s`],
      ],
    )
  );
}

function present(found: Description): string {
  const spaces = found.spaces.map((space) => [
    space.name === found.activeSpace ? `${space.name} (active)` : space.name,
    space.vectors,
    space.dim,
    space.normalized ? 'yes' : 'no',
    space.generation,
    space.alpha ? `${format(space.alpha.value)} (${space.alpha.origin})` : 'not set',
    space.source,
    indexText(space.index),
  ]);
  const types = found.actionTypes.map(({ name, role, weight }) => [name, role, weight]);
  const batch = found.batch
    ? `last batch as of ${found.batch.asOf}: ${format(found.batch.users)} users in space ${found.batch.space}${staleNote(found)}`
    : 'no batch has been run yet';
  return [
    `${found.path}: ${format(found.items)} items, ${format(found.users)} users (${format(found.usersWithAttributes)} with attributes), ${format(found.actions)} actions` +
      `${found.newestAction ? `, the newest of ${found.newestAction}` : ''}; ${batch}`,
    table(['space', 'vectors', 'dim', 'normalised', 'generation', 'alpha', 'source', 'index'], spaces),
    table(['action type', 'role', 'weight'], types),
    table(['setting', 'value'], Object.entries(found.settings)),
    table(
      ['pool', 'filter'],
      Object.entries(found.pools).map(([name, filter]) => [name, JSON.stringify(filter)]),
    ),
  ].join('\n\n');
}

function staleNote({ batch, spaces }: Description): string {
  const space = spaces.find(({ name }) => name === batch?.space);
  if (!batch || !space || space.generation === batch.spaceGeneration) return '';
  return `, which was built anew since (generation ${batch.spaceGeneration}, now ${space.generation}): run "pinnersage batch"`;
}

function indexText(index: Description['spaces'][number]['index']): string {
  if (!index) return 'none';
  const behind = index.appended > 0 ? `, ${format(index.appended)} rows behind` : '';
  return `${format(index.indexed)} items${behind}${index.stale ? ': run "pinnersage index"' : ''}`;
}
