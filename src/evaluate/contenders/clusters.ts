import { cut, type Partition } from '../../cluster/cut.js';
import { kmeans } from '../../cluster/kmeans.js';
import { completeOf } from '../../cluster/ward.js';
import { deriveSeed } from '../../math/hash.js';
import { createRng } from '../../math/rng.js';
import type { Contender, UserAtCut, UserModel } from '../contender.js';
import { GrowingDistances } from '../distances.js';
import { interestsOf } from '../parts.js';
import { recipeModel } from '../recipemodel.js';

const e = 3;

/** The paper's rival: k-means with a k that is the same for everybody; its weightiest three medoids. */
export function kMeans(k: number): Contender {
  return {
    name: `kmeans-${k}`,
    about: `k-means with k = ${k}, medoids of its ${Math.min(k, e)} weightiest clusters`,
    fit: (user) => topMedoids(user, kmeansOf(user, k)),
  };
}

/** What a k of its own for every user and step would give at best: the k whose medoids are closest to the targets. */
export function kMeansOracle(choices: readonly number[] = [1, 3, 5, 8]): Contender {
  return {
    name: 'kmeans-oracle',
    about: `k-means with the best k of ${choices.join(', ')} for each step, known afterwards`,
    knowsFuture: true,
    fit: (user, targets) => {
      const embedded = targets.filter((item) => user.models.table.rowOfItem[item] >= 0);
      const models = choices.map((k) => topMedoids(user, kmeansOf(user, k)));
      const closeness = models.map((model) => embedded.reduce((sum, item) => sum + model.score(item), 0));
      return models[closeness.indexOf(Math.max(...closeness))];
    },
  };
}

/** Later rounds move next to nothing. */
const maxRounds = 20;
/** Partitions of the user at hand, for the contenders that share a k. */
const known = new WeakMap<UserAtCut, Map<number, Partition>>();

function kmeansOf(user: UserAtCut, k: number): Partition {
  const before = known.get(user) ?? new Map<number, Partition>();
  known.set(user, before);
  const { vectors, points, userId } = user;
  const n = points.itemKeys.length;
  const shape = { n, dim: vectors.length / n, k, maxRounds };
  const found = before.get(k) ?? kmeans(vectors, shape, createRng(deriveSeed('kmeans', userId, k)));
  before.set(k, found);
  return found;
}

/** The paper's rival: complete linkage, cut at the same alpha; the weightiest three medoids. */
export function completeLinkage(): Contender {
  const distances = new GrowingDistances();
  return {
    name: 'complete',
    about: `complete linkage cut at the same alpha, medoids of its ${e} weightiest clusters`,
    fit: (user) => {
      const tree = completeOf(distances.of(user), user.points.itemKeys.length);
      return topMedoids(user, cut(tree, user.options.alpha));
    },
  };
}

function topMedoids(user: UserAtCut, partition: Partition): UserModel {
  const interests = interestsOf(user, partition, user.options.lambda);
  return recipeModel(user, interests, { interests: 'top', medoids: e, merge: 'importance' });
}
