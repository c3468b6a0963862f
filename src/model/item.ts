import type { Recipe } from './recipe.js';

/** JSON as it appears in item metadata and action context. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

export type Metadata = { readonly [field: string]: JsonValue };

/** An item's number inside one data directory: u32, given once, never reused. */
export type ItemKey = number;

/** A user's number inside one data directory: u32, given once, never reused. */
export type UserKey = number;

/** The paper's pin. */
export interface Item {
  /** 1 to 256 UTF-8 bytes, any characters. */
  readonly itemId: string;
  /** Float32, as many numbers as the space has dimensions. */
  readonly embedding?: Float32Array | readonly number[];
  readonly metadata?: Metadata;
}

/** A version of the embeddings. Heights, thresholds and profiles belong to one space. */
export interface SpaceInfo {
  readonly name: string;
  /** Dimensions d of every vector. */
  readonly dim: number;
  /** Whether vectors were L2-normalised on their way in (algorithm.md §1). */
  readonly normalized: boolean;
  /** Rises with every rebuild of the space. */
  readonly generation: number;
  /** Merge threshold on squared heights and where it came from (algorithm.md §2). */
  readonly alpha: AlphaChoice | null;
  /**
   * The vectors were made from actions, or from text, up to this instant (epoch ms): an evaluation of anything earlier must
   * not use them. Absent where no action was read and no text is dated.
   */
  readonly untilMs?: number;
  /** What calibration chose for this generation; absent where it was not calibrated. */
  readonly calibration?: Calibration;
}

/** What calibration chose, and from which stretch of time: it must not be judged by that again. */
export interface Calibration {
  readonly recipe: Recipe;
  /** Per day. */
  readonly lambda: number;
  /** Per day. */
  readonly popularityLambda: number;
  readonly windowDays: number | 'all';
  /** Whether several embeddings won; else the recipe is that of the best single one. */
  readonly family: 'several' | 'single';
  /** The best single embedding: what it was compared with, and its decay per day. */
  readonly single: { readonly recipe: Recipe; readonly lambda: number };
  /** Epoch ms: the validation period is fromMs ≤ t < untilMs. */
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface AlphaChoice {
  /** Squared distance, > 0. */
  readonly value: number;
  readonly origin: 'rule' | 'user' | 'calibrated';
}

/** The vectors of one space in memory, over shared arrays, so that worker threads read them without a copy. */
export interface EmbeddingTable {
  readonly dim: number;
  /** rows × dim, row-major. */
  readonly vectors: Float32Array;
  /** Item number of each row. */
  readonly itemOfRow: Uint32Array;
  /** Row of each item number, −1 where it has no vector. */
  readonly rowOfItem: Int32Array;
  /** Per row: 1 where candidates may come from it (the item's last row, item not deleted, not left out). */
  readonly live: Uint8Array;
}

/** What the last change of a table has touched, for what was derived from the one before. */
export interface TableStep {
  /** Names the rows: it is another where rows are not only added. */
  readonly rowsOf: string;
  /** Rises with every change. */
  readonly version: number;
  /** The version that it was made from; null where everything may be different. */
  readonly before: number | null;
  /** Items that may have other metadata, another vector, or come or go. */
  readonly items: Uint32Array;
  /** Their rows, those before and those of now. */
  readonly rows: Uint32Array;
}

/** The row of an item, or −1 where it has none. */
export function rowOf({ rowOfItem }: Pick<EmbeddingTable, 'rowOfItem'>, item: ItemKey): number {
  return item < rowOfItem.length ? rowOfItem[item] : -1;
}

/** The rows that candidates may come from, rising. */
export function liveRows({ live }: Pick<EmbeddingTable, 'live'>): Uint32Array {
  const rows = new Uint32Array(live.length);
  let count = 0;
  for (let row = 0; row < live.length; row++) if (live[row] === 1) rows[count++] = row;
  return rows.subarray(0, count);
}

export function hasVector(table: Pick<EmbeddingTable, 'rowOfItem'>, item: ItemKey): boolean {
  return rowOf(table, item) >= 0;
}

/** The vector of an item, or null where it has none. */
export function vectorOf(table: EmbeddingTable, item: ItemKey): Float32Array | null {
  const row = rowOf(table, item);
  return row < 0 ? null : table.vectors.subarray(row * table.dim, (row + 1) * table.dim);
}
