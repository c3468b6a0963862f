import type { ActionLog } from '../actions/log.js';
import { hasVector } from '../model/item.js';
import { importanceOfRun } from '../profile/importance.js';
import type { InferPoints } from '../profile/infer.js';
import { popularityDecay } from '../profile/options.js';
import { collectPoints, PointScratch } from '../profile/points.js';
import { actionsUpTo } from '../profile/update.js';
import type { Popularity } from '../store/profiles.js';
import type { BatchPlan } from './chunk.js';

/** Decayed popularity is summed in multiples of this, so that the sum does not depend on the order of users. */
export const popularityUnit = 2 ** -20;

/** Items by falling popularity, ties to the lower number; items nobody acted on are left out. `sums`: in units, by item. */
export function rankPopularity(sums: Float64Array): Popularity {
  // Numbers are sorted many times faster than items by a comparison.
  const rising = sums.filter((sum) => sum > 0).sort();
  const items = new Uint32Array(rising.length);
  const taken = new Uint32Array(rising.length);
  for (let item = 0; item < sums.length; item++) {
    if (!(sums[item] > 0)) continue;
    const first = rising.length - 1 - lastPlace(rising, sums[item]);
    items[first + taken[first]++] = item;
  }
  return { items, scores: rising.reverse().map((sum) => sum * popularityUnit) };
}

/** The last place of a value that is there. */
function lastPlace(rising: Float64Array, value: number): number {
  let low = 0;
  for (let high = rising.length; high - low > 1; ) {
    const middle = (low + high) >> 1;
    if (rising[middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** Popularity with a decay of its own, from one scan of the log; else it is read off the profiles. */
export function popularityOf(log: ActionLog, plan: BatchPlan): Popularity {
  const { options, types, table, idRank, asOf, maxSeq } = plan;
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
