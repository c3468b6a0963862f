import { blockRows, createScan } from '../math/vectors.js';
import { type EmbeddingTable, type ItemKey, vectorOf } from '../model/item.js';
import { normOf } from './metrics/lists.js';

/** Items remembered, so that a popular target is compared with the catalog once. */
const maxKept = 4_000_000;

/** Which items are relevant to a target: those at the relevance cosine or nearer, the target itself first of all. */
export class RelevantItems {
  private readonly table: EmbeddingTable;
  private readonly leastCosine: number;
  private readonly scan: ReturnType<typeof createScan>;
  private readonly norms: Float64Array;
  private readonly known = new Map<ItemKey, Uint32Array>();
  private kept = 0;

  constructor(table: EmbeddingTable, leastCosine: number) {
    this.table = table;
    this.leastCosine = leastCosine;
    this.scan = createScan(table.vectors, table.dim);
    this.norms = Float64Array.from(table.itemOfRow, (_, row) =>
      normOf(table.vectors.subarray(row * table.dim, (row + 1) * table.dim)),
    );
  }

  /** Item numbers by rising row; only the target itself where it has no vector. */
  of(target: ItemKey): Uint32Array {
    const before = this.known.get(target);
    if (before) return before;
    const found = this.find(target);
    if (this.kept > maxKept) {
      this.known.clear();
      this.kept = 0;
    }
    this.known.set(target, found);
    this.kept += found.length + 1;
    return found;
  }

  private find(target: ItemKey): Uint32Array {
    const { table, norms, leastCosine } = this;
    const query = vectorOf(table, target);
    if (!query) return Uint32Array.of(target);
    const norm = normOf(query);
    const found: ItemKey[] = [];
    const rows = table.itemOfRow.length;
    for (let from = 0; from < rows; from += blockRows) {
      const products = this.scan(query, from, Math.min(blockRows, rows - from));
      for (let i = 0; i < products.length; i++) {
        const item = table.itemOfRow[from + i];
        const near = products[i] >= leastCosine * norm * norms[from + i] || item === target;
        if (near && table.rowOfItem[item] === from + i) found.push(item);
      }
    }
    return Uint32Array.from(found);
  }
}
