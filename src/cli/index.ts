import { Command } from 'commander';
import type { Recall } from '../ann/recall.js';
import type { IndexReport, IndexStatus } from '../pipeline/indexing.js';
import type { IndexTarget } from '../pipeline/pinnersage.js';
import { type CommonFlags, count, withCommon } from './options.js';
import { format, note, print, printJson, progress } from './output.js';
import { interruptible, withData } from './session.js';

interface Flags extends CommonFlags {
  readonly space?: string;
  readonly pool?: string;
  readonly status?: boolean;
  readonly check?: boolean;
  readonly workers?: number;
  readonly m?: number;
  readonly efConstruction?: number;
  readonly efSearch?: number;
}

export function indexCommand(): Command {
  return withCommon(new Command('index'))
    .description('build the nearest-neighbour index of a space, or look at it')
    .option('--space <name>', 'the space (default: the active one)')
    .option(
      '--pool <name>',
      'only the items of a stored filter; requests for it use this index (default: all)',
    )
    .option('--status', 'only say what answers searches, and how far the index is behind')
    .option('--check', 'only verify the index and measure its recall against the exact scan')
    .option('--workers <n>', 'threads (default: one per core); 1 makes the same file again', count)
    .option('--m <n>', 'links per item: 2 to 256 (default: 16)', count)
    .option('--ef-construction <n>', 'candidates looked at where an item is inserted (default: 128)', count)
    .option('--ef-search <n>', 'candidates looked at by a search, at least (default: 128)', count)
    .action((flags: Flags) => {
      if (flags.check) return check(flags);
      return flags.status ? status(flags) : build(flags);
    });
}

async function build({ data: path, json, status: _, check: __, ...options }: Flags): Promise<void> {
  const signal = interruptible();
  const report = await withData(path, 'write', async (data) => {
    const bar = progress('index', 'items');
    try {
      return await data.buildIndex({
        ...options,
        signal,
        onProgress: bar.update,
        onNote: (text) => note(`note: ${text}`),
      });
    } finally {
      bar.stop();
    }
  });
  if (json) printJson(report);
  else print(presentReport(report));
}

async function status({ data: path, json, ...flags }: Flags): Promise<void> {
  const found = await withData(path, 'read', (data) => data.indexStatus(targetOf(flags)));
  if (json) printJson(found);
  else print(presentStatus(found));
}

async function check({ data: path, json, ...flags }: Flags): Promise<void> {
  const recall = await withData(path, 'read', (data) => data.checkIndex(targetOf(flags)));
  if (json) printJson(recall);
  else print(`the index is whole; ${recallText(recall)}`);
}

function targetOf({ space, pool }: Pick<Flags, 'space' | 'pool'>): IndexTarget {
  return { ...(space === undefined ? {} : { space }), ...(pool === undefined ? {} : { pool }) };
}

const named = ({ space, pool }: { space: string; pool: string | null }): string =>
  pool === null ? `space "${space}"` : `pool "${pool}" of space "${space}"`;

function recallText({ k, queries, value }: Recall): string {
  return `recall@${k} against the exact scan is ${value.toFixed(4)} over ${queries} items`;
}

function presentReport(report: IndexReport): string {
  const { spaceGeneration, indexed, recall, buildSeconds, bytes, library, parameters } = report;
  return (
    `${format(indexed)} items of ${named(report)}, generation ${spaceGeneration}, indexed in ${format(buildSeconds)} s: ` +
    `${format(bytes / 2 ** 20)} MiB by ${library} (m ${parameters.m}, efConstruction ${parameters.efConstruction}, ` +
    `efSearch ${parameters.efSearch}); ${recallText(recall)}`
  );
}

function presentStatus(status: IndexStatus): string {
  const { items, serving, whyExact, index } = status;
  const lines = [`${named(status)}: ${format(items)} items, served by the ${serving}`];
  if (whyExact) lines.push(whyExact);
  if (index) {
    lines.push(presentReport(index), `built ${index.builtAt}`);
    lines.push(`${format(index.delta)} items scanned beside it, ${format(index.masked)} of its rows masked`);
    if (index.stale) lines.push('more than 5 % of it changed: run "pinnersage index"');
  }
  return lines.join('\n');
}
