import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { endianness } from 'node:os';
import { dirname, join } from 'node:path';
import { PinnersageError } from '../errors.js';

/** How the graph is built and searched. */
export interface HnswParameters {
  /** Links per node and level. Range: integer 2 … 256. More: better recall, larger file, slower to build. */
  readonly m: number;
  /** Candidates looked at where a node is inserted. Range: integer ≥ 1. More: better recall, slower to build. */
  readonly efConstruction: number;
  /** Candidates looked at by a search, at least as many as it asks for. Range: integer ≥ 1. Recall against time. */
  readonly efSearch: number;
}

export const hnswDefaults: HnswParameters = { m: 16, efConstruction: 128, efSearch: 128 };

export interface HnswGraph {
  /** Rows in the graph. */
  readonly size: number;
  /** At most `wanted` rows near the query, by rising distance in bfloat16; `wanted`: integer ≥ 1. */
  near(query: Float32Array, wanted: number): Uint32Array;
}

/** What a graph is of. */
export interface HnswShape {
  readonly dim: number;
  /** Whether all rows have norm 1: then inner products are compared, else squared distances. */
  readonly normalized: boolean;
  readonly parameters: HnswParameters;
  /**
   * Subtracted from rows and queries where squared distances are compared, which it leaves as they are: of a row beside a
   * large mean, bfloat16 would keep the mean alone. Default: nothing.
   */
  readonly centre?: readonly number[];
}

export interface HnswInput extends HnswShape {
  /** rows × dim, row-major. */
  readonly vectors: Float32Array;
  /** The rows to index. */
  readonly rows: Uint32Array;
  /** Threads that insert at the same time. With 1 the same input gives the same file. */
  readonly threads: number;
}

/** The mean of some rows of a matrix, in float32. */
export function centreOf(vectors: Float32Array, dim: number, rows: Uint32Array): number[] {
  const sum = new Float64Array(dim);
  for (const row of rows) for (let i = 0; i < dim; i++) sum[i] += vectors[row * dim + i];
  return Array.from(sum, (x) => Math.fround(x / rows.length));
}

/** As much of the library as is used here. */
interface NativeIndex {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  search(query: Float32Array, k: number, threads: number): { readonly keys: BigUint64Array };
  size(): number;
  dimensions(): number;
  save(path: string): void;
  view(path: string): void;
}

export interface HnswLibrary {
  /** Name and version, as stored with an index. */
  readonly name: string;
  readonly Index: new (options: {
    readonly dimensions: number;
    readonly metric: 'ip' | 'l2sq';
    readonly quantization: 'bf16';
    readonly connectivity: number;
    readonly expansion_add: number;
    readonly expansion_search: number;
    readonly multi: boolean;
  }) => NativeIndex;
}

/** The library, or why it cannot be used here. */
export type HnswLibraryState = HnswLibrary | { readonly unavailable: string };

/** The version of usearch that this package is tested with. */
export const hnswVersion = '2.25.3';

let state: HnswLibraryState | undefined;

/** Loads the optional package once per thread; a package that is missing or does not load here is a state, no error. */
export function hnswLibrary(): HnswLibraryState {
  state ??= loadLibrary();
  return state;
}

function loadLibrary(): HnswLibraryState {
  const require = createRequire(import.meta.url);
  try {
    const { Index } = require('usearch') as Pick<HnswLibrary, 'Index'>;
    return { name: `usearch ${versionOf(require.resolve('usearch'))}`, Index };
  } catch (error) {
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { unavailable: `the optional package usearch does not load here (${line})` };
  }
}

/** The package does not export its package.json. */
function versionOf(entry: string): string {
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const { name, version } = readManifest(join(folder, 'package.json'));
    if (name === 'usearch' && version) return version;
  }
  throw new Error('its version is unknown');
}

function readManifest(path: string): { readonly name?: string; readonly version?: string } {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}

