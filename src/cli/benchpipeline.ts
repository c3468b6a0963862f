import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { benchPipeline, type PipelineBench } from '../bench/pipeline.js';
import { count, seed } from './options.js';
import { format, note, print, printJson, table } from './output.js';

interface Flags {
  readonly actions: number;
  readonly users: number;
  readonly items: number;
  readonly d: number;
  readonly requests: number;
  readonly seed: number;
  readonly dir?: string;
  readonly json?: boolean;
}

export function pipelineCommand(): Command {
  return new Command('pipeline')
    .description('files to recommendations on a made-up log: time and memory of every stage')
    .option('--actions <n>', 'actions in the log', count, 10_000_000)
    .option('--users <n>', 'users, of long-tailed activity', count, 100_000)
    .option('--items <n>', 'items', count, 200_000)
    .option('--d <dimensions>', 'dimensions of the embeddings', count, 256)
    .option('--requests <n>', 'recommendations to time', count, 1_000)
    .option('--seed <n>', 'of the made-up log', seed, 1)
    .option('--dir <dir>', 'keep files and data directory here (default: a temporary folder)')
    .option('--json', 'one JSON document on stdout, nothing else')
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const { actions, users, items, d: dim, requests, seed } = flags;
  const dir = flags.dir ?? mkdtempSync(join(tmpdir(), 'pinnersage-bench-'));
  try {
    const world = { actions, users, items, dim, seed };
    const bench = await benchPipeline({ ...world, dir, requests, onNote: note });
    if (flags.json) printJson(bench);
    else print(present(bench));
  } finally {
    if (flags.dir === undefined) rmSync(dir, { recursive: true });
  }
}

const mib = (bytes: number | null): number | string => (bytes === null ? '-' : Math.round(bytes / 2 ** 20));

function present(bench: PipelineBench): string {
  const rows = bench.stages.map(({ stage, seconds, cpuSeconds, maxRssBytes, ownBytes, facts }) => [
    stage,
    Number(seconds.toFixed(1)),
    Number(cpuSeconds.toFixed(1)),
    mib(maxRssBytes),
    mib(ownBytes),
    Object.entries(facts)
      .map(([name, value]) => `${name} ${format(value)}`)
      .join(', '),
  ]);
  return [
    `${format(bench.actions)} actions of ${format(bench.users)} users on ${format(bench.items)} items of ` +
      `${bench.dim} dimensions (${mib(bench.embeddingBytes)} MiB of embeddings), seed ${bench.seed}; ` +
      `${bench.cores} cores, Node ${bench.node}`,
    table(['stage', 'seconds', 'CPU s', 'peak MiB', 'own MiB', ''], rows),
    'peak: resident memory, with mapped pages of the data directory; own: without them',
  ].join('\n\n');
}
