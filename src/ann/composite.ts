import { TopK } from '../math/topk.js';
import { blockRows } from '../math/vectors.js';
import { createExactSearch, type ExactSearchInput } from './exact.js';
import type { HnswGraph } from './hnsw.js';
import { createScorer, filterOf, neighborsOf } from './score.js';
import type { Neighbors, RowSet, VectorSearch } from './search.js';

export interface CompositeInput extends ExactSearchInput {
  readonly graph: HnswGraph;
  /** 1 for every row that is in the graph. Rows past its end are not. */
  readonly indexed: Uint8Array;
  /** How many rows are scanned in the time in which the graph finds one more. Default: 32. Range: ≥ 0. Speed only. */
  readonly scannedPerFound?: number;
}

/** Where fewer than this share of the graph's rows may come back, they are scanned. */
export const scannedShare = 0.05;
/** Neighbours asked for beyond those wanted, as a share of them: bfloat16 ranks a little differently. */
const margin = 0.1;

/**
 * What: an immutable graph, together with an exact scan of the live rows that are not in it (appended since), without
 * the rows of it that are live no more (deleted, replaced, refined out).
 * Convention: neighbours of the graph are scored and ranked again, so their scores are those of the exact
 * scan. More are asked for than wanted, in growing portions, until enough of them may come back; where they are too
 * rare, or scanning is cheaper than asking, the rows that may come back are scanned.
 * Preconditions and errors: a NaN in the query is refused (`vector-invalid`).
 * Time and memory: one search of the graph and O(delta · dim) for the scan; 4 bytes per row of the delta.
 * Departures from the paper: delta, mask and filters, of which it does not speak [ours].
 * Checked by: test/ann/composite.test.ts: the contract suite, and random deltas, masks and filters against the exact
 * scan.
 */
export function createCompositeSearch(input: CompositeInput): VectorSearch {
  const { live, indexed } = input;
  const exact = createExactSearch(input);
  const scorer = createScorer(input);
  const delta = blocksOf(rowsOutside(indexed, live));
  const top = new TopK();

  return {
    size: exact.size,
    search(query: Float32Array, k: number, admit?: RowSet): Neighbors {
      const usable = Math.min(admit?.count ?? exact.size, exact.size);
      const wanted = Math.min(k, usable);
      const mayReturn = filterOf(live, admit);
      const near = wanted > 0 ? nearEnough(input, query, wanted, usable, mayReturn) : null;
      if (!near) return exact.search(query, k, admit);
      const offer = scorer(query);
      top.reset(wanted);
      for (const row of near) offer(row, 1, top, mayReturn);
      for (const { from, count } of delta)
        offer(from, count, top, (row) => indexed[row] !== 1 && mayReturn(row));
      return neighborsOf(top);
    },
  };
}

/** A scan goes on over so many rows that it need not see, rather than start again. Speed only. */
const nearbyRows = 16;

/** Stretches of rows that lie close together, at most `blockRows` each: one scan is cheaper than many. */
function blocksOf(rows: Uint32Array): { from: number; count: number }[] {
  const blocks: { from: number; count: number }[] = [];
  for (const row of rows) {
    const last = blocks.at(-1);
    if (last && row - last.from < blockRows && row < last.from + last.count + nearbyRows)
      last.count = row - last.from + 1;
    else blocks.push({ from: row, count: 1 });
  }
  return blocks;
}

/** At least `wanted` near rows that may come back, or null where a scan of the `usable` rows is to be preferred. */
function nearEnough(
  { graph, scannedPerFound = 32 }: CompositeInput,
  query: Float32Array,
  wanted: number,
  usable: number,
  mayReturn: (row: number) => boolean,
): Uint32Array | null {
  const share = Math.min(1, usable / graph.size);
  if (share < scannedShare) return null;
  for (let ask = Math.ceil((wanted * (1 + margin)) / share); ; ask *= 2) {
    if (ask >= graph.size || ask * scannedPerFound >= usable) return null;
    const found = graph.near(query, ask).filter(mayReturn);
    if (found.length >= wanted) return found;
  }
}

/** Live rows that are not in the graph. */
export function rowsOutside(indexed: Uint8Array, live: Uint8Array): Uint32Array {
  const rows: number[] = [];
  for (let row = 0; row < live.length; row++) if (live[row] === 1 && indexed[row] !== 1) rows.push(row);
  return Uint32Array.from(rows);
}
