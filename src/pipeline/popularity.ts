import type { ActionLog } from '../actions/log.js';
import { createKernel, reserve } from '../math/kernel.js';
import { Places } from '../math/places.js';
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
  const kernel = createKernel();
  const count = sums.length;
  const taken = new Places(kernel.heapBase());
  const bytes = [8 * count, 4 * count, 8192, 4 * count, 8 * count];
  const [at, spare, places, items, scores] = bytes.map(taken.take);
  reserve(kernel, taken.end);
  const { buffer } = kernel.memory;
  new Float64Array(buffer, at, count).set(sums);
  const found = kernel.rankSums(at, count, popularityUnit, spare, places, items, scores);
  return {
    items: new Uint32Array(buffer, items, found).slice(),
    scores: new Float64Array(buffer, scores, found).slice(),
  };
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
