import { rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClusterer } from '../cluster/clusterer.js';
import { ward } from '../cluster/ward.js';
import { kernelKind } from '../math/kernel.js';
import { gramSpeed, simdLimit } from './gram.js';
import { clusteredPoints } from './points.js';
import { type PythonRivals, startPython } from './python.js';
import { type Contender, here, measureInTurns, type RoundOptions, type Spread } from './stats.js';
import { createUserRun, usersPerSecond } from './users.js';

export interface ClusterBenchOptions {
  /** Points; with `d`, one cell instead of the table. */
  readonly n?: number;
  /** Dimensions. */
  readonly d?: number;
  /** Merge threshold of the flat path. Default 0.64. */
  readonly alpha?: number;
  /** The Python to ask for rivals. Default `python3`. */
  readonly python?: string;
  readonly onNote?: (note: string) => void;
}

/** One n and d. */
export interface ClusterCell {
  readonly n: number;
  readonly d: number;
  /** Full path: raw vectors to dendrogram. */
  readonly medianMs: number;
  readonly p90Ms: number;
  /** Users a second on one core, end to end: gather, flat clusters, medoids, importances, ids. */
  readonly usersPerSecond: number;
  readonly kernel: string;
  readonly gramGflops: number;
  /** Every contender by name, this project's first. */
  readonly times: { readonly [name: string]: Spread };
}

export interface ClusterBench {
  readonly machine: string;
  readonly node: string;
  readonly kernel: string;
  readonly alpha: number;
  readonly simdLimitGflops: number;
  readonly versions: { readonly [name: string]: string };
  /** Contenders that are not in the table, and why. */
  readonly leftOut: readonly string[];
  readonly cells: readonly ClusterCell[];
  readonly distributions: readonly { readonly name: string; readonly usersPerSecond: number }[];
  /** Users a second of one and of two worker threads at n = 200. */
  readonly threads: readonly [number, number];
}

/** This project's contenders, as they appear in the table. */
export const ours = { full: 'full', flat: 'flat', twin: 'plain twin' } as const;
const mlHclust = 'ml-hclust';

const tableCells: readonly (readonly [n: number, d: number])[] = [
  [50, 256],
  [200, 256],
  [500, 256],
  [1000, 256],
  [2000, 256],
  [5000, 256],
  [500, 64],
  [500, 768],
];

/**
 * Distinct items per user at the middle of every tenth of users: of the demo's world (seed 1, 90 days), and of
 * examples/ifdb (wishlists and played games of 3,668 people, the whole time).
 */
const distributions = [
  { name: 'demo', sizes: [6, 12, 19, 26, 34, 45, 61, 83, 117, 214] },
  { name: 'IFDB', sizes: [1, 1, 1, 2, 4, 7, 11, 20, 39, 127] },
];

const rounds: RoundOptions = { budgetMs: 1500, maxRounds: 31, roundMs: 4 };

/** Contenders slower than this many points allow are left out of a cell: they would take minutes. */
const mostPoints: { readonly [name: string]: number } = { [mlHclust]: 1000, [ours.twin]: 2000 };

/** Measures one cell, with the rivals there are. */
export async function benchCell(
  n: number,
  d: number,
  options: ClusterBenchOptions = {},
): Promise<ClusterCell> {
  const python = await startPython(options.python ?? 'python3');
  if (typeof python === 'string') options.onNote?.(`left out: Python rivals (${python})`);
  try {
    return await measureCell(n, d, options.alpha ?? 0.64, typeof python === 'string' ? undefined : python);
  } finally {
    if (typeof python !== 'string') python.close();
  }
}

