import { TopK } from '../math/topk.js';
import { type EmbeddingTable, type ItemKey, vectorOf } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import type { DrawnInterest } from '../profile/sample.js';
import type { Found } from './lane.js';
import type { Picks } from './picks.js';

const none: readonly ItemKey[] = [];

/** How much is said of a candidate. */
export interface TakeOptions {
  /**
   * Whether a candidate that no one interest found is told by the nearest. Default: true; false leaves `interest` null.
   * Speed only.
   */
  readonly attribute?: boolean;
  /** Of the user's own items, how many are named as the reason for each candidate. 0 for none. */
  readonly because: number;
}

/** Takes candidates as picks, each told by the interest behind it: that of its query, else the one whose medoid is nearest. */
export class Taker {
  private readonly table: EmbeddingTable;
  private readonly drawn: readonly DrawnInterest[];
  private readonly because: number;
  private readonly attribute: boolean;
  private readonly picks: Picks;
  private medoids: (Float32Array | null)[] | null = null;

  constructor(
    table: EmbeddingTable,
    drawn: readonly DrawnInterest[],
    { because, attribute = true }: TakeOptions,
    picks: Picks,
  ) {
    this.table = table;
    this.drawn = drawn;
    this.because = because;
    this.attribute = attribute;
    this.picks = picks;
  }

  take(found: Found): void {
    const interest = found.from ? found.from.interest : this.nearestTo(found.item);
    this.picks.add(found, interest);
    if (this.because > 0) this.picks.because.push(this.reasonsFor(interest, found.item));
  }

  private nearestTo(item: ItemKey): Interest | null {
    const { table, drawn } = this;
    if (!this.attribute) return null;
    this.medoids ??= drawn.map(({ interest }) => unit(vectorOf(table, interest.medoid)));
    return drawn[nearest(this.medoids, vectorOf(table, item))].interest;
  }

  private reasonsFor(interest: Interest | null, item: ItemKey): readonly ItemKey[] {
    return interest ? reasons(this.table, interest, item, this.because) : none;
  }
}

function unit(vector: Float32Array | null): Float32Array | null {
  if (!vector) return null;
  let squared = 0;
  for (const x of vector) squared += x * x;
  return vector.map((x) => x / Math.sqrt(squared));
}

/** Place of the unit vector with the greatest inner product; ties to the first. */
function nearest(units: readonly (Float32Array | null)[], vector: Float32Array | null): number {
  let best = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < units.length; at++) {
    const own = units[at];
    if (!own || !vector) continue;
    let product = 0;
    for (let i = 0; i < own.length; i++) product += own[i] * vector[i];
    if (product > highest) [best, highest] = [at, product];
  }
  return best;
}

/** The members of the interest nearest to the candidate, nearest first. */
function reasons(table: EmbeddingTable, interest: Interest, item: ItemKey, count: number): ItemKey[] {
  const candidate = vectorOf(table, item);
  if (!candidate) return [];
  const top = new TopK(Math.min(count, interest.members.length));
  interest.members.forEach((member, place) => {
    const vector = vectorOf(table, member);
    if (vector) top.offer(place, -squaredDistance(vector, candidate));
  });
  const found = top.finish();
  return Array.from(top.keys.subarray(0, found), (place) => interest.members[place]);
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
}
