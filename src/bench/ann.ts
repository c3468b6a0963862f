import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildInThread } from '../ann/build.js';
import { createCompositeSearch } from '../ann/composite.js';
import { createExactSearch } from '../ann/exact.js';
import { hnswDefaults, openHnsw, requireHnswLibrary } from '../ann/hnsw.js';
import { measureRecall } from '../ann/recall.js';
import type { VectorSearch } from '../ann/search.js';
import { createRng } from '../math/rng.js';
import { allocateVectors } from '../math/vectors.js';
import { clusteredPoints } from './points.js';
import { spreadOf } from './stats.js';

export interface AnnBenchOptions {
  /** Rows. Default: 100,000. */
  readonly n?: number;
  /** Dimensions. Default: 256. */
  readonly d?: number;
  readonly onNote?: (note: string) => void;
}

/** One contender at one k. */
export interface AnnCell {
  readonly name: string;
  readonly k: number;
  /** Candidates looked at: the fewest tried that reach the wanted recall; null for the exact scan. */
  readonly efSearch: number | null;
  readonly recall: number;
  readonly medianMs: number;
  readonly p90Ms: number;
}

export interface AnnBench {
  readonly machine: string;
  readonly node: string;
  readonly n: number;
  readonly d: number;
  readonly wantedRecall: number;
  readonly builds: readonly {
    readonly name: string;
    readonly threads: number;
    readonly seconds: number;
    /** By how much the resident memory of the process grew. */
    readonly memoryBytes: number;
    readonly fileBytes: number;
  }[];
  readonly leftOut: readonly string[];
  readonly cells: readonly AnnCell[];
}

interface Contender {
  readonly name: string;
  open(efSearch: number): VectorSearch;
}

const wantedRecall = 0.97;
const tried = [64, 128, 256, 512, 1024];
const queryCount = 100;