/** The whole table. */
export async function benchCluster(options: ClusterBenchOptions = {}): Promise<ClusterBench> {
  const { alpha = 0.64, onNote = () => {} } = options;
  const python = await startPython(options.python ?? 'python3');
  const rivals = typeof python === 'string' ? undefined : python;
  const cells: ClusterCell[] = [];
  try {
    for (const [n, d] of tableCells) {
      onNote(`n = ${n}, d = ${d}`);
      cells.push(await measureCell(n, d, alpha, rivals));
    }
  } finally {
    rivals?.close();
  }
  onNote('users');
  const task = { n: 200, d: 256, alpha, seconds: 2 };
  return {
    machine: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores`,
    node: process.version,
    kernel: kernelKind(),
    alpha,
    simdLimitGflops: simdLimit(),
    versions: rivals?.versions ?? {},
    leftOut: await leftOut(python),
    cells,
    distributions: distributions.map(({ name, sizes }) => ({
      name,
      usersPerSecond: userSpeed(sizes, 256, alpha),
    })),
    threads: [await usersPerSecond(1, task), await usersPerSecond(2, task)],
  };
}

async function measureCell(
  n: number,
  d: number,
  alpha: number,
  python: PythonRivals | undefined,
): Promise<ClusterCell> {
  const x = clusteredPoints(n, d, 7);
  const file = join(tmpdir(), `pinnersage-bench-${process.pid}.f32`);
  await writeFile(file, new Uint8Array(x.buffer));
  try {
    await python?.load(file, n, d);
    const rivals = [...(await javascriptRivals(x, n, d)), ...pythonRivals(python)];
    const contenders = [...ourContenders(x, n, d, alpha), ...rivals].filter(
      ({ name }) => n <= (mostPoints[name] ?? n),
    );
    const times = Object.fromEntries(await measureInTurns(contenders, rounds));
    const { medianMs, p90Ms } = times[ours.full];
    const users = userSpeed([n], d, alpha);
    return {
      n,
      d,
      medianMs,
      p90Ms,
      usersPerSecond: users,
      kernel: kernelKind(),
      gramGflops: gramSpeed(x, n, d),
      times,
    };
  } finally {
    await rm(file, { force: true });
  }
}

function ourContenders(x: Float32Array, n: number, d: number, alpha: number): Contender[] {
  const clusterer = createClusterer(d);
  return [
    here(ours.full, () => {
      clusterer.vectors(n).set(x);
      return clusterer.tree(n);
    }),
    here(ours.flat, () => {
      clusterer.vectors(n).set(x);
      return clusterer.flat(n, { alpha });
    }),
    here(ours.twin, () => ward(x, { n, dim: d })),
  ];
}

function pythonRivals(python: PythonRivals | undefined): Contender[] {
  return (python?.names ?? []).map((name) => ({ name, time: (calls) => python!.time(name, calls) }));
}

/** ml-hclust is a rival, not a dependency: there in a clone of the project, absent where the package is installed. */
async function javascriptRivals(x: Float32Array, n: number, d: number): Promise<Contender[]> {
  const library = await import('ml-hclust').catch(() => undefined);
  if (library === undefined) return [];
  const rows = Array.from({ length: n }, (_, i) => Array.from(x.subarray(i * d, (i + 1) * d)));
  return [here(mlHclust, () => library.agnes(rows, { method: 'ward' }))];
}

async function leftOut(python: PythonRivals | string): Promise<string[]> {
  const js = (await javascriptRivals(new Float32Array(0), 0, 1)).length > 0;
  return [
    ...(typeof python === 'string' ? [`Python rivals: ${python}`] : []),
    ...(js ? [] : [`${mlHclust}: not installed`]),
    ...Object.entries(mostPoints).map(([name, points]) => `${name} above n = ${points}: too slow`),
  ];
}

/** By the median of rounds over different users, warmed up. */
function userSpeed(sizes: readonly number[], d: number, alpha: number): number {
  const run = here('users', createUserRun(sizes, d, alpha));
  const calls = Math.max(16, sizes.length);
  run.time(Math.max(1, Math.min(2000, Math.round(1000 / run.time(2)))));
  const times: number[] = [];
  for (let spent = 0; times.length < rounds.maxRounds || spent < rounds.budgetMs; ) {
    const each = run.time(calls);
    times.push(each);
    spent += each * calls;
  }
  times.sort((a, b) => a - b);
  return 1000 / times[times.length >> 1];
}
