import { type ClusterBench, type ClusterCell, ours } from './cluster.js';

/** A cell of the table; numbers are set to the right. */
type Cell = string | number;

export interface ReportTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** What `pinnersage bench cluster` prints: times, ratios, users a second. */
export function reportTables(bench: ClusterBench): ReportTable[] {
  const names = [...new Set(bench.cells.flatMap(({ times }) => Object.keys(times)))];
  const rivals = names.filter((name) => name !== ours.full && name !== ours.flat && name !== ours.twin);
  return [
    {
      title: 'Milliseconds of CPU time, median (90th percentile)',
      head: ['n', 'd', ...names],
      rows: bench.cells.map((cell) => [
        String(cell.n),
        String(cell.d),
        ...names.map((name) => timeOf(cell, name)),
      ]),
    },
    {
      title: 'How many times faster than each rival: full path / flat path',
      head: ['n', 'd', ...rivals],
      rows: bench.cells.map((cell) => [
        String(cell.n),
        String(cell.d),
        ...rivals.map((name) => ratioOf(cell, name)),
      ]),
    },
    {
      title: 'One core',
      head: ['n', 'd', 'Gram GFLOP/s', 'of the 128-bit limit', 'users/s end to end'],
      rows: bench.cells.map(({ n, d, gramGflops, usersPerSecond }) => [
        String(n),
        String(d),
        gramGflops.toFixed(1),
        `${Math.round((100 * gramGflops) / bench.simdLimitGflops)} %`,
        Math.round(usersPerSecond),
      ]),
    },
    {
      title: 'Users a second',
      head: ['users', 'users/s'],
      rows: [
        ...bench.distributions.map(({ name, usersPerSecond }) => [
          `sizes as in ${name}`,
          Math.round(usersPerSecond),
        ]),
        ['n = 200, one worker', Math.round(bench.threads[0])],
        [
          `n = 200, two workers (${(bench.threads[1] / bench.threads[0]).toFixed(2)} ×)`,
          Math.round(bench.threads[1]),
        ],
      ],
    },
  ];
}

function timeOf({ times }: ClusterCell, name: string): string {
  const found = times[name];
  return found ? `${precise(found.medianMs)} (${precise(found.p90Ms)})` : '–';
}

function ratioOf({ times }: ClusterCell, name: string): string {
  const rival = times[name]?.medianMs;
  if (rival === undefined) return '–';
  return `${(rival / times[ours.full].medianMs).toFixed(1)} / ${(rival / times[ours.flat].medianMs).toFixed(1)}`;
}

const precise = (ms: number): string => (ms < 1 ? ms.toFixed(3) : ms < 100 ? ms.toFixed(2) : ms.toFixed(0));
