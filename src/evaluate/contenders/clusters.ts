import { cut, type Partition } from '../../cluster/cut.js';
import { kmeans } from '../../cluster/kmeans.js';
import { complete } from '../../cluster/ward.js';
import { deriveSeed } from '../../math/hash.js';
import { createRng } from '../../math/rng.js';
import type { Contender, UserAtCut, UserModel } from '../contender.js';
import { embeddingModel } from '../gather.js';
import { partEmbeddings, partsOf } from '../parts.js';

const e = 3;

/** The paper's rival: k-means with a k that is the same for everybody; its weightiest three medoids. */
export function kMeans(k: number): Contender {
  return {
    name: `kmeans-${k}`,
    about: `k-means with k = ${k}, medoids of its ${Math.min(k, e)} weightiest clusters`,
    fit: (user) => medoidsOf(user, kmeansOf(user, k)),
  };
}

export function kmeansOf({ vectors, points, userId }: UserAtCut, k: number): Partition {
  const n = points.itemKeys.length;
  return kmeans(vectors, { n, dim: vectors.length / n, k }, createRng(deriveSeed('kmeans', userId, k)));
}

/** The paper's rival: complete linkage, cut at the same alpha; the weightiest three medoids. */
export function completeLinkage(): Contender {
  return {
    name: 'complete',
    about: `complete linkage cut at the same alpha, medoids of its ${e} weightiest clusters`,
    fit: (user) => {
      const n = user.points.itemKeys.length;
      const tree = complete(user.vectors, { n, dim: user.vectors.length / n });
      return medoidsOf(user, cut(tree, user.options.alpha));
    },
  };
}

export function medoidsOf(user: UserAtCut, partition: Partition): UserModel {
  const parts = partsOf(user, partition, user.options.lambda).slice(0, e);
  return embeddingModel(user, partEmbeddings(user.models, parts, 'medoid'), 'importance');
}
