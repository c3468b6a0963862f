import { Lru } from '../math/lru.js';
import type { EmbeddingTable } from '../model/item.js';
import type { Catalog } from './catalog.js';
import { type Column, readColumns } from './columns.js';
import type { FilterNode } from './filter.js';

/** Rows that a filter admits: of these only live ones. */
export interface AdmittedRows {
  /** 1 for each admitted row, else 0. */
  readonly bits: Uint8Array;
  readonly count: number;
  /** That of the filter. */
  readonly pool?: string;
}

const maxBitmapBytes = 67_108_864;
const maxColumns = 64;

/**
 * What: filters as sets of rows of a space. Columns are read when a filter first names their field and kept, as are
 * the rows of filters, until an item changes.
 * Time and memory: a first filter on a field decodes all metadata (some µs per item); after that O(rows) per test of a
 * filter, and nothing for one that was asked before. At most 64 columns and 64 MiB of rows are kept.
 * Checked by: test/catalog/filter.test.ts (against a plain evaluator over objects).
 */
export class RowFilter {
  private readonly catalog: Catalog;
  private readonly columns = new Lru<Column>(maxColumns);
  private readonly admitted = new Lru<AdmittedRows>(maxBitmapBytes);
  private version = -1;
  private table: EmbeddingTable | null = null;

  constructor(catalog: Catalog) {
    this.catalog = catalog;
  }

  /** The live rows of `table` whose items meet `filter`. */
  rows(filter: FilterNode, table: EmbeddingTable): AdmittedRows {
    this.keepUp(table);
    const kept = this.admitted.get(filter.text);
    if (kept) return kept;
    const bits = this.evaluate(filter, table, this.columnsOf(filter));
    let count = 0;
    for (let row = 0; row < bits.length; row++) {
      bits[row] &= table.live[row];
      count += bits[row];
    }
    const found = { bits, count, ...(filter.pool === undefined ? {} : { pool: filter.pool }) };
    this.admitted.set(filter.text, found, bits.length);
    return found;
  }

  private keepUp(table: EmbeddingTable): void {
    const version = this.catalog.version();
    if (version !== this.version) this.columns.clear();
    if (version !== this.version || this.table?.live !== table.live) this.admitted.clear();
    this.version = version;
    this.table = table;
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
