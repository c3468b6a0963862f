import { ageInDays, decayFactor } from '../../profile/importance.js';
import type { Contender, UserAtCut } from '../contender.js';
import { embeddingModel, itemEmbedding } from '../gather.js';
import { weightedMean } from '../parts.js';

/** The paper's simplest baseline: the item acted on last. */
export function lastItem(): Contender {
  return {
    name: 'last',
    about: 'the item acted on last',
    fit: (user) => embeddingModel(user, [itemEmbedding(user.models, lastOf(user))], 'turns'),
  };
}

function lastOf({ points: { itemKeys, actionOffsets, times } }: UserAtCut): number {
  let last = 0;
  for (let i = 1; i < itemKeys.length; i++)
    if (times[actionOffsets[i + 1] - 1] >= times[actionOffsets[last + 1] - 1]) last = i;
  return itemKeys[last];
}

/** One embedding: the mean of all actions, each decayed by its age. `lambda` is per day. */
export function decayAverage(lambda: number): Contender {
  return {
    name: `average-${lambda}`,
    about: `one average of all actions, decay ${lambda} per day`,
    fit: (user) => {
      const { itemKeys, actionOffsets, times, weights } = user.points;
      const newest = times.reduce((latest, time) => Math.max(latest, time), Number.NEGATIVE_INFINITY);
      // Ages count from the newest action: the same direction, and no weight vanishes to 0.
      const decayed = Float64Array.from(itemKeys, (_, i) => {
        let sum = 0;
        for (let a = actionOffsets[i]; a < actionOffsets[i + 1]; a++)
          sum += weights[a] * decayFactor(ageInDays(times[a], newest), lambda);
        return sum;
      });
      const vector = weightedMean(user.models, itemKeys, decayed);
      return embeddingModel(user, [{ vector, weight: 1, item: null }], 'turns');
    },
  };
}
