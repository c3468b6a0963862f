import { ageInDays, decayFactor } from '../../profile/importance.js';
import type { Contender, UserAtCut } from '../contender.js';
import { itemInterest, recipeModel } from '../recipemodel.js';

/** The paper's simplest baseline: the item acted on last. */
export function lastItem(): Contender {
  return {
    name: 'last',
    about: 'the item acted on last',
    fit: (user) => recipeModel(user, [itemInterest(user, lastPoint(user))], { interests: 'all' }),
  };
}

function lastPoint({ points: { itemKeys, actionOffsets, times } }: UserAtCut): number {
  let last = 0;
  for (let i = 1; i < itemKeys.length; i++)
    if (times[actionOffsets[i + 1] - 1] >= times[actionOffsets[last + 1] - 1]) last = i;
  return last;
}

/** How finely the weights of an average are told apart. */
const weightUnits = 2 ** 24;

/** One embedding: the mean of all actions, each decayed by its age. `lambda` is per day. */
export function decayAverage(lambda: number): Contender {
  return {
    name: `average-${lambda}`,
    about: `one average of all actions, decay ${lambda} per day`,
    fit: (user) => {
      const { itemKeys, actionOffsets, times, weights } = user.points;
      const newest = times.reduce((latest, time) => Math.max(latest, time), Number.NEGATIVE_INFINITY);
      // Ages count from the newest action: the same direction, and no weight vanishes to 0.
      const decayed = Float64Array.from(itemKeys, (_, point) => {
        let weight = 0;
        for (let a = actionOffsets[point]; a < actionOffsets[point + 1]; a++)
          weight += weights[a] * decayFactor(ageInDays(times[a], newest), lambda);
        return weight;
      });
      const most = decayed.reduce((a, b) => Math.max(a, b), 0);
      // One interest of all items: its counts are what its mean is weighed by.
      const counts = Uint32Array.from(decayed, (weight) =>
        most > 0 ? Math.round((weight / most) * weightUnits) : 1,
      );
      const members = itemKeys.slice();
      const whole = {
        id: 'all',
        medoid: members[0],
        importance: 1,
        size: members.length,
        lastActionAt: newest,
        members,
        counts,
      };
      return recipeModel(user, [whole], { interests: 'all', query: 'average' });
    },
  };
}
