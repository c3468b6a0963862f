import { Command, Option } from 'commander';
import { PinnersageError } from '../errors.js';
import type { ImportReport } from '../files/report.js';
import { checkFile } from '../files/source.js';
import type { BadRow } from '../files/table.js';
import type { ActionTypes } from '../model/action.js';
import type { PinnerSage } from '../pipeline/pinnersage.js';
import {
  actionTypes,
  type CommonFlags,
  type FileFlags,
  instant,
  withCommon,
  withFileFlags,
} from './options.js';
import { format, note, oneLine, print, printJson, progress } from './output.js';
import { interruptible, withData } from './session.js';

export function importCommand(): Command {
  const command = new Command('import').description('take files of items, actions or users as they come');
  command.addCommand(itemsCommand());
  command.addCommand(actionsCommand());
  command.addCommand(usersCommand());
  return command;
}

interface ItemFlags extends CommonFlags, FileFlags {
  readonly embeddings?: string;
  readonly space?: string;
  readonly normalize: boolean;
  readonly delete?: boolean;
}

function itemsCommand(): Command {
  return withFileFlags(withCommon(new Command('items')))
    .description('items: item_id, optional embedding, any other column is metadata (Parquet, NDJSON, CSV)')
    .argument('<files...>')
    .option('--embeddings <npy>', 'embeddings apart: one row per row of the items file')
    .option('--space <name>', 'embedding space (default: the active one)')
    .option('--delete', 'delete the items that the files name instead of importing them')
    .option('--no-normalize', 'keep embeddings as they are instead of scaling them to norm 1')
    .action((files: string[], flags: ItemFlags) => {
      const { normalize, delete: remove, data, json: _, ...options } = flags;
      if (flags.embeddings !== undefined && files.length > 1)
        throw new PinnersageError(
          'option-invalid',
          `--embeddings goes with one items file, got ${files.length}`,
        );
      const chosen = { ...options, ...(normalize ? {} : { normalize }) };
      const { embeddings: _vectors, space: _space, ...reading } = options;
      return importAll(files, flags, data, (session, file, hooks) =>
        remove
          ? session.removeItems(file, { ...reading, ...hooks })
          : session.importItems(file, { ...chosen, ...hooks }),
      );
    });
}

interface ActionFlags extends CommonFlags, FileFlags {
  readonly type?: string;
  readonly types?: ActionTypes;
  readonly since?: number;
  readonly until?: number;
  readonly unknownItems: 'keep' | 'reject';
}

function actionsCommand(): Command {
  return withFileFlags(withCommon(new Command('actions')))
    .description('actions: user_id, item_id, type, timestamp (Parquet, NDJSON, CSV)')
    .argument('<files...>')
    .option('--type <type>', 'the type of every action, for files without a type column')
    .option(
      '--types <roles>',
      'declare action types: save=interest:2,hide=exclude,view=impression',
      actionTypes,
    )
    .option('--since <iso>', 'leave out earlier actions', instant)
    .option('--until <iso>', 'leave out later actions', instant)
    .addOption(new Option('--time-unit <unit>', 'of numeric timestamps').choices(['s', 'ms']))
    .addOption(
      new Option('--unknown-items <policy>', 'actions on items that are not in the catalog')
        .choices(['keep', 'reject'])
        .default('keep'),
    )
    .action((files: string[], flags: ActionFlags) => {
      const { since, until, data, json: _, ...options } = flags;
      const chosen = {
        ...options,
        ...(since === undefined ? {} : { sinceMs: since }),
        ...(until === undefined ? {} : { untilMs: until }),
      };
      return importAll(files, flags, data, (session, file, { onProgress, ...hooks }) =>
        session.importActions(file, { ...chosen, ...hooks, onProgress: (rows) => onProgress(rows) }),
      );
    });
}

function usersCommand(): Command {
  return withFileFlags(withCommon(new Command('users')))
    .description('users: user_id, any other column is an attribute (Parquet, NDJSON, CSV)')
    .argument('<files...>')
    .action((files: string[], flags: CommonFlags & FileFlags) => {
      const { data, json: _, ...options } = flags;
      return importAll(files, flags, data, (session, file, hooks) =>
        session.importUsers(file, { ...options, ...hooks }),
      );
    });
}

interface Hooks {
  readonly signal: AbortSignal;
  readonly onNote: (note: string) => void;
  readonly onProgress: (rows: number) => void;
}

async function importAll(
  files: readonly string[],
  flags: CommonFlags,
  path: string,
  importOne: (data: PinnerSage, file: string, hooks: Hooks) => Promise<ImportReport>,
): Promise<void> {
  for (const file of files) checkFile(file); // before a directory is made for nothing
  const signal = interruptible();
  const total = { accepted: 0, duplicates: 0, rejected: {} as Record<string, number> };
  const examples: BadRow[] = [];
  await withData(path, 'create', async (data) => {
    for (const file of files) {
      const bar = progress(file.split('/').pop() ?? file, 'rows');
      const onNote = (text: string): void => note(`note: ${text}`);
      try {
        const report = await importOne(data, file, { signal, onNote, onProgress: bar.update });
        addTo(total, report);
        examples.push(...report.examples);
      } finally {
        bar.stop();
      }
    }
  });
  for (const bad of examples)
    note(oneLine(`rejected: ${bad.file}:${bad.line}: ${bad.detail} [${bad.reason}]`));
  if (flags.json) printJson(total);
  else print(summary(total));
  const rejected = sum(total.rejected);
  if (rejected > 0 && total.accepted + total.duplicates === 0)
    throw new PinnersageError(
      'rows-rejected',
      `${files.join(', ')}: none of ${rejected} rows could be used: ${byReason(total.rejected)}`,
    );
}

function addTo(
  total: { accepted: number; duplicates: number; rejected: Record<string, number> },
  report: ImportReport,
): void {
  total.accepted += report.accepted;
  total.duplicates += report.duplicates;
  for (const [reason, count] of Object.entries(report.rejected))
    total.rejected[reason] = (total.rejected[reason] ?? 0) + count;
}

function summary(total: Pick<ImportReport, 'accepted' | 'duplicates' | 'rejected'>): string {
  const rejected = sum(total.rejected);
  return (
    `${format(total.accepted)} accepted, ${format(total.duplicates)} already there, ${format(rejected)} rejected` +
    (rejected > 0 ? ` (${byReason(total.rejected)})` : '')
  );
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((a, b) => a + b, 0);

function byReason(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([reason, count]) => `${reason} ${format(count)}`)
    .join(', ');
}
