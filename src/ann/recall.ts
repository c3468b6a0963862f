import type { VectorSearch } from './search.js';

export interface Recall {
  /** Neighbours asked for. */
  readonly k: number;
  readonly queries: number;
  /** Share of the exact neighbours that were found, over all queries. */
  readonly value: number;
}

/** How many of the exact k nearest a search finds, over some queries. */
export function measureRecall(
  search: VectorSearch,
  exact: VectorSearch,
  queries: readonly Float32Array[],
  k: number,
): Recall {
  let wanted = 0;
  let hits = 0;
  for (const query of queries) {
    const expected = new Set(exact.search(query, k).rows);
    wanted += expected.size;
    for (const row of search.search(query, k).rows) if (expected.has(row)) hits++;
  }
  return { k, queries: queries.length, value: wanted === 0 ? 1 : hits / wanted };
}
