import { type Clusterer, createClusterer } from '../cluster/clusterer.js';
import type { ActionType, UserLog } from '../model/action.js';
import { type ItemKey, type UserKey, vectorOf } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import { InferScratch, inferWith } from '../profile/infer.js';
import type { ProfileOptions } from '../profile/options.js';
import { collectPoints, PointScratch } from '../profile/points.js';
import { weighAgain } from '../profile/reuse.js';
import type { GlobalModels, UserAtCut } from './contender.js';

/** What shapes the history of a user, the same for the whole run. */
export interface HistoryRules {
  readonly types: readonly ActionType[];
  /** Item number → place of its id in byte order. */
  readonly idRank: Uint32Array;
  readonly options: ProfileOptions;
  /** Whether items the user has acted on may come back; what was excluded never does. */
  readonly repeatItems: boolean;
}

/**
 * Makes users as they were at a cut, by the code that serves: `collectPoints` and `inferWith`. One per thread; its memory
 * is used again, so a user must be done with before the next is made.
 */
export class HistoryMaker {
  private readonly rules: HistoryRules;
  private readonly points = new PointScratch();
  private readonly scratch = new InferScratch();
  private vectors = new Float32Array(0);
  private clusterer: Clusterer | null = null;

  constructor(rules: HistoryRules) {
    this.rules = rules;
  }

  /** null where nothing usable lies in the window. `log`: the actions up to `asOfMs` and none later. */
  at(user: UserKey, userId: string, log: UserLog, asOfMs: number, models: GlobalModels): UserAtCut | null {
    const { options, types, idRank } = this.rules;
    const { table } = models;
    const points = collectPoints(
      log,
      asOfMs,
      {
        windowDays: options.windowDays,
        types,
        maxItems: options.maxItemsPerUser,
        hasVector: (item) => vectorOf(table, item) !== null,
        idRank,
      },
      this.points,
    );
    const n = points.itemKeys.length;
    if (n === 0) return null;
    const vectors = this.fill(points.itemKeys, models);
    const barred = this.barredIn(log);
    const known = new Map<number, readonly Interest[]>();
    const interests: UserAtCut['interests'] = ({ alpha = options.alpha, lambda = options.lambda } = {}) => {
      const before = known.get(alpha);
      if (before) return weighAgain(before, points, asOfMs, lambda, this.scratch.map);
      const clusterer = this.clustererFor(table.dim);
      clusterer.vectors(n).set(vectors);
      const identity = { user: userId, space: models.space, generation: models.spaceGeneration };
      const inferred = inferWith(clusterer, this.scratch, points, asOfMs, {
        ...options,
        alpha,
        lambda,
        identity,
      });
      known.set(alpha, inferred);
      return inferred;
    };
    return { user, userId, asOfMs, log, points, vectors, barred, models, options, interests };
  }

  private fill(items: Uint32Array, { table }: GlobalModels): Float32Array {
    const size = items.length * table.dim;
    if (size > this.vectors.length) this.vectors = new Float32Array(2 * size);
    const vectors = this.vectors.subarray(0, size);
    items.forEach((item, i) => {
      vectors.set(vectorOf(table, item) as Float32Array, i * table.dim);
    });
    return vectors;
  }

  private clustererFor(dim: number): Clusterer {
    if (this.clusterer?.dim !== dim) this.clusterer = createClusterer(dim);
    return this.clusterer;
  }

  private barredIn(log: UserLog): Set<ItemKey> {
    const barred = new Set<ItemKey>();
    for (let i = 0; i < log.length; i++) {
      const { role } = this.rules.types[log.types[i]];
      if (role === 'exclude' || (role === 'interest' && !this.rules.repeatItems)) barred.add(log.items[i]);
    }
    return barred;
  }
}
