import type { Directory } from '../disk/directory.js';
import type { Catalog } from './catalog.js';
import { moveRefinement } from './refinement.js';
import { copyRows, readItems, removeGenerations, vectorFiles } from './vectors.js';

/** What a space's profiles are told: the vectors are the same, under another generation. */
export interface SpaceFollower {
  /** Call inside `Directory.write`. */
  moveTo(from: number, to: number): void;
}

/**
 * Rewrites the vectors of a space without rows that a later row replaced and, with `purge`, without those of deleted
 * items. The result is a new generation, because rows are numbered anew; profiles name items and stay valid. Killed
 * before its one commit, the old generation serves; after it, the next call removes the old files. Returns how many
 * rows went; where there are none, nothing is written.
 */
export function compactSpace(
  directory: Directory,
  catalog: Catalog,
  follower: SpaceFollower,
  name: string,
  { purge }: { readonly purge: boolean },
): number {
  const record = catalog.space(name);
  const { id, dim, rows, generation } = record;
  const from = vectorFiles(directory.path, id, generation);
  const keep = rowsToKeep(catalog, readItems(from, dim, rows), purge);
  const dead = rows - keep.reduce((sum, kept) => sum + kept, 0);
  if (dead > 0) {
    const next = generation + 1;
    const kept = copyRows(from, vectorFiles(directory.path, id, next), dim, keep);
    directory.write(() => {
      moveRefinement(directory, record, next, keep);
      catalog.replaceRecord({ ...record, generation: next, rows: kept });
      follower.moveTo(generation, next);
    });
  }
  removeGenerations(directory.path, id, catalog.space(name).generation);
  return dead;
}

/** 1 for the last row of each item; with `purge` only where the item is not deleted. */
function rowsToKeep(catalog: Catalog, itemOfRow: Uint32Array, purge: boolean): Uint8Array {
  const lastRow = new Map<number, number>();
  itemOfRow.forEach((item, row) => {
    lastRow.set(item, row);
  });
  const keep = new Uint8Array(itemOfRow.length);
  for (const [item, row] of lastRow) keep[row] = purge && catalog.isDeleted(item) ? 0 : 1;
  return keep;
}
