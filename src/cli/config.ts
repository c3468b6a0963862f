import { Command } from 'commander';
import { PinnersageError } from '../errors.js';
import type { Role } from '../model/action.js';
import type { Filter } from '../model/filter.js';
import type { PinnerSage } from '../pipeline/pinnersage.js';
import { type Settings, settingNames } from '../pipeline/settings.js';
import { type CommonFlags, json, withCommon } from './options.js';
import { print, printJson, table } from './output.js';
import { withData } from './session.js';

export function configCommand(): Command {
  const command = new Command('config').description(
    'stored settings: show them, change one, declare an action type',
  );
  withCommon(command.command('show', { isDefault: true }))
    .description('the settings of a data directory')
    .action((flags: CommonFlags) => withData(flags.data, 'read', (data) => show(data, flags)));
  withCommon(command.command('set'))
    .description(`one of ${settingNames.join(', ')}, or alpha (of the active space)`)
    .argument('<name>')
    .argument('<value>')
    .action((name: string, value: string, flags: CommonFlags) =>
      withData(flags.data, 'write', async (data) => {
        await set(data, name, value);
        show(data, flags);
      }),
    );
  withCommon(command.command('type'))
    .description(
      'declare an action type: interest actions are clustered, exclude bars an item, impression is logged only',
    )
    .argument('<type>')
    .argument('<role>', 'interest, exclude or impression')
    .argument('[weight]', 'multiplies the importance of its actions', '1')
    .action((name: string, role: string, weight: string, flags: CommonFlags) =>
      withData(flags.data, 'write', async (data) => {
        await data.declareActionType(name, { role: role as Role, weight: Number(weight) });
        show(data, flags);
      }),
    );
  withCommon(command.command('pool'))
    .description('a named filter for recommend: declare it, remove it, or without a filter show all')
    .argument('[name]')
    .argument('[filter]', 'as of recommend --filter', json)
    .option('--remove', 'forget the name')
    .action((name: string | undefined, filter: Filter | undefined, flags: PoolFlags) =>
      withData(flags.data, flags.remove || filter !== undefined ? 'write' : 'read', async (data) => {
        if (name !== undefined && flags.remove) await data.setPool(name, null);
        else if (name !== undefined && filter !== undefined) await data.setPool(name, filter);
        showPools(data, flags);
      }),
    );
  return command;
}

interface PoolFlags extends CommonFlags {
  readonly remove?: boolean;
}

function showPools(data: PinnerSage, flags: CommonFlags): void {
  const pools = data.pools();
  if (flags.json) printJson(pools);
  else
    print(
      table(
        ['pool', 'filter'],
        Object.entries(pools).map(([name, filter]) => [name, JSON.stringify(filter)]),
      ),
    );
}

async function set(data: PinnerSage, name: string, value: string): Promise<void> {
  const parsed = value.trim() === '' || Number.isNaN(Number(value)) ? value : Number(value);
  if (name === 'alpha') return data.setAlpha(parsed as number); // which refuses text
  if (!settingNames.includes(name as keyof Settings))
    throw new PinnersageError(
      'option-invalid',
      `got setting "${name}", expected one of: ${settingNames.join(', ')}, alpha`,
    );
  await data.configure({ [name]: parsed });
}

function show(data: PinnerSage, flags: CommonFlags): void {
  const settings = data.settings();
  if (flags.json) printJson(settings);
  else print(table(['setting', 'value'], Object.entries(settings)));
}
