import type { Contender } from '../contender.js';
import { recipeModel } from '../recipemodel.js';

export interface WardContender {
  /** What stands for a cluster. Default: 'medoid'. */
  readonly by?: 'medoid' | 'centroid';
  /** Per day. */
  readonly lambda: number;
  /** How many interests are asked, the paper's e; all of them with 'all'. Default: 3. */
  readonly e?: number | 'all';
  /** Whether they are drawn by importance, as production does, instead of being the weightiest. Default: false. */
  readonly sampled?: boolean;
}

const draws = 10;

/** The paper's method and its variants: Ward's clusters as production infers them, asked as production does. */
export function ward({ by = 'medoid', lambda, e = 3, sampled = false }: WardContender): Contender {
  const medoids = e === 'all' ? 1 : e;
  const interests = sampled ? 'sample' : e === 'all' ? 'all' : 'top';
  const merge = sampled ? 'turns' : 'importance';
  const how = { sample: `${e} drawn by importance`, all: 'all interests', top: `the ${e} weightiest` }[
    interests
  ];
  const name = [by, lambda, e === 3 ? [] : `e${e}`, sampled ? 'sampled' : []].flat().join('-');
  return {
    name,
    about: `Ward, ${by}, λ = ${lambda}: ${how}${sampled ? `; mean of ${draws} draws` : ''}`,
    ...(sampled ? { draws } : {}),
    fit: (user) => recipeModel(user, user.interests({ lambda }), { interests, medoids, query: by, merge }),
  };
}