/** This project's index, hnswlib-node where it is installed, and the exact scan, over one seeded matrix. */
export async function benchAnn({ n = 100_000, d = 256, onNote }: AnnBenchOptions): Promise<AnnBench> {
  const folder = mkdtempSync(join(tmpdir(), 'pinnersage-bench-'));
  try {
    const vectors = allocateVectors(n, d);
    fill(vectors, n, d);
    const input = { vectors, dim: d, live: new Uint8Array(n).fill(1), normalized: true };
    const exact = createExactSearch(input);
    const step = Math.max(1, Math.floor(n / queryCount));
    const queries = Array.from({ length: Math.min(n, queryCount) }, (_, q) =>
      vectors.subarray(q * step * d, (q * step + 1) * d),
    );
    const path = join(folder, 'graph');
    const builds: AnnBench['builds'][number][] = [];
    const contenders: Contender[] = [];
    const leftOut: string[] = [];

    const library = requireHnswLibrary();
    const rows = Uint32Array.from({ length: n }, (_, row) => row);
    const threads = availableParallelism();
    onNote?.('building the index');
    const measured = await measureBuild(() =>
      buildInThread({ vectors, dim: d, normalized: true, rows, parameters: hnswDefaults, threads }, path, {}),
    );
    builds.push({ name: 'index', threads, ...measured, fileBytes: statSync(path).size });
    contenders.push({
      name: 'index',
      open: (efSearch) =>
        createCompositeSearch({
          ...input,
          graph: openHnsw(library, path, {
            dim: d,
            normalized: true,
            parameters: { ...hnswDefaults, efSearch },
          }),
          indexed: input.live,
        }),
    });
    const rival = loadRival();
    if (rival) {
      onNote?.('building hnswlib-node');
      const { contender, build } = await buildRival(rival, vectors, n, d, join(folder, 'rival'));
      contenders.push(contender);
      builds.push(build);
    } else leftOut.push('hnswlib-node is not installed: npm install --no-save hnswlib-node');

    onNote?.('searching');
    const cells: AnnCell[] = [];
    for (const k of [100, 400]) {
      for (const contender of contenders) cells.push(cellAtRecall(contender, exact, queries, k));
      cells.push({ name: 'exact scan', k, efSearch: null, recall: 1, ...timeOf(exact, queries, k) });
    }
    const machine = `${cpus()[0]?.model ?? 'unknown'}, ${threads} threads`;
    return { machine, node: process.version, n, d, wantedRecall, builds, leftOut, cells };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Embeddings vary in fewer directions than they have dimensions: topics in 24, spread over `d` at random. */
const latent = 24;

function fill(vectors: Float32Array, n: number, d: number): void {
  const points = clusteredPoints(n, latent, 1);
  const rng = createRng(2);
  const directions = Float64Array.from({ length: latent * d }, () => rng.normal());
  for (let row = 0; row < n; row++) {
    const vector = vectors.subarray(row * d, (row + 1) * d);
    for (let l = 0; l < latent; l++)
      for (let i = 0; i < d; i++) vector[i] += points[row * latent + l] * directions[l * d + i];
    const norm = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
    for (let i = 0; i < d; i++) vector[i] /= norm;
  }
}

async function measureBuild(work: () => unknown): Promise<{ seconds: number; memoryBytes: number }> {
  const before = process.memoryUsage.rss();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  return { seconds, memoryBytes: Math.max(0, process.memoryUsage.rss() - before) };
}

function cellAtRecall(
  { name, open }: Contender,
  exact: VectorSearch,
  queries: readonly Float32Array[],
  k: number,
): AnnCell {
  for (const efSearch of tried) {
    const search = open(efSearch);
    const { value } = measureRecall(search, exact, queries, k);
    if (value >= wantedRecall || efSearch === tried.at(-1))
      return { name, k, efSearch, recall: value, ...timeOf(search, queries, k) };
  }
  throw new Error('no efSearch to try');
}

function timeOf(
  search: VectorSearch,
  queries: readonly Float32Array[],
  k: number,
): { medianMs: number; p90Ms: number } {
  const times = queries.map((query) => {
    const started = performance.now();
    search.search(query, k);
    return performance.now() - started;
  });
  const { medianMs, p90Ms } = spreadOf(times);
  return { medianMs, p90Ms };
}

/** As much of hnswlib-node as is used here. */
interface Rival {
  readonly HierarchicalNSW: new (
    space: 'ip',
    dim: number,
  ) => {
    initIndex(max: number, m: number, efConstruction: number, seed: number): void;
    addPoint(point: number[], label: number): void;
    setEf(ef: number): void;
    searchKnn(query: number[], k: number): { readonly neighbors: number[]; readonly distances: number[] };
    writeIndexSync(path: string): void;
  };
}

function loadRival(): Rival | null {
  const require = createRequire(import.meta.url);
  try {
    return require('hnswlib-node') as Rival;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

async function buildRival(
  { HierarchicalNSW }: Rival,
  vectors: Float32Array,
  n: number,
  d: number,
  path: string,
): Promise<{ contender: Contender; build: AnnBench['builds'][number] }> {
  const graph = new HierarchicalNSW('ip', d);
  const measured = await measureBuild(() => {
    graph.initIndex(n, hnswDefaults.m, hnswDefaults.efConstruction, 1);
    for (let row = 0; row < n; row++) graph.addPoint([...vectors.subarray(row * d, (row + 1) * d)], row);
  });
  graph.writeIndexSync(path);
  const open = (efSearch: number): VectorSearch => {
    graph.setEf(efSearch);
    return {
      size: n,
      search(query, k) {
        const { neighbors, distances } = graph.searchKnn([...query], k);
        return { rows: Uint32Array.from(neighbors), scores: Float32Array.from(distances, (x) => 1 - x) };
      },
    };
  };
  const name = 'hnswlib-node';
  return {
    contender: { name, open },
    build: { name, threads: 1, ...measured, fileBytes: statSync(path).size },
  };
}
