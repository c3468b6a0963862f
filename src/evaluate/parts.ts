import type { Partition } from '../cluster/cut.js';
import { createMedoidScratch, medoidsInto } from '../cluster/medoid.js';
import type { Interest } from '../model/profile.js';
import { importanceOfRun } from '../profile/importance.js';
import type { GlobalModels, UserAtCut } from './contender.js';
import { itemEmbedding, type UserEmbedding } from './gather.js';

/** A cluster of a user's items, whoever clustered them. */
export type Part = Pick<Interest, 'medoid' | 'importance' | 'members'>;

/** What stands for a cluster: its medoid, or the mean of its members (of norm 1 where the space is normalised). */
export type Representative = 'medoid' | 'centroid';

/** The clusters of any partition of a user's points with production's medoids and importances, by falling importance. */
export function partsOf(user: UserAtCut, partition: Partition, lambda: number): Part[] {
  const { points, vectors, asOfMs } = user;
  const { itemKeys, actionOffsets, times, weights } = points;
  const n = itemKeys.length;
  const dim = vectors.length / n;
  const medoids = new Int32Array(partition.count);
  const counts = Uint32Array.from(itemKeys, (_, i) => actionOffsets[i + 1] - actionOffsets[i]);
  const lastTimes = Float64Array.from(itemKeys, (_, i) => times[actionOffsets[i + 1] - 1]);
  medoidsInto(medoids, vectors, { n, dim }, partition, { counts, lastTimes }, createMedoidScratch(n, dim));
  const drafts = Array.from(medoids, (medoid) => ({
    medoid: itemKeys[medoid],
    importance: 0,
    items: [] as number[],
  }));
  for (let i = 0; i < n; i++) {
    const draft = drafts[partition.labels[i]];
    draft.items.push(itemKeys[i]);
    draft.importance += importanceOfRun(
      times,
      weights,
      actionOffsets[i],
      actionOffsets[i + 1],
      asOfMs,
      lambda,
    );
  }
  return drafts
    .map(({ medoid, importance, items }) => ({ medoid, importance, members: Uint32Array.from(items) }))
    .sort((a, b) => b.importance - a.importance);
}

export function partEmbeddings(
  models: GlobalModels,
  parts: readonly Part[],
  by: Representative,
): UserEmbedding[] {
  return parts.map((part) =>
    by === 'medoid'
      ? itemEmbedding(models, part.medoid, part.importance)
      : { vector: centroidOf(models, part.members), weight: part.importance, item: null },
  );
}

export function centroidOf(models: GlobalModels, members: Uint32Array): Float32Array {
  return weightedMean(
    models,
    members,
    members.map(() => 1),
  );
}

/** The weighted mean of items' vectors, scaled to norm 1 where the space is normalised and the mean is not zero. */
export function weightedMean(
  { table, normalized }: GlobalModels,
  items: ArrayLike<number>,
  weights: ArrayLike<number>,
): Float32Array {
  const sum = new Float64Array(table.dim);
  let total = 0;
  const { dim, vectors, rowOfItem } = table;
  for (let i = 0; i < items.length; i++) {
    const at = rowOfItem[items[i]] * dim;
    const weight = weights[i];
    for (let k = 0; k < dim; k++) sum[k] += weight * vectors[at + k];
    total += weight;
  }
  const norm = Math.hypot(...sum);
  const scale = normalized ? norm : total;
  return Float32Array.from(sum, (x) => (scale > 0 ? x / scale : 0));
}
