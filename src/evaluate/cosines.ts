import { type EmbeddingTable, type ItemKey, vectorOf } from '../model/item.js';
import { cosine } from './gather.js';

/** Cosines between the targets of a step and items, each computed once, whichever contender asks. */
export class TargetCosines {
  private readonly table: EmbeddingTable;
  private readonly targets: readonly (Float32Array | null)[];
  private readonly known: readonly Map<ItemKey, number>[];

  constructor(table: EmbeddingTable, targets: readonly ItemKey[]) {
    this.table = table;
    this.targets = targets.map((item) => vectorOf(table, item));
    this.known = targets.map(() => new Map());
  }

  /** Cosine of the target in this place to an item; −1 where either has no vector. */
  of(target: number, item: ItemKey): number {
    const before = this.known[target].get(item);
    if (before !== undefined) return before;
    const a = this.targets[target];
    const b = vectorOf(this.table, item);
    const value = a && b ? cosine(a, b) : -1;
    this.known[target].set(item, value);
    return value;
  }
}
