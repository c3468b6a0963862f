import { drawWithoutReplacement } from '../../math/sampling.js';
import type { Contender } from '../contender.js';
import { embeddingModel } from '../gather.js';
import { partEmbeddings, type Representative } from '../parts.js';

export interface WardContender {
  readonly by?: Representative;
  /** Per day. Default: the run's. */
  readonly lambda?: number;
  /** How many interests are asked, the paper's e; all of them with 'all'. Default: 3. */
  readonly e?: number | 'all';
  /** Whether they are drawn by importance, as production does, instead of being the weightiest. Default: false. */
  readonly sampled?: boolean;
}

const draws = 10;

/** The paper's method and its variants: Ward's clusters as production infers them. */
export function ward({ by = 'medoid', lambda, e = 3, sampled = false }: WardContender): Contender {
  const count = e === 'all' ? Number.POSITIVE_INFINITY : e;
  const how = e === 'all' ? 'all interests' : sampled ? `${e} drawn by importance` : `the ${e} weightiest`;
  return {
    name: nameOf(by, lambda, e, sampled),
    about: `Ward, ${by}, λ = ${lambda ?? 'as set'}: ${how}${sampled ? `; mean of ${draws} draws` : ''}`,
    ...(sampled ? { draws } : {}),
    fit: (user) => {
      const interests = user.interests(lambda === undefined ? {} : { lambda });
      const all = partEmbeddings(user.models, interests, by);
      if (!sampled) return embeddingModel(user, all.slice(0, count), 'importance');
      const weights = all.map(({ weight }) => weight);
      return embeddingModel(user, all, 'turns', (embeddings, rng) =>
        drawWithoutReplacement(weights, count, rng).indices.map((i) => embeddings[i]),
      );
    },
  };
}

function nameOf(by: Representative, lambda: number | undefined, e: number | 'all', sampled: boolean): string {
  const parts = [by, lambda, e === 3 ? undefined : `e${e}`, sampled ? 'sampled' : undefined];
  return parts.filter((part) => part !== undefined).join('-');
}
