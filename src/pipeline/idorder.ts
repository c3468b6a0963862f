import type { IdTable } from '../disk/ids.js';
import type { UserLog } from '../model/action.js';
import type { ItemKey } from '../model/item.js';

/**
 * The order of the item ids of one user's actions, in the form in which `collectPoints` takes it. It matters only between
 * items first acted on at one instant, so ids are read where two actions share a time; ranks of all items, as a batch
 * has them, would be read anew with every new item.
 */
export class IdOrder {
  private readonly ids: IdTable;
  private ranks = new Uint32Array(0);

  constructor(ids: IdTable) {
    this.ids = ids;
  }

  /** Item number → place among the ids of this log; meaningful for its items only, until the next call. */
  ranksOf(log: UserLog): Uint32Array {
    const needed = this.ids.count();
    if (this.ranks.length < needed) this.ranks = new Uint32Array(Math.ceil(1.25 * needed));
    const items = tied(log);
    if (items.size === 0) return this.ranks;
    const named = Array.from(items, (item) => ({ item, id: Buffer.from(this.ids.idOf(item)) }));
    named.sort((a, b) => Buffer.compare(a.id, b.id));
    for (const [place, { item }] of named.entries()) this.ranks[item] = place;
    return this.ranks;
  }
}

/** Items of actions that share their time with another item's. */
function tied(log: UserLog): Set<ItemKey> {
  const firstAt = new Map<number, ItemKey>();
  const found = new Set<ItemKey>();
  for (let row = 0; row < log.length; row++) {
    const other = firstAt.get(log.times[row]);
    if (other === undefined) firstAt.set(log.times[row], log.items[row]);
    else if (other !== log.items[row]) found.add(other).add(log.items[row]);
  }
  return found;
}
