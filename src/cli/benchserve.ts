import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { benchServe, type ServeBench } from '../bench/serve.js';
import { count, positive, seed } from './options.js';
import { format, note, print, printJson, table } from './output.js';

interface Flags {
  readonly actions: number;
  readonly users: number;
  readonly items: number;
  readonly d: number;
  readonly seconds: number;
  readonly seed: number;
  readonly dir?: string;
  readonly json?: boolean;
}

export function serveBenchCommand(): Command {
  return new Command('serve')
    .description(
      'a server under load, beside a bare route and bare searches in the same run (needs autocannon)',
    )
    .option('--actions <n>', 'actions in the log', count, 10_000_000)
    .option('--users <n>', 'users, of long-tailed activity', count, 100_000)
    .option('--items <n>', 'items', count, 200_000)
    .option('--d <dimensions>', 'dimensions of the embeddings', count, 256)
    .option('--seconds <s>', 'how long each load lasts', positive, 10)
    .option('--seed <n>', 'of the made-up log', seed, 1)
    .option(
      '--dir <dir>',
      'keep files and data directory here, and use what is there (default: a temporary folder)',
    )
    .option('--json', 'one JSON document on stdout, nothing else')
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const { actions, users, items, d: dim, seconds, seed } = flags;
  const dir = flags.dir ?? mkdtempSync(join(tmpdir(), 'pinnersage-bench-'));
  try {
    const bench = await benchServe({ actions, users, items, dim, seed, seconds, dir, onNote: note });
    if (flags.json) printJson(bench);
    else print(present(bench));
  } finally {
    if (flags.dir === undefined) rmSync(dir, { recursive: true });
  }
}

function present(bench: ServeBench): string {
  const rows = bench.scenarios.map((one) => [
    one.scenario,
    one.connections,
    Math.round(one.perSecond),
    one.p50Ms,
    one.p99Ms,
    one.loopDelayP99Ms,
    one.cpuSeconds / one.seconds,
    Math.round(one.rssBytes / 2 ** 20),
    one.searches,
    one.failures,
  ]);
  const head = [
    'load',
    'clients',
    'requests/s',
    'p50 ms',
    'p99 ms',
    'loop p99 ms',
    'cores',
    'MiB',
    'searches',
    'failed',
  ];
  return [
    `${bench.machine}, ${bench.cores} cores, Node ${bench.node}; ${format(bench.actions)} actions of ${format(bench.users)} users ` +
      `on ${format(bench.items)} items of ${bench.dim} dimensions, seed ${bench.seed}`,
    table(head, rows),
    [
      `warm recommendations: ${(100 * bench.warmShare).toFixed(0)} % of the bare route's throughput`,
      `cold recommendations: ${bench.coldRatio.toFixed(2)} times the index searches they contain (k = ${bench.searchK}, ${format(bench.searchMs)} ms each)`,
      `actions acknowledged: ${format(Math.round(bench.actionsPerSecond))} a second`,
    ].join('\n'),
  ].join('\n\n');
}
