import type { Contender, GlobalModels, UserModel } from '../contender.js';
import { rerankedSuffix } from '../report.js';

/** How many candidates the re-ranking chooses from, per candidate wanted. */
const poolFactor = 2;

/**
 * A contender whose candidates are re-ranked so that what has been shown much comes later: the candidate at rank r with
 * exposure x goes by ln r + strength · ln((1 + x) / (1 + mean x)), lowest first. At strength 1 twice the exposure costs as
 * much as twice the rank. Exposure is known at the cut: impressions in the log, else actions. The pool is twice the count.
 * Scores of the ranking task stay as they are.
 */
export function withExposure(contender: Contender, strength: number): Contender {
  return {
    ...contender,
    name: `${contender.name}${rerankedSuffix}`,
    about: `${contender.about}; re-ranked by exposure, strength ${strength}`,
    fit: (user, targets) => {
      const model = contender.fit(user, targets);
      return { candidates: reranked(model, user.models, strength), score: model.score };
    },
  };
}

function reranked(model: UserModel, { exposure }: GlobalModels, strength: number): UserModel['candidates'] {
  return (count, rng) => {
    const pool = Array.from(model.candidates(poolFactor * count, rng));
    const mean = pool.reduce((sum, item) => sum + exposure[item], 0) / Math.max(1, pool.length);
    return pool
      .map((item, place) => ({
        item,
        cost: Math.log(place + 1) + strength * Math.log((1 + exposure[item]) / (1 + mean)),
      }))
      .sort((a, b) => a.cost - b.cost)
      .slice(0, count)
      .map(({ item }) => item);
  };
}
