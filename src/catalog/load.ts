import { growVectors } from '../math/vectors.js';
import { rowOf, type TableStep } from '../model/item.js';
import type { LoadedSpace, SpaceRecord } from './space.js';
import {
  growItems,
  readItems,
  readItemsInto,
  readVectors,
  readVectorsInto,
  type VectorFiles,
} from './vectors.js';

/** Rows of a space as they are in its files. */
export type SpaceRows = Pick<LoadedSpace, 'itemOfRow' | 'vectors'>;

/** Which row counts for an item, and which rows are of items in the catalog. */
export type RowMarks = Pick<LoadedSpace, 'rowOfItem' | 'present'>;

/** Reads the rows that `before` lacks, or all of them. Who holds `before` keeps it: rows are only added. */
export function loadRows(
  before: SpaceRows | null,
  { dim, rows }: SpaceRecord,
  files: VectorFiles,
): SpaceRows {
  if (!before) return { itemOfRow: readItems(files, dim, rows), vectors: readVectors(files, dim, rows) };
  const known = before.itemOfRow.length;
  // Not `before` itself, which may say more than its rows.
  if (known === rows) return { itemOfRow: before.itemOfRow, vectors: before.vectors };
  const itemOfRow = growItems(before.itemOfRow, rows);
  const vectors = growVectors(before.vectors, dim, rows);
  readItemsInto(files, dim, itemOfRow, known);
  readVectorsInto(files, dim, vectors, known);
  return { itemOfRow, vectors };
}

/** Marks all rows. `items`: how many numbers are given; `eachPresent` calls back for every item in the catalog. */
export function markRows(
  itemOfRow: Uint32Array,
  items: number,
  eachPresent: (found: (item: number) => void) => void,
): RowMarks {
  const rowOfItem = new Int32Array(new SharedArrayBuffer(4 * items)).fill(-1);
  for (let row = 0; row < itemOfRow.length; row++) rowOfItem[itemOfRow[row]] = row;
  const present = new Uint8Array(new SharedArrayBuffer(itemOfRow.length));
  eachPresent((item) => {
    if (rowOfItem[item] >= 0) present[rowOfItem[item]] = 1;
  });
  return { rowOfItem, present };
}

/** What has changed from `before` to `after`, where `changed` are the items of whom something has, or null. */
export function stepTo(
  rowsOf: string,
  version: number,
  after: Pick<LoadedSpace, 'itemOfRow' | 'rowOfItem'>,
  before: Pick<LoadedSpace, 'itemOfRow' | 'rowOfItem' | 'step'> | null,
  changed: Uint32Array | null,
): TableStep {
  const none = new Uint32Array(0);
  if (!before || !changed) return { rowsOf, version, before: null, items: none, rows: none };
  const items = new Set(changed);
  for (let row = before.itemOfRow.length; row < after.itemOfRow.length; row++)
    items.add(after.itemOfRow[row]);
  const rows = new Set<number>();
  for (const item of items) for (const table of [before, after]) rows.add(rowOf(table, item));
  rows.delete(-1);
  return {
    rowsOf,
    version,
    before: before.step.version,
    items: Uint32Array.from(items),
    rows: Uint32Array.from(rows),
  };
}

/** The marks after some items have changed, as new arrays. Time O(items), without reading what did not change. */
export function markChanged(
  before: RowMarks,
  itemOfRow: Uint32Array,
  items: number,
  changed: Uint32Array,
  isPresent: (item: number) => boolean,
): RowMarks {
  const rowOfItem = new Int32Array(new SharedArrayBuffer(4 * items)).fill(-1);
  rowOfItem.set(before.rowOfItem);
  const present = new Uint8Array(new SharedArrayBuffer(itemOfRow.length));
  present.set(before.present);
  for (let row = before.present.length; row < itemOfRow.length; row++) {
    const item = itemOfRow[row];
    if (rowOfItem[item] >= 0) present[rowOfItem[item]] = 0; // replaced
    rowOfItem[item] = row;
  }
  for (const item of changed) if (rowOfItem[item] >= 0) present[rowOfItem[item]] = isPresent(item) ? 1 : 0;
  return { rowOfItem, present };
}
