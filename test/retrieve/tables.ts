import { createExactSearch } from '../../src/ann/exact.js';
import type { EmbeddingTable } from '../../src/model/item.js';
import type { Interest } from '../../src/model/profile.js';
import type { RetrieveInput } from '../../src/retrieve/retrieve.js';

export function tableOf(vectors: Float32Array, dim: number): EmbeddingTable {
  const rows = vectors.length / dim;
  return {
    dim,
    vectors,
    itemOfRow: Uint32Array.from({ length: rows }, (_, row) => row),
    rowOfItem: Int32Array.from({ length: rows }, (_, row) => row),
    live: new Uint8Array(rows).fill(1),
  };
}

export const interest = (id: string, medoid: number, importance: number, members = [medoid]): Interest => ({
  id,
  medoid,
  importance,
  size: members.length,
  lastActionAt: 0,
  members: Uint32Array.from(members),
  counts: new Uint32Array(members.length).fill(1),
});

export function inputOf(
  table: EmbeddingTable,
  interests: readonly Interest[],
  barred: Iterable<number> = [],
): RetrieveInput {
  return {
    interests,
    table,
    normalized: true,
    search: createExactSearch({ ...table, normalized: true }),
    cache: null,
    admit: null,
    barred: new Set(barred),
    popular: { items: Uint32Array.of(7, 3), scores: Float64Array.of(9, 5) },
  };
}

/** Unit vectors in the plane, by their angle in degrees. */
export const byAngle = (...degrees: number[]): Float32Array =>
  Float32Array.from(degrees.flatMap((a) => [Math.cos((a * Math.PI) / 180), Math.sin((a * Math.PI) / 180)]));
