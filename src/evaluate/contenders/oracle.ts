import { vectorOf } from '../../model/item.js';
import type { Contender } from '../contender.js';
import { embeddingModel, itemEmbedding } from '../gather.js';

/** The ceiling of anything made of the user's own items: for each target the past item that is closest to it. */
export function oracle(): Contender {
  return {
    name: 'oracle',
    about: 'the past item closest to each target: a bound that knows the future',
    knowsFuture: true,
    fit: (user, targets) => {
      const { points, models } = user;
      const closest = targets
        .filter((target) => vectorOf(models.table, target) !== null)
        .map((target) => {
          const cosines = user.cosines(target);
          return points.itemKeys[cosines.indexOf(cosines.reduce((a, b) => Math.max(a, b)))];
        });
      const distinct = [...new Set(closest)].map((item) => itemEmbedding(models, item));
      return embeddingModel(user, distinct, 'turns');
    },
  };
}
