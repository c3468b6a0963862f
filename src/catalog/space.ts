import type { AlphaChoice, ItemKey, SpaceInfo } from '../model/item.js';

/** What is stored of a space, beside its vectors. */
export interface SpaceRecord extends SpaceInfo {
  /** Names the folder; given once. */
  readonly id: number;
  /** Valid rows of the vector files. */
  readonly rows: number;
  /** How the vectors came about, in words. */
  readonly source: string;
}

export interface SpaceTable {
  readonly active: string | null;
  readonly nextId: number;
  readonly spaces: { readonly [name: string]: SpaceRecord };
}

export const noSpaces: SpaceTable = { active: null, nextId: 0, spaces: {} };

export function withSpace(table: SpaceTable, record: SpaceRecord): SpaceTable {
  return {
    active: table.active ?? record.name,
    nextId: Math.max(table.nextId, record.id + 1),
    spaces: { ...table.spaces, [record.name]: record },
  };
}

export function withAlpha(table: SpaceTable, name: string, alpha: AlphaChoice | null): SpaceTable {
  return withSpace(table, { ...table.spaces[name], alpha });
}

/** A space in memory: every array is over shared memory, so that workers read it without a copy. */
export interface LoadedSpace {
  readonly info: SpaceRecord;
  /** rows × dim, row-major. */
  readonly vectors: Float32Array;
  /** Item number of each row. */
  readonly itemOfRow: Uint32Array;
  /** Row of each item number, −1 where it has no vector. Length: item numbers given so far. */
  readonly rowOfItem: Int32Array;
  /** Per row: 1 where candidates may come from it (the item's last row, item not deleted). */
  readonly live: Uint8Array;
}

export function vectorOf(space: LoadedSpace, item: ItemKey): Float32Array | null {
  const row = item < space.rowOfItem.length ? space.rowOfItem[item] : -1;
  return row < 0 ? null : space.vectors.subarray(row * space.info.dim, (row + 1) * space.info.dim);
}
