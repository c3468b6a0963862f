import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type BuildControl, buildInThread } from '../ann/build.js';
import { createCompositeSearch, rowsOutside } from '../ann/composite.js';
import { createExactSearch } from '../ann/exact.js';
import {
  centreOf,
  type HnswInput,
  type HnswParameters,
  hnswDefaults,
  hnswLibrary,
  requireHnswLibrary,
} from '../ann/hnsw.js';
import { measureRecall, type Recall } from '../ann/recall.js';
import type { VectorSearch } from '../ann/search.js';
import type { LoadedSpace, SpaceRecord } from '../catalog/space.js';
import type { Directory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import { deriveSeed } from '../math/hash.js';
import { createRng } from '../math/rng.js';
import { liveRows } from '../model/item.js';
import {
  allItems,
  beginIndex,
  commitIndex,
  currentIndex,
  finishFiles,
  type IndexRecord,
  indexFileNames,
} from './indexfiles.js';
import { type OpenSearch, openIndex, type SearchRows } from './searches.js';

export interface IndexOptions extends Partial<HnswParameters>, BuildControl {
  /** Threads that insert at the same time. Default: one per core. With 1 the same rows give the same file. */
  readonly workers?: number;
  readonly onNote?: (note: string) => void;
}

export interface IndexReport {
  readonly space: string;
  readonly spaceGeneration: number;
  /** The pool whose items are in it; null for all. */
  readonly pool: string | null;
  /** Items in the index. */
  readonly indexed: number;
  readonly parameters: HnswParameters;
  readonly recall: Recall;
  readonly buildSeconds: number;
  readonly bytes: number;
  readonly library: string;
}

export interface IndexStatus {
  readonly space: string;
  readonly spaceGeneration: number;
  readonly pool: string | null;
  /** Items that a search may return. */
  readonly items: number;
  readonly serving: 'index' | 'exact scan';
  /** Why the exact scan serves; null where the index does. */
  readonly whyExact: string | null;
  /** Name and version of the library, or null where it cannot be loaded. */
  readonly library: string | null;
  readonly index: BuiltIndex | null;
}

export interface BuiltIndex extends IndexReport {
  /** ISO 8601. */
  readonly builtAt: string;
  /** Items that are scanned beside the index, because they came or changed after it was built. */
  readonly delta: number;
  /** Rows of the index that may not come back: deleted, replaced or left out since. */
  readonly masked: number;
  /** Whether delta or mask passed 5 % of the index, so that it should be built again. */
  readonly stale: boolean;
}

/** Beyond this share of the index, delta or mask make it stale. */
export const staleShare = 0.05;
const recallNeighbors = 100;
const recallQueries = 100;

/**
 * Builds the index of a space, measures its recall, and makes it the current one in a single step; the one before serves
 * until then, and so it does where the build is interrupted or fails.
 * @throws `index-unavailable`, `space-missing` where there is nothing to index, `option-invalid`, `interrupted`.
 */
export function buildIndex(
  directory: Directory,
  space: LoadedSpace,
  rows: SearchRows,
  options: IndexOptions,
  nowMs: number,
): Promise<IndexReport> {
  return afterOthers(directory, async () => {
    const library = requireHnswLibrary();
    const input = inputOf(space, rows.live, options);
    options.onNote?.(
      `${input.rows.length} items of space "${space.info.name}" on ${input.threads} ${input.threads > 1 ? 'threads' : 'thread'}`,
    );
    const started = performance.now();
    const building = beginIndex(directory);
    await buildInThread(input, join(building.folder, indexFileNames.graph), options);
    const indexed = new Uint8Array(rows.live.length);
    for (const row of input.rows) indexed[row] = 1;
    const { info } = space;
    const files = finishFiles(directory, building, indexed);
    const unmeasured = {
      number: building.number,
      space: info.name,
      spaceId: info.id,
      spaceGeneration: info.generation,
      pool: rows.pool,
      dim: info.dim,
      normalized: info.normalized,
      ...(input.centre && { centre: input.centre }),
      rows: indexed.length,
      indexed: input.rows.length,
      parameters: input.parameters,
      library: library.name,
      builtAt: new Date(nowMs).toISOString(),
      buildSeconds: Math.round(performance.now() - started) / 1000,
      files,
    };
    const opened = openIndex(directory, unmeasured);
    const matrix = { vectors: space.vectors, dim: info.dim, live: rows.live, normalized: info.normalized };
    const recall = sampleRecall(space, rows.live, createCompositeSearch({ ...matrix, ...opened }));
    const record: IndexRecord = { ...unmeasured, recall };
    commitIndex(directory, record);
    return reportOf(record);
  });
}

/** The last build of a directory, whether it is done or not. */
const builds = new WeakMap<Directory, Promise<unknown>>();

/** One build of a directory after the other, since they share a folder. */
function afterOthers<T>(directory: Directory, build: () => Promise<T>): Promise<T> {
  const next = (builds.get(directory) ?? Promise.resolve()).then(build);
  builds.set(
    directory,
    next.catch(() => {}), // who asked for it hears of it
  );
  return next;
}

function inputOf(space: LoadedSpace, live: Uint8Array, options: IndexOptions): HnswInput {
  const { m, efConstruction, efSearch, workers = availableParallelism() } = options;
  const parameters = {
    m: inRange('m', m ?? hnswDefaults.m, 2, 256),
    efConstruction: inRange('efConstruction', efConstruction ?? hnswDefaults.efConstruction, 1, 65_536),
    efSearch: inRange('efSearch', efSearch ?? hnswDefaults.efSearch, 1, 65_536),
  };
  const rows = liveRows({ live });
  if (rows.length === 0)
    throw new PinnersageError('space-missing', `space "${space.info.name}" holds no items to index`);
  const { vectors, dim, info } = space;
  const threads = inRange('workers', workers, 1, 1024);
  const centre = info.normalized ? {} : { centre: centreOf(vectors, dim, rows) };
  return { vectors, dim, normalized: info.normalized, rows, parameters, threads, ...centre };
}

function inRange(name: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new PinnersageError(
    'option-invalid',
    `${name}: got ${value}, expected an integer from ${min} to ${max}`,
  );
}

/** Recall over items drawn by a seed that belongs to the space: medoids are items, so items are what is asked for. */
export function sampleRecall(space: LoadedSpace, live: Uint8Array, search: VectorSearch): Recall {
  const { vectors, dim, info } = space;
  const rows = liveRows({ live });
  const rng = createRng(deriveSeed('recall', info.name, info.generation));
  const queries = Array.from({ length: Math.min(recallQueries, rows.length) }, () => {
    const row = rows[rng.below(rows.length)];
    return vectors.subarray(row * dim, (row + 1) * dim);
  });
  const exact = createExactSearch({ vectors, dim, live, normalized: info.normalized });
  return measureRecall(search, exact, queries, recallNeighbors);
}

/**
 * The recall of the current index as it serves now, with delta and mask; its files are verified first.
 * @throws `index-missing`, `data-damaged`, `index-unavailable`.
 */
export function checkIndex(directory: Directory, space: LoadedSpace, rows: SearchRows): Recall {
  const { info, vectors, dim } = space;
  const record = currentIndex(directory, info.id, info.generation, rows.pool);
  if (!record)
    throw new PinnersageError(
      'index-missing',
      `space "${info.name}", generation ${info.generation}: no index has been built; run "pinnersage index"`,
    );
  const input = { vectors, dim, live: rows.live, normalized: info.normalized };
  const search = createCompositeSearch({ ...input, ...openIndex(directory, record) });
  return sampleRecall(space, rows.live, search);
}

function reportOf(record: IndexRecord): IndexReport {
  const { space, spaceGeneration, indexed, parameters, recall, buildSeconds, library, files } = record;
  const bytes = files.graph.bytes + files.rows.bytes;
  const pool = poolOf(record);
  return { space, spaceGeneration, pool, indexed, parameters, recall, buildSeconds, bytes, library };
}

function poolOf({ pool }: { readonly pool: string }): string | null {
  return pool === allItems ? null : pool;
}

/** What serves a space, and how far its index is behind. */
export function indexStatus(space: LoadedSpace, rows: SearchRows, opened: OpenSearch): IndexStatus {
  const { record, indexed, whyExact, search } = opened;
  const library = hnswLibrary();
  return {
    space: space.info.name,
    spaceGeneration: space.info.generation,
    pool: poolOf(rows),
    items: search.size,
    serving: whyExact === null ? 'index' : 'exact scan',
    whyExact,
    library: 'Index' in library ? library.name : null,
    index: record && indexed && builtIndex(record, indexed, rows.live),
  };
}

function builtIndex(record: IndexRecord, indexed: Uint8Array, live: Uint8Array): BuiltIndex {
  const delta = rowsOutside(indexed, live).length;
  const masked = rowsOutside(live, indexed).length;
  const stale = isStale(record, Math.max(delta, masked));
  return { ...reportOf(record), builtAt: record.builtAt, delta, masked, stale };
}

export function isStale({ indexed }: IndexRecord, changed: number): boolean {
  return changed > staleShare * indexed;
}

/** What the record of an index says without loading the space. */
export interface IndexSummary {
  /** ISO 8601. */
  readonly builtAt: string;
  readonly indexed: number;
  /** Rows of the space that were appended after it was built. */
  readonly appended: number;
  readonly stale: boolean;
  readonly recall: Recall;
}

export function indexSummary(
  directory: Directory,
  { id, generation, rows }: SpaceRecord,
): IndexSummary | null {
  const record = currentIndex(directory, id, generation, allItems);
  if (!record) return null;
  const { builtAt, indexed, recall } = record;
  const appended = rows - record.rows;
  return { builtAt, indexed, appended, stale: isStale(record, appended), recall };
}
