import type { Contender } from '../contender.js';
import { itemInterest, recipeModel } from '../recipemodel.js';

/** Some of the user's own items, drawn evenly: several embeddings without any clustering. */
export function randomItems(count = 3, draws = 10): Contender {
  return {
    name: `random-${count}`,
    about: `${count} of the user's own items, drawn evenly; mean of ${draws} draws`,
    draws,
    fit: (user) => {
      const own = Array.from(user.points.itemKeys, (_, point) => itemInterest(user, point));
      return recipeModel(user, own, { interests: 'sample', medoids: count });
    },
  };
}
