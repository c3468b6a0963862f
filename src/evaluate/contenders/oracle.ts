import { vectorOf } from '../../model/item.js';
import type { Contender } from '../contender.js';
import { cosine, embeddingModel, itemEmbedding } from '../gather.js';

/** The ceiling of anything made of the user's own items: for each target the past item that is closest to it. */
export function oracle(): Contender {
  return {
    name: 'oracle',
    about: 'the past item closest to each target: a bound that knows the future',
    knowsFuture: true,
    fit: (user, targets) => {
      const { itemKeys } = user.points;
      const closest = targets.map((target) => {
        const wanted = vectorOf(user.models.table, target);
        if (!wanted) return itemKeys[0];
        return itemKeys.reduce(
          (best, item) => {
            const score = cosine(vectorOf(user.models.table, item) as Float32Array, wanted);
            return score > best.score ? { item, score } : best;
          },
          { item: itemKeys[0], score: Number.NEGATIVE_INFINITY },
        ).item;
      });
      const distinct = [...new Set(closest)].map((item) => itemEmbedding(user.models, item));
      return embeddingModel(user, distinct, 'turns');
    },
  };
}
