import { Command } from 'commander';
import type { Description } from '../pipeline/describe.js';
import { type CommonFlags, withCommon } from './options.js';
import { format, print, printJson, table } from './output.js';
import { withData } from './session.js';

export function describeCommand(): Command {
  return withCommon(new Command('describe'))
    .description('what a data directory holds')
    .action((flags: CommonFlags) =>
      withData(flags.data, 'read', (data) => {
        const found = data.describe();
        if (flags.json) printJson(found);
        else print(present(found));
      }),
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
