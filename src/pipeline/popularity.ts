import type { ActionLog } from '../actions/log.js';
import { hasVector } from '../model/item.js';
import { importanceOfRun } from '../profile/importance.js';
import type { InferPoints } from '../profile/infer.js';
import { popularityDecay } from '../profile/options.js';
import { collectPoints, PointScratch } from '../profile/points.js';
import { actionsUpTo } from '../profile/update.js';
import type { Popularity, ProfileStore } from '../store/profiles.js';
import type { BatchPlan } from './chunk.js';

/** Decayed popularity is summed in multiples of this, so that the sum does not depend on the order of users. */
export const popularityUnit = 2 ** -20;

/** Items by falling popularity, ties to the lower number; items nobody acted on are left out. `sums`: whole numbers of units, by item. */
export function rankPopularity(sums: Float64Array): Popularity {
  const items = fallingItems(sums);
  return { items, scores: scoresOf(sums, items) };
}

/** Bits 11 by 11. */
const digits = 2048;

/** Sorted digit by digit, the lowest first: in O(items), many times faster than by comparisons. */
function fallingItems(sums: Float64Array): Uint32Array {
  let items = actedOn(sums);
  let sorted = new Uint32Array(items.length);
  const most = sums.reduce((a, b) => Math.max(a, b), 0);
  for (let unit = 1; unit <= most; unit *= digits) {
    sortByDigit(items, sorted, sums, unit);
    [items, sorted] = [sorted, items];
  }
  return items;
}

function actedOn(sums: Float64Array): Uint32Array<ArrayBuffer> {
  const items = new Uint32Array(sums.length);
  let count = 0;
  for (let item = 0; item < sums.length; item++) if (sums[item] > 0) items[count++] = item;
  return items.subarray(0, count);
}

/** Falling; items with equal digits keep their order. */
function sortByDigit(items: Uint32Array, sorted: Uint32Array, sums: Float64Array, unit: number): void {
  const starts = new Uint32Array(digits + 1);
  for (let i = 0; i < items.length; i++) starts[placeOf(sums[items[i]], unit) + 1]++;
  for (let place = 1; place < digits; place++) starts[place] += starts[place - 1];
  for (let i = 0; i < items.length; i++) sorted[starts[placeOf(sums[items[i]], unit)]++] = items[i];
}

/** 0 for the highest digit. */
function placeOf(sum: number, unit: number): number {
  return digits - 1 - ((sum / unit) & (digits - 1));
}

function scoresOf(sums: Float64Array, items: Uint32Array): Float64Array {
  const scores = new Float64Array(items.length);
  for (let i = 0; i < items.length; i++) scores[i] = sums[items[i]] * popularityUnit;
  return scores;
}

/** Popularity with a decay of its own, from one scan of the log; else it is read off the profiles. `idRank`: as in `CollectOptions`. */
export function popularityOf(log: ActionLog, plan: BatchPlan, idRank: Uint32Array): Popularity {
  const { options, types, table, asOf, maxSeq } = plan;
  const sums = new Float64Array(table.rowOfItem.length);
  const scratch = new PointScratch();
  const collecting = {
    windowDays: options.windowDays,
    types,
    maxItems: options.maxItemsPerUser,
    hasVector: (item: number) => hasVector(table, item),
    idRank,
  };
  log.scan(0, log.users.count(), (_, actions) => {
    const points = collectPoints(actionsUpTo(actions, maxSeq), asOf, collecting, scratch);
    addPopularity(sums, points, asOf, popularityDecay(options));
  });
  return rankPopularity(sums);
}

/** Adds one user's actions, each decayed by its age at `asOf`, to `sums` per item, in units. */
export function addPopularity(sums: Float64Array, points: InferPoints, asOf: number, lambda: number): void {
  const { itemKeys, actionOffsets, times, weights } = points;
  for (let i = 0; i < itemKeys.length; i++) {
    const decayed = importanceOfRun(times, weights, actionOffsets[i], actionOffsets[i + 1], asOf, lambda);
    sums[itemKeys[i]] += Math.round(decayed / popularityUnit);
  }
}

const noPopularity: Popularity = { items: new Uint32Array(0), scores: new Float64Array(0) };

/** What the last batch of a store found popular, decoded once for each batch: it is as long as the catalog. */
export class KeptPopularity {
  private kept: { readonly batch: string; readonly popularity: Popularity } | null = null;

  of(store: ProfileStore): Popularity {
    const generation = store.current();
    const batch = `${generation?.space} ${generation?.number}`;
    if (this.kept?.batch !== batch) this.kept = { batch, popularity: store.popularity() ?? noPopularity };
    return this.kept.popularity;
  }
}
