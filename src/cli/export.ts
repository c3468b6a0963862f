import { Command, Option } from 'commander';
import { PinnersageError } from '../errors.js';
import { type ExportKind, exportKinds } from '../pipeline/export.js';
import { type CommonFlags, count, defined, instant, seed, withCommon } from './options.js';
import { format, print, printJson, progress } from './output.js';
import { interruptible, withData } from './session.js';

interface Flags extends CommonFlags {
  readonly format?: 'ndjson' | 'parquet';
  readonly out?: string;
  readonly space?: string;
  readonly count?: number;
  readonly medoids?: number;
  readonly seed?: number;
  readonly now?: number;
}

export function exportCommand(): Command {
  return withCommon(new Command('export'))
    .description('write what the directory holds; items and actions in the form that import takes')
    .argument('<what>', exportKinds.join(', '))
    .addOption(new Option('--format <format>', 'by the extension otherwise').choices(['ndjson', 'parquet']))
    .option('--out <file>', 'written whole or not at all (default: NDJSON on stdout)')
    .option('--space <name>', 'of embeddings, profiles and recommendations (default: the active one)')
    .option('--count <k>', 'candidates per user of recommendations (default: 100)', count)
    .option('--medoids <e>', 'interests drawn per user of recommendations (default: 3)', count)
    .option('--seed <n>', 'of recommendations (default: from each user and the clock)', seed)
    .option('--now <iso>', 'the clock of recommendations (default: the wall clock)', instant)
    .action((what: ExportKind, flags: Flags) =>
      flags.out === undefined ? toStdout(what, flags) : toFile(what, flags, flags.out),
    );
}

function rowOptions({ space, count, medoids, seed, now }: Flags) {
  return { ...defined({ space }), recommend: defined({ count, medoids, seed, nowMs: now }) };
}

function toFile(what: ExportKind, flags: Flags, out: string): Promise<void> {
  const signal = interruptible();
  return withData(flags.data, 'read', async (data) => {
    const bar = progress(`export ${what}`, 'rows');
    const options = {
      ...rowOptions(flags),
      ...defined({ format: flags.format }),
      signal,
      onProgress: bar.update,
    };
    try {
      const report = await data.export(what, out, options);
      bar.stop();
      if (flags.json) printJson(report);
      else print(`${format(report.rows)} ${what} in ${out} (${report.format})`);
    } finally {
      bar.stop();
    }
  });
}

async function toStdout(what: ExportKind, flags: Flags): Promise<void> {
  if (flags.json || flags.format === 'parquet')
    throw new PinnersageError(
      'option-invalid',
      `${flags.json ? '--json' : '--format parquet'} goes with --out FILE; without it, rows go to stdout as NDJSON`,
    );
  const { stdout } = process;
  let isOpen = true;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error; // the reader has seen enough
    isOpen = false;
  });
  await withData(flags.data, 'read', async (data) => {
    for (const row of data.rows(what, rowOptions(flags))) {
      if (!isOpen) break;
      const hasRoom = stdout.write(`${JSON.stringify(row)}\n`);
      if (!hasRoom)
        await new Promise<void>((resolve) => {
          stdout.once('drain', resolve);
          stdout.once('close', resolve);
        });
    }
  });
}
