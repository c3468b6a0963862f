import type { Partition } from '../cluster/cut.js';
import { createMedoidScratch, medoidsInto } from '../cluster/medoid.js';
import type { Interest } from '../model/profile.js';
import { importanceOfRun } from '../profile/importance.js';
import type { UserAtCut } from './contender.js';

/** Any partition of a user's points as interests, with production's medoids and importances, by falling importance. */
export function interestsOf(user: UserAtCut, partition: Partition, lambda: number): Interest[] {
  const { points, vectors, asOfMs } = user;
  const { itemKeys, actionOffsets, times, weights } = points;
  const n = itemKeys.length;
  const shape = { n, dim: vectors.length / n };
  const medoids = new Int32Array(partition.count);
  const counts = Uint32Array.from(itemKeys, (_, i) => actionOffsets[i + 1] - actionOffsets[i]);
  const lastTimes = Float64Array.from(itemKeys, (_, i) => times[actionOffsets[i + 1] - 1]);
  medoidsInto(medoids, vectors, shape, partition, { counts, lastTimes }, createMedoidScratch(n, shape.dim));
  const members = Array.from(medoids, (): number[] => []);
  for (let i = 0; i < n; i++) members[partition.labels[i]].push(i);
  const interests = members.map((own, c) => ({
    id: `part-${c}`,
    medoid: itemKeys[medoids[c]],
    importance: own.reduce(
      (sum, i) =>
        sum + importanceOfRun(times, weights, actionOffsets[i], actionOffsets[i + 1], asOfMs, lambda),
      0,
    ),
    size: own.length,
    lastActionAt: own.reduce((latest, i) => Math.max(latest, lastTimes[i]), Number.NEGATIVE_INFINITY),
    members: Uint32Array.from(own, (i) => itemKeys[i]),
    counts: Uint32Array.from(own, (i) => counts[i]),
  }));
  return interests.sort((a, b) => b.importance - a.importance);
}
