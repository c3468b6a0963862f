import type { Recommendation } from '../../model/candidate.js';
import type { Recipe } from '../../model/recipe.js';
import type { RecommendedItem } from '../../store/recommendations.js';
import { type Answer, shownScore } from '../recommend.js';

/** An answer that can be sent from thread to thread. */
export interface PlainAnswer {
  readonly recommendation: Recommendation;
  readonly items: readonly RecommendedItem[];
}

export function plain({ recommendation, picks }: Answer): PlainAnswer {
  const items = picks.map(({ item, score, interest, because }) => ({
    item,
    score: shownScore(score),
    interestId: interest === null ? null : interest.id,
    because,
  }));
  return { recommendation, items };
}

/**
 * Whether a recipe asks for nothing but neighbours of single vectors, which the thread that answers remembers or has
 * searched; what scans and compares more than that is left to other threads whole.
 */
export function isLight({ merge, query, prior, popularShare, diversity }: Recipe): boolean {
  return merge !== 'mixture' && query !== 'items' && prior === 0 && popularShare === 1 && diversity === 0;
}
