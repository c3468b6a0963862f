import { cut, type Partition } from '../../cluster/cut.js';
import { kmeans } from '../../cluster/kmeans.js';
import { completeOf } from '../../cluster/ward.js';
import { deriveSeed } from '../../math/hash.js';
import { createRng } from '../../math/rng.js';
import { blockRows, createScan } from '../../math/vectors.js';
import type { Contender, UserAtCut, UserModel } from '../contender.js';
import { normOf } from '../metrics/lists.js';
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
export function kMeansOracle(most = 8): Contender {
  return {
    name: 'kmeans-oracle',
    about: `k-means with the best k of 1 to ${most} for each step, known afterwards`,
    knowsFuture: true,
    fit: (user, targets) => {
      const embedded = targets.filter((item) => user.models.table.rowOfItem[item] >= 0);
      let best: UserModel | null = null;
      let closest = Number.NEGATIVE_INFINITY;
      for (let k = 1; k <= Math.min(most, user.points.itemKeys.length); k++) {
        const model = topMedoids(user, kmeansOf(user, k));
        const closeness = embedded.reduce((sum, item) => sum + model.score(item), 0);
        if (best === null || closeness > closest) [best, closest] = [model, closeness];
      }
      return best as UserModel; // a user at a cut has a point
    },
  };
}

function kmeansOf({ vectors, points, userId }: UserAtCut, k: number): Partition {
  const n = points.itemKeys.length;
  return kmeans(vectors, { n, dim: vectors.length / n, k }, createRng(deriveSeed('kmeans', userId, k)));
}

/** The paper's rival: complete linkage, cut at the same alpha; the weightiest three medoids. */
export function completeLinkage(): Contender {
  return {
    name: 'complete',
    about: `complete linkage cut at the same alpha, medoids of its ${e} weightiest clusters`,
    fit: (user) => {
      const tree = completeOf(squaredDistances(user), user.points.itemKeys.length);
      return topMedoids(user, cut(tree, user.options.alpha));
    },
  };
}

function topMedoids(user: UserAtCut, partition: Partition): UserModel {
  const interests = interestsOf(user, partition, user.options.lambda);
  return recipeModel(user, interests, { interests: 'top', medoids: e, merge: 'importance' });
}

/** Of all pairs of points, condensed: ‖x‖² + ‖y‖² − 2 x·y, by the scan of the exact search. */
function squaredDistances({ vectors, points }: UserAtCut): Float64Array {
  const n = points.itemKeys.length;
  const dim = vectors.length / n;
  const scan = createScan(vectors, dim);
  const distances = new Float64Array((n * (n - 1)) / 2);
  const row = (i: number): Float32Array => vectors.subarray(i * dim, (i + 1) * dim);
  const squares = Float64Array.from({ length: n }, (_, i) => normOf(row(i)) ** 2);
  let at = 0;
  for (let i = 0; i < n - 1; i++) {
    for (let from = i + 1; from < n; from += blockRows) {
      const products = scan(row(i), from, Math.min(blockRows, n - from));
      for (let j = 0; j < products.length; j++)
        distances[at++] = Math.max(0, squares[i] + squares[from + j] - 2 * products[j]);
    }
  }
  return distances;
}
