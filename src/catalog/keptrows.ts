import { Lru } from '../math/lru.js';
import type { EmbeddingTable, ItemKey, Metadata, TableStep } from '../model/item.js';
import { type FilterNode, meets } from './filter.js';

/** Rows that a filter admits: of these only live ones. */
export interface AdmittedRows {
  /** 1 for each admitted row, else 0; shared memory. The same array as long as it holds the same. */
  readonly bits: Uint8Array;
  readonly count: number;
  /** That of the filter. */
  readonly pool?: string;
}

const maxBitmapBytes = 67_108_864;
/** From this many rows on that change at once, filters are applied anew. */
const mostRows = 1_000;

export type SteppedTable = EmbeddingTable & { readonly step: TableStep };

/**
 * What: the rows of filters, kept, and brought up to date item by item.
 * Time and memory: O(rows) per kept filter and change; at most 64 MiB are kept.
 * Checked by: test/catalog/filter.test.ts.
 */
export class KeptRows {
  private readonly kept = new Lru<{ readonly filter: FilterNode; readonly rows: AdmittedRows }>(
    maxBitmapBytes,
  );
  private step: TableStep | null = null;
  private readonly metadataOf: (item: ItemKey) => Metadata | null;

  /** `metadataOf`: as of the table that is kept up with, or later; null for what is not in the catalog. */
  constructor(metadataOf: (item: ItemKey) => Metadata | null) {
    this.metadataOf = metadataOf;
  }

  get(filter: FilterNode): AdmittedRows | undefined {
    return this.kept.get(filter.text)?.rows;
  }

  set(filter: FilterNode, rows: AdmittedRows): void {
    this.kept.set(filter.text, { filter, rows }, Math.min(rows.bits.length, maxBitmapBytes));
  }

  /** What is kept is for this table from here on. Whether it could follow; else it is empty now. */
  keepUp(table: SteppedTable): boolean {
    const { step } = table;
    const before = this.step;
    this.step = step;
    const isSame = before?.rowsOf === step.rowsOf && before.version === step.version;
    const follows = before?.rowsOf === step.rowsOf && before.version === step.before;
    if (isSame) return true;
    if (!follows || step.rows.length > mostRows) this.kept.clear();
    for (const [, { filter, rows }] of [...this.kept.all()]) this.follow(filter, rows, table);
    return follows;
  }

  private follow(filter: FilterNode, rows: AdmittedRows, table: SteppedTable): void {
    const length = table.itemOfRow.length;
    const bits = sharedBits(length);
    bits.set(rows.bits.subarray(0, length));
    let isOther = length !== rows.bits.length;
    let { count } = rows;
    for (const row of table.step.rows) {
      const metadata = table.live[row] === 1 ? this.metadataOf(table.itemOfRow[row]) : null;
      const bit = metadata && meets(filter, metadata) ? 1 : 0;
      if (bit !== bits[row]) isOther = true;
      count += bit - bits[row];
      bits[row] = bit;
    }
    if (isOther) this.set(filter, { ...rows, bits, count });
  }
}

export function sharedBits(rows: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(rows));
}
