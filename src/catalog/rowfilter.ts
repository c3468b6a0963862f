import { Lru } from '../math/lru.js';
import { type EmbeddingTable, type ItemKey, type Metadata, rowOf } from '../model/item.js';
import type { Catalog } from './catalog.js';
import { type Column, readColumns } from './columns.js';
import { type FilterNode, meets } from './filter.js';
import { type AdmittedRows, KeptRows, type SteppedTable, sharedBits } from './keptrows.js';

const maxColumns = 64;
/** From this many changed items on, columns are read anew. */
const mostChanged = 10_000;

/**
 * What: filters as sets of rows of a space. Columns are read when a filter first names their field; they and the rows of
 * filters are kept and follow the space, item by item.
 * Time and memory: a first filter on a field decodes all metadata (some µs per item); after that O(rows) per test of a
 * filter, and nothing for one that was asked before. At most 64 columns and 64 MiB of rows are kept.
 * Checked by: test/catalog/filter.test.ts (against a plain evaluator over objects).
 */
export class RowFilter {
  private readonly catalog: Catalog;
  private readonly columns = new Lru<Column>(maxColumns);
  /** Items that may be others than in the columns. */
  private readonly changed = new Set<ItemKey>();
  private readonly kept: KeptRows;
  private version = -1;

  constructor(catalog: Catalog) {
    this.catalog = catalog;
    this.kept = new KeptRows((item) => this.metadataOf(item));
  }

  private metadataOf(item: ItemKey): Metadata | null {
    return this.catalog.itemByKey(item)?.metadata ?? null;
  }

  /** The live rows of `table` whose items meet `filter`. */
  rows(filter: FilterNode, table: SteppedTable): AdmittedRows {
    this.keepUp(table);
    const kept = this.kept.get(filter);
    if (kept) return kept;
    const bits = sharedBits(table.itemOfRow.length);
    bits.set(this.evaluate(filter, table, this.columnsOf(filter)));
    for (const item of this.changed) {
      const row = rowOf(table, item);
      if (row >= 0) bits[row] = meets(filter, this.metadataOf(item) ?? {}) ? 1 : 0;
    }
    let count = 0;
    for (let row = 0; row < bits.length; row++) {
      bits[row] &= table.live[row];
      count += bits[row];
    }
    const found = { bits, count, ...(filter.pool === undefined ? {} : { pool: filter.pool }) };
    this.kept.set(filter, found);
    return found;
  }

  /** Follows the changes of a space: call it for each of them, lest what is kept be made anew. */
  keepUp(table: SteppedTable): void {
    const { version, items } = table.step;
    const follows = this.kept.keepUp(table);
    if (follows && version === this.version) return;
    this.version = version;
    if (!follows || this.changed.size + items.length > mostChanged) this.forgetColumns();
    else for (const item of items) this.changed.add(item);
  }

  private forgetColumns(): void {
    this.columns.clear();
    this.changed.clear();
  }

  private columnsOf(filter: FilterNode): Map<string, Column> {
    const found = new Map<string, Column>();
    const missing: string[] = [];
    for (const field of fieldsOf(filter)) {
      const kept = this.columns.get(field);
      if (kept) found.set(field, kept);
      else missing.push(field);
    }
    if (missing.length === 0) return found;
    const columns = readColumns(this.catalog.items(), this.catalog.ids.count(), missing);
    missing.forEach((field, i) => {
      found.set(field, columns[i]);
      this.columns.set(field, columns[i], 1);
    });
    return found;
  }

  private evaluate(
    node: FilterNode,
    table: EmbeddingTable,
    columns: ReadonlyMap<string, Column>,
  ): Uint8Array {
    switch (node.kind) {
      case 'value':
        return rowsWithValue(columns.get(node.field) as Column, node.test, table.itemOfRow);
      case 'exists':
        return rowsPresent(columns.get(node.field) as Column, table.itemOfRow);
      case 'not': {
        const bits = this.evaluate(node.part, table, columns);
        for (let row = 0; row < bits.length; row++) bits[row] ^= 1;
        return bits;
      }
      case 'and':
      case 'or': {
        const all = node.kind === 'and' ? 1 : 0;
        const bits = new Uint8Array(table.itemOfRow.length).fill(all);
        for (const part of node.parts) {
          const more = this.evaluate(part, table, columns);
          for (let row = 0; row < bits.length; row++)
            bits[row] = all ? bits[row] & more[row] : bits[row] | more[row];
        }
        return bits;
      }
    }
  }
}

function fieldsOf(node: FilterNode): Set<string> {
  switch (node.kind) {
    case 'value':
    case 'exists':
      return new Set([node.field]);
    case 'not':
      return fieldsOf(node.part);
    default:
      return new Set(node.parts.flatMap((part) => [...fieldsOf(part)]));
  }
}

function rowsWithValue(
  { values, codes, starts, present }: Column,
  test: (value: string | number | boolean) => boolean,
  itemOfRow: Uint32Array,
): Uint8Array {
  const hits = Uint8Array.from(values, (value) => Number(test(value)));
  const bits = new Uint8Array(itemOfRow.length);
  for (let row = 0; row < bits.length; row++) {
    const key = itemOfRow[row];
    if (key >= present.length) continue;
    for (let at = starts[key]; at < starts[key + 1]; at++) bits[row] |= hits[codes[at]];
  }
  return bits;
}

function rowsPresent({ present }: Column, itemOfRow: Uint32Array): Uint8Array {
  return Uint8Array.from(itemOfRow, (key) => present[key] ?? 0);
}
