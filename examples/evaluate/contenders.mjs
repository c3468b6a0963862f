// Ways to serve a user, to be compared with the built-in ones: `evaluate --module examples/evaluate/contenders.mjs`.
// A contender is a name and a function from what is known of a user at a cut to candidates and scores; `recipeModel` does
// the rest by the retrieval that serves. Threads import this module by themselves.
import { itemInterest, recipeModel } from 'pinnersage';

export const contenders = () => [
  {
    name: 'newest-five',
    about: 'the five items acted on last, in turns',
    fit: (user) => {
      const { itemKeys, actionOffsets, times } = user.points;
      const lastTime = (point) => times[actionOffsets[point + 1] - 1];
      const newest = [...itemKeys.keys()].sort((a, b) => lastTime(b) - lastTime(a)).slice(0, 5);
      return recipeModel(
        user,
        newest.map((point) => itemInterest(user, point)),
        { interests: 'all' },
      );
    },
  },
  {
    name: 'broad',
    about: "Ward's clusters at twice the alpha, all centroids by importance",
    fit: (user) =>
      recipeModel(user, user.interests({ alpha: 2 * user.options.alpha }), {
        interests: 'all',
        query: 'centroid',
        merge: 'importance',
      }),
  },
];
