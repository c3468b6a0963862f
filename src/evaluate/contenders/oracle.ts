import { vectorOf } from '../../model/item.js';
import type { Contender } from '../contender.js';
import { itemInterest, recipeModel } from '../recipemodel.js';

/** The ceiling of anything made of the user's own items: for each target the past item that is closest to it. */
export function oracle(): Contender {
  return {
    name: 'oracle',
    about: 'the past item closest to each target: a bound that knows the future',
    knowsFuture: true,
    fit: (user, targets) => {
      const closest = targets
        .filter((target) => vectorOf(user.models.table, target) !== null)
        .map((target) => {
          const cosines = user.cosines(target);
          return cosines.indexOf(cosines.reduce((a, b) => Math.max(a, b)));
        });
      const own = [...new Set(closest)].map((point) => itemInterest(user, point));
      return recipeModel(user, own, { interests: 'all' });
    },
  };
}
