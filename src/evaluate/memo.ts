import type { Neighbors, RowSet, VectorSearch } from '../ann/search.js';

/** Least and next numbers of neighbours that are asked for. */
const least = 512;
const growth = 4;
/** Neighbours kept, 8 bytes each. */
const maxNeighbors = 8_000_000;

/**
 * The same answers as `search`, remembered where the query is a row of `vectors`: many contenders ask for the neighbours
 * of the same items, and a longer answer begins with a shorter one. Of an index, whose answers for different k may
 * differ, the longer one is served.
 */
export function remembering(search: VectorSearch, vectors: Float32Array): VectorSearch {
  const known = new Map<number, Neighbors>();
  let kept = 0;
  return {
    size: search.size,
    search(query: Float32Array, k: number, admit?: RowSet): Neighbors {
      if (query.buffer !== vectors.buffer || admit) return search.search(query, k, admit);
      const before = known.get(query.byteOffset);
      if (before && (before.rows.length >= k || before.rows.length >= search.size)) return first(before, k);
      let asked = Math.min(least, search.size);
      while (asked < k) asked = Math.min(search.size, growth * asked);
      const found = search.search(query, asked);
      if (kept > maxNeighbors) {
        known.clear();
        kept = 0;
      }
      known.set(query.byteOffset, found);
      kept += found.rows.length;
      return first(found, k);
    },
  };
}

function first({ rows, scores }: Neighbors, k: number): Neighbors {
  return rows.length <= k ? { rows, scores } : { rows: rows.subarray(0, k), scores: scores.subarray(0, k) };
}
