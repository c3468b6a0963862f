import type { AlphaChoice, EmbeddingTable, JsonValue, SpaceInfo, TableStep } from '../model/item.js';

/** What is stored of a space, beside its vectors. */
export interface SpaceRecord extends SpaceInfo {
  /** Names the folder; given once. */
  readonly id: number;
  /** Valid rows of the vector files. */
  readonly rows: number;
  /** How the vectors came about, in words. */
  readonly source: string;
  /** The options they were made with, as data; absent where they were imported. */
  readonly made?: { readonly [option: string]: JsonValue };
}

/** A whole generation of a space on its way in. */
export interface SpaceContent
  extends Pick<SpaceRecord, 'dim' | 'normalized' | 'source' | 'untilMs' | 'made'> {
  /** Item number per vector. */
  readonly items: Uint32Array;
  /** items.length × dim, row-major. */
  readonly vectors: Float32Array;
}

export interface SpaceTable {
  readonly active: string | null;
  readonly nextId: number;
  readonly spaces: { readonly [name: string]: SpaceRecord };
}

/** The space of a name, which may be any: `constructor` too. */
export function spaceNamed({ spaces }: SpaceTable, name: string): SpaceRecord | null {
  return Object.hasOwn(spaces, name) ? spaces[name] : null;
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

/** A space in memory. */
export interface LoadedSpace extends EmbeddingTable {
  readonly info: SpaceRecord;
  /** Per row: `live` before what the refinement leaves out (the item's last row, item not deleted). */
  readonly present: Uint8Array;
  readonly step: TableStep;
}
