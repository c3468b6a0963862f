import { type Clusterer, createClusterer } from '../cluster/clusterer.js';
import { allocateVectors, blockRows, createScan, type Scan } from '../math/vectors.js';
import type { ActionType, UserLog } from '../model/action.js';
import { type ItemKey, type UserKey, vectorOf } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import { InferScratch, inferWith } from '../profile/infer.js';
import type { ProfileOptions } from '../profile/options.js';
import { collectPoints, PointScratch } from '../profile/points.js';
import { weighAgain } from '../profile/reuse.js';
import type { GlobalModels, SharedRecipe, UserAtCut } from './contender.js';
import { normOf } from './metrics/lists.js';
import { isBarring } from './plan.js';

/** What shapes the history of a user, the same for the whole run. */
export interface HistoryRules {
  readonly types: readonly ActionType[];
  /** Item number → place of its id in byte order. */
  readonly idRank: Uint32Array;
  readonly options: ProfileOptions;
  /** Whether items the user has acted on may come back; what was excluded never does. */
  readonly repeatItems: boolean;
  readonly shared: SharedRecipe;
}

/**
 * Makes users as they were at a cut, by the code that serves: `collectPoints` and `inferWith`. One per thread; its memory
 * is used again, so a user must be done with before the next is made.
 */
export class HistoryMaker {
  private readonly rules: HistoryRules;
  private readonly points = new PointScratch();
  private readonly scratch = new InferScratch();
  private memory: { vectors: Float32Array; scan: Scan; dim: number } | null = null;
  private clusterer: Clusterer | null = null;

  constructor(rules: HistoryRules) {
    this.rules = rules;
  }

  /** `log`: the actions up to `asOfMs` and none later. No points where no item of the window has a vector yet. */
  at(user: UserKey, userId: string, log: UserLog, asOfMs: number, models: GlobalModels): UserAtCut {
    const { options, types, idRank, shared } = this.rules;
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
    const cosines = this.cosinesTo(vectors, models);
    return {
      user,
      userId,
      asOfMs,
      log,
      points,
      vectors,
      barred,
      models,
      options,
      shared,
      interests,
      cosines,
    };
  }

  /** Cosines of items to all points of a history, each item's computed once. */
  private cosinesTo(vectors: Float32Array, { table, normalized }: GlobalModels): UserAtCut['cosines'] {
    const { scan } = this.memoryFor(vectors.length, table.dim);
    const n = vectors.length / table.dim;
    const norms = normalized
      ? null
      : Float64Array.from({ length: n }, (_, i) => normOf(row(vectors, i, table.dim)));
    const known = new Map<ItemKey, Float32Array>();
    return (item) => {
      const before = known.get(item);
      if (before) return before;
      const query = vectorOf(table, item) as Float32Array;
      const found = new Float32Array(n);
      for (let from = 0; from < n; from += blockRows)
        found.set(scan(query, from, Math.min(blockRows, n - from)), from);
      if (norms) {
        const own = normOf(query);
        for (let i = 0; i < n; i++) found[i] = own > 0 && norms[i] > 0 ? found[i] / (own * norms[i]) : 0;
      }
      known.set(item, found);
      return found;
    };
  }

  private memoryFor(size: number, dim: number) {
    if (this.memory && this.memory.dim === dim && this.memory.vectors.length >= size) return this.memory;
    const vectors = allocateVectors(2 * (size / dim), dim);
    this.memory = { vectors, scan: createScan(vectors, dim), dim };
    return this.memory;
  }

  private fill(items: Uint32Array, { table }: GlobalModels): Float32Array {
    const size = items.length * table.dim;
    const vectors = this.memoryFor(size, table.dim).vectors.subarray(0, size);
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
    const { types, repeatItems } = this.rules;
    for (let i = 0; i < log.length; i++)
      if (isBarring(types[log.types[i]].role, repeatItems)) barred.add(log.items[i]);
    return barred;
  }
}

function row(vectors: Float32Array, i: number, dim: number): Float32Array {
  return vectors.subarray(i * dim, (i + 1) * dim);
}
