import { Command } from 'commander';
import { type AnnBench, benchAnn } from '../bench/ann.js';
import { count } from './options.js';
import { note, print, printJson, table } from './output.js';

interface Flags {
  readonly n?: number;
  readonly d?: number;
  readonly json?: boolean;
}

export function annCommand(): Command {
  return new Command('ann')
    .description('the index beside the exact scan and, where it is installed, hnswlib-node')
    .option('--n <items>', 'items (100,000)', count)
    .option('--d <dimensions>', 'dimensions (256)', count)
    .option('--json', 'one JSON document on stdout, nothing else')
    .action(async ({ json, ...options }: Flags) => {
      const bench = await benchAnn({ ...options, onNote: note });
      if (json) printJson(bench);
      else print(present(bench));
    });
}

function present(bench: AnnBench): string {
  const builds = bench.builds.map(({ name, threads, seconds, memoryBytes, fileBytes }) => [
    name,
    threads,
    seconds,
    memoryBytes / 2 ** 20,
    fileBytes / 2 ** 20,
  ]);
  const cells = bench.cells.map(({ name, k, efSearch, recall, medianMs, p90Ms }) => [
    name,
    k,
    efSearch === null ? '-' : String(efSearch),
    recall,
    medianMs,
    p90Ms,
  ]);
  return [
    `${bench.machine}; Node ${bench.node}; ${bench.n} items of ${bench.d} dimensions; recall of at least ${bench.wantedRecall} wanted`,
    table(['built', 'threads', 'seconds', 'MiB more in memory', 'MiB on disk'], builds),
    table(['search', 'k', 'efSearch', 'recall', 'median ms', 'p90 ms'], cells),
    `Left out: ${bench.leftOut.join('; ') || 'nothing'}`,
  ].join('\n\n');
}
