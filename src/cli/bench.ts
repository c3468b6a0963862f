import { Command } from 'commander';
import { benchCell, benchCluster, type ClusterBench } from '../bench/cluster.js';
import { reportTables } from '../bench/report.js';
import { annCommand } from './benchann.js';
import { pipelineCommand } from './benchpipeline.js';
import { regimesCommand } from './benchregimes.js';
import { serveBenchCommand } from './benchserve.js';
import { count } from './options.js';
import { note, print, printJson, table } from './output.js';

interface Flags {
  readonly n?: number;
  readonly d?: number;
  readonly python: string;
  readonly json?: boolean;
}

export function benchCommand(): Command {
  return new Command('bench')
    .description('measure this machine')
    .addCommand(
      new Command('cluster')
        .description('Ward clustering beside other libraries, in one run on one core')
        .option('--n <points>', 'one cell instead of the table: points', count)
        .option('--d <dimensions>', 'dimensions of that cell (256)', count)
        .option('--python <command>', 'the Python asked for SciPy, scikit-learn and fastcluster', 'python3')
        .option('--json', 'one JSON document on stdout, nothing else')
        .action(run),
    )
    .addCommand(annCommand())
    .addCommand(pipelineCommand())
    .addCommand(regimesCommand())
    .addCommand(serveBenchCommand());
}

async function run({ n, d, python, json }: Flags): Promise<void> {
  const options = { python, onNote: note };
  if (n === undefined && d === undefined) {
    const bench = await benchCluster(options);
    if (json) printJson(bench);
    else print(present(bench));
    return;
  }
  const cell = await benchCell(n ?? 200, d ?? 256, options);
  if (json) return printJson(cell);
  const rows = Object.entries(cell.times).map(([name, { medianMs, p90Ms, rounds }]) => [
    name,
    medianMs,
    p90Ms,
    rounds,
  ]);
  print(table(['contender', 'median ms', 'p90 ms', 'rounds'], rows));
  print(
    `n = ${cell.n}, d = ${cell.d}, ${cell.kernel}: ${Math.round(cell.usersPerSecond)} users/s, Gram ${cell.gramGflops.toFixed(1)} GFLOP/s`,
  );
}

function present(bench: ClusterBench): string {
  const versions = Object.entries(bench.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${bench.machine}; Node ${bench.node}, kernel ${bench.kernel}; ${versions.join(', ') || 'no Python rivals'}`,
    `alpha ${bench.alpha}; 128-bit limit ${bench.simdLimitGflops.toFixed(1)} GFLOP/s`,
    ...reportTables(bench).map(({ title, head, rows }) => `${title}\n${table(head, rows)}`),
    `Left out: ${bench.leftOut.join('; ') || 'nothing'}`,
  ].join('\n\n');
}