/** @throws `index-unavailable`. */
export function requireHnswLibrary(): HnswLibrary {
  const library = hnswLibrary();
  if ('Index' in library) return library;
  throw new PinnersageError(
    'index-unavailable',
    `${library.unavailable}; install it with "npm install usearch@${hnswVersion}". Until then every search is an exact scan`,
  );
}

function createIndex({ Index }: HnswLibrary, { dim, normalized, parameters }: HnswShape): NativeIndex {
  const { m, efConstruction, efSearch } = parameters;
  return new Index({
    dimensions: dim,
    metric: normalized ? 'ip' : 'l2sq',
    quantization: 'bf16',
    connectivity: m,
    expansion_add: efConstruction,
    expansion_search: efSearch,
    multi: false,
  });
}

/** Rows inserted by one call of the library; part of what makes builds repeatable. */
const rowsPerStep = 1024;

/**
 * What: builds the graph of some rows and writes it to `path`; yields how many rows are in after each step.
 * Source: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using HNSW graphs", TPAMI 2020,
 * doi:10.1109/TPAMI.2018.2889473, as implemented by usearch; the paper names HNSW (docs/algorithm.md, Retrieval).
 * Convention: a node's key is its row; vectors are kept as bfloat16, so neighbours are ranked again.
 * Preconditions and errors: `vector-invalid` names a row with NaN or an infinite number: the library would take it and
 * then rank it first. `path` must not be a file that is being viewed.
 * Time and memory: O(rows · log rows · efConstruction · dim); 2 · dim + about 9 · m bytes per row.
 * Checked by: test/ann/hnsw.test.ts, test/ann/composite.test.ts.
 */
export function* buildHnsw(library: HnswLibrary, input: HnswInput, path: string): Generator<number> {
  const { vectors, dim, rows, threads, centre } = input;
  const index = createIndex(library, input);
  for (let from = 0; from < rows.length; from += rowsPerStep) {
    const part = rows.subarray(from, from + rowsPerStep);
    const block = new Float32Array(part.length * dim);
    part.forEach((row, i) => {
      const vector = vectors.subarray(row * dim, (row + 1) * dim);
      requireFinite(vector, row);
      block.set(centre ? less(vector, centre) : vector, i * dim);
    });
    index.add(BigUint64Array.from(part, BigInt), block, threads);
    yield from + part.length;
  }
  index.save(path);
}

function less(vector: Float32Array, centre: readonly number[]): Float32Array {
  return vector.map((x, i) => x - centre[i]);
}

function requireFinite(vector: Float32Array, row: number): void {
  const at = vector.findIndex((x) => !Number.isFinite(x));
  if (at >= 0)
    throw new PinnersageError(
      'vector-invalid',
      `row ${row}: got ${vector[at]} in dimension ${at}, expected finite numbers`,
    );
}

/**
 * Maps a graph into memory. The library trusts the bytes and ends the process where they are damaged: whoever calls this
 * has verified the file. Replacing or truncating a mapped file ends the process too; removing it does not.
 */
export function openHnsw(library: HnswLibrary, path: string, shape: HnswShape): HnswGraph {
  const { dim, centre } = shape;
  const index = createIndex(library, shape);
  try {
    index.view(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PinnersageError('data-damaged', `${path}: ${library.name} does not open it: ${reason}`);
  }
  if (index.dimensions() !== dim)
    throw new PinnersageError(
      'data-damaged',
      `${path}: got ${index.dimensions()} dimensions, expected ${dim}`,
    );
  const size = index.size();
  return {
    size,
    near: (query, wanted) =>
      rowsOf(index.search(centre ? less(query, centre) : query, Math.min(wanted, size), 1).keys),
  };
}

/** Keys are rows, so that the low word of each says it: numbers of 64 bits would be made one by one. */
function rowsOf(keys: BigUint64Array): Uint32Array {
  const words = new Uint32Array(keys.buffer, keys.byteOffset, 2 * keys.length);
  const rows = new Uint32Array(keys.length);
  for (let i = 0; i < rows.length; i++) rows[i] = words[2 * i + lowWord];
  return rows;
}

const lowWord = endianness() === 'LE' ? 0 : 1;
