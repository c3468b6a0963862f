import { drawWithoutReplacement } from '../../math/sampling.js';
import type { Contender } from '../contender.js';
import { embeddingModel, itemEmbedding } from '../gather.js';

/** Some of the user's own items, drawn evenly: several embeddings without any clustering. */
export function randomItems(count = 3, draws = 10): Contender {
  return {
    name: `random-${count}`,
    about: `${count} of the user's own items, drawn evenly; mean of ${draws} draws`,
    draws,
    fit: (user) => {
      const own = Array.from(user.points.itemKeys, (item) => itemEmbedding(user.models, item));
      const even = own.map(() => 1);
      return embeddingModel(user, own, 'turns', (all, rng) =>
        drawWithoutReplacement(even, count, rng).indices.map((i) => all[i]),
      );
    },
  };
}
