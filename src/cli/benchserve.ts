import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { benchServe, type LoadName, loadNames, type ServeBench } from '../bench/serve.js';
import { count, positive, seed } from './options.js';
import { format, note, print, printJson, table } from './output.js';

interface Flags {
  readonly actions: number;
  readonly users: number;
  readonly items: number;
  readonly d: number;
  readonly seconds: number;
  readonly loads?: readonly LoadName[];
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
    .option('--loads <names>', `some of ${loadNames.join(',')} (default: all)`, loads)
    .option('--seed <n>', 'of the made-up log', seed, 1)
    .option(
      '--dir <dir>',
      'keep files and data directory here, and use what is there (default: a temporary folder)',
    )
    .option('--json', 'one JSON document on stdout, nothing else')
    .action(run);
}

function loads(text: string): LoadName[] {
  return text.split(',').map((name) => {
    const known = loadNames.find((one) => one === name);
    if (known) return known;
    throw new InvalidArgumentError(`got "${name}", expected some of ${loadNames.join(',')}`);
  });
}

async function run(flags: Flags): Promise<void> {
  const { actions, users, items, d: dim, seconds, seed, loads } = flags;
  const dir = flags.dir ?? mkdtempSync(join(tmpdir(), 'pinnersage-bench-'));
  try {
    const world = { actions, users, items, dim, seed };
    const bench = await benchServe({ ...world, seconds, dir, onNote: note, ...(loads && { loads }) });
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
    one.ownBytes === null ? '-' : Math.round(one.ownBytes / 2 ** 20),
    one.searches,
    one.searches > 0 ? (1000 * one.searchSeconds) / one.searches : '-',
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
    'own MiB',
    'searches',
    'ms each',
    'failed',
  ];
  return [
    `${bench.machine}, ${bench.cores} cores, Node ${bench.node}; ${format(bench.actions)} actions of ${format(bench.users)} users ` +
      `on ${format(bench.items)} items of ${bench.dim} dimensions, seed ${bench.seed}`,
    table(head, rows),
    conclusions(bench).join('\n'),
  ].join('\n\n');
}

function conclusions(bench: ServeBench): string[] {
  const { warmShare, coldRatio, coldOverBare, aloneRatio, aloneBeyondRoute } = bench;
  const { actionsPerSecond, searchK, searchMs } = bench;
  const lines: string[] = [];
  if (warmShare !== null)
    lines.push(`warm recommendations: ${(100 * warmShare).toFixed(0)} % of the bare route's throughput`);
  if (coldRatio !== null && coldOverBare !== null)
    lines.push(
      `cold recommendations, throughput: the searching thread takes ${coldRatio.toFixed(2)} times the index searches inside, ` +
        `${coldOverBare.toFixed(2)} times as many bare ones (k = ${searchK}, ${format(searchMs)} ms each, by themselves)`,
    );
  if (aloneRatio !== null)
    lines.push(
      `cold recommendations, latency with one client: ${aloneRatio.toFixed(2)} times the searches inside` +
        (aloneBeyondRoute === null
          ? ''
          : `, ${aloneBeyondRoute.toFixed(2)} without what the bare route takes with one client`),
    );
  if (actionsPerSecond !== null)
    lines.push(`actions acknowledged: ${format(Math.round(actionsPerSecond))} a second`);
  return lines;
}
