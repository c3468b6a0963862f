import { createCompositeSearch } from '../ann/composite.js';
import { createExactSearch, type ExactSearchInput } from '../ann/exact.js';
import { type HnswGraph, openHnsw, requireHnswLibrary } from '../ann/hnsw.js';
import type { VectorSearch } from '../ann/search.js';
import type { LoadedSpace } from '../catalog/space.js';
import type { Directory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import {
  allItems,
  buildCommand,
  currentIndex,
  type IndexRecord,
  indexesOf,
  indexPath,
  keyOfIndex,
  verifiedRows,
} from './indexfiles.js';
import { readPools } from './pools.js';

/** The rows that a search is over, where they are not all live ones. */
export interface SearchRows {
  /** Name of the pool, or `allItems`. */
  readonly pool: string;
  /** 1 for every row that may be found. The same array as long as it holds the same. */
  readonly live: Uint8Array;
}

export function allRows(space: LoadedSpace): SearchRows {
  return { pool: allItems, live: space.live };
}

/** A search, and what answers it. */
export interface OpenSearch {
  readonly search: VectorSearch;
  readonly record: IndexRecord | null;
  /** 1 for every row that is in the index; null where none serves. */
  readonly indexed: Uint8Array | null;
  /** Why the exact scan serves although there is an index, or could be one; null where an index serves. */
  readonly whyExact: string | null;
}

interface OpenIndex {
  readonly graph: HnswGraph;
  readonly indexed: Uint8Array;
}

/** What became of opening an index. */
interface IndexState {
  readonly record: IndexRecord;
  readonly opened: OpenIndex | null;
  readonly failure: string | null;
}

/** Searches made, and how long they took in all, ms; in memory that other threads may see. */
export class SearchTally {
  readonly cells: Float64Array;

  constructor(cells: Float64Array = new Float64Array(2)) {
    this.cells = cells;
  }

  get count(): number {
    return this.cells[0];
  }

  get ms(): number {
    return this.cells[1];
  }

  add(ms: number): void {
    this.cells[0]++;
    this.cells[1] += ms;
  }
}

/** The live rows of a pool, the same array as long as it holds the same. */
export type PoolRows = (pool: string, space: LoadedSpace) => Uint8Array;

interface Kept extends OpenSearch {
  readonly vectors: Float32Array;
  readonly live: Uint8Array;
}

/**
 * The searches of a data directory: over the current index of a space and pool, or the exact scan where there is none
 * that can be used. An index that is damaged, missing or foreign is reported once through `onNote` and never ends the
 * process. A newer index, new rows and a new mask are taken up at the next call; whoever holds an older search may go on
 * with it.
 */
export class Searches {
  private readonly directory: Directory;
  private readonly onNote: (note: string) => void;
  /** Of the searches made through `of`, nothing else being timed. */
  readonly tally: SearchTally;
  private readonly kept = new Map<string, Kept>();
  private readonly indexes = new Map<string, IndexState>();
  private rowsOfPool: PoolRows | null = null;
  private routed: {
    readonly over: VectorSearch;
    readonly indexes: string;
    readonly search: VectorSearch;
  } | null = null;

  constructor(directory: Directory, onNote: (note: string) => void, tally = new SearchTally()) {
    this.directory = directory;
    this.onNote = onNote;
    this.tally = tally;
  }

  /** From here on, indexes of pools serve too: `rowsOf` says which rows a pool has now. */
  usePools(rowsOf: PoolRows): void {
    this.rowsOfPool = rowsOf;
  }

  /**
   * A search over all live rows; what is admitted of a pool that has an index of its own is found there. The same object as
   * long as it would answer the same.
   */
  of(space: LoadedSpace): VectorSearch {
    const over = this.open(space).search;
    const { id, generation } = space.info;
    const indexes = indexesOf(this.directory, id, generation);
    if (this.routed?.over === over && this.routed.indexes === indexes) return this.routed.search;
    const search: VectorSearch = {
      size: over.size,
      search: (query, k, admit) => {
        const through = this.ofPool(space, admit?.pool) ?? over;
        const started = performance.now();
        const found = through.search(query, k, admit);
        this.tally.add(performance.now() - started);
        return found;
      },
    };
    this.routed = { over, indexes, search };
    return search;
  }

  /** The index of a pool, or null where there is none that can be used. */
  private ofPool(space: LoadedSpace, pool: string | undefined): VectorSearch | null {
    const { id, generation } = space.info;
    if (pool === undefined || !this.rowsOfPool || !currentIndex(this.directory, id, generation, pool))
      return null;
    // A pool that was removed since the request was prepared has its index no longer.
    if (!Object.hasOwn(readPools(this.directory), pool)) return null;
    const opened = this.open(space, { pool, live: this.rowsOfPool(pool, space) });
    return opened.indexed ? opened.search : null;
  }

  open(space: LoadedSpace, rows: SearchRows = allRows(space)): OpenSearch {
    const { info, vectors, dim } = space;
    const key = keyOfIndex(info.id, info.generation, rows.pool);
    const record = currentIndex(this.directory, info.id, info.generation, rows.pool);
    const before = this.kept.get(key);
    if (
      before?.vectors === vectors &&
      before.live === rows.live &&
      (before.record?.number ?? -1) === (record?.number ?? -1)
    )
      return before;
    const input = { vectors, dim, live: rows.live, normalized: info.normalized };
    const opened = { ...this.create(key, input, record), vectors, live: rows.live };
    this.forgetOtherGenerations(info.id, info.generation);
    this.kept.set(key, opened);
    return opened;
  }

  /** What was kept of an older build of a space holds its whole matrix. */
  private forgetOtherGenerations(spaceId: number, generation: number): void {
    for (const map of [this.kept, this.indexes])
      for (const key of map.keys())
        if (key.startsWith(`${spaceId}/`) && !key.startsWith(keyOfIndex(spaceId, generation, '')))
          map.delete(key);
  }

  private create(key: string, input: ExactSearchInput, current: IndexRecord | null): OpenSearch {
    if (!current)
      return {
        search: createExactSearch(input),
        record: null,
        indexed: null,
        whyExact: 'no index has been built; run "pinnersage index"',
      };
    const { record, opened, failure } = this.indexState(key, current);
    const search = opened ? createCompositeSearch({ ...input, ...opened }) : createExactSearch(input);
    return { search, record, indexed: opened?.indexed ?? null, whyExact: failure };
  }

  /** Verified and mapped once per index, whatever becomes of the rows around it. */
  private indexState(key: string, record: IndexRecord): IndexState {
    const before = this.indexes.get(key);
    if (before?.record.number === record.number) return before;
    const state = this.tryOpen(record);
    if (state.failure) this.onNote(`${state.failure}; the exact scan serves meanwhile`);
    this.indexes.set(key, state);
    return state;
  }

  private tryOpen(record: IndexRecord): IndexState {
    try {
      return { record, opened: openIndex(this.directory, record), failure: null };
    } catch (error) {
      if (!(error instanceof PinnersageError)) throw error;
      // Between reading the pointer and opening the files, a writer may have put another index in its place.
      this.directory.refresh();
      const { spaceId, spaceGeneration, pool } = record;
      const newer = currentIndex(this.directory, spaceId, spaceGeneration, pool);
      if (newer && newer.number > record.number) return this.tryOpen(newer);
      return { record, opened: null, failure: error.message };
    }
  }
}

/** @throws `index-unavailable`, `data-damaged`. */
export function openIndex(directory: Directory, record: Omit<IndexRecord, 'recall'>): OpenIndex {
  const library = requireHnswLibrary();
  const { number, space } = record;
  if (record.library !== library.name)
    throw new PinnersageError(
      'index-unavailable',
      `index ${number} of space "${space}" was built by ${record.library}, this is ${library.name}; ` +
        `run "${buildCommand(record)}" to build it again`,
    );
  const indexed = verifiedRows(directory, record);
  const graph = openHnsw(library, indexPath(directory, number, 'graph'), record);
  return { graph, indexed };
}
