import type { ItemKey } from '../../model/item.js';

/** How a list of candidates meets the items acted on. */
export interface RetrievalScores {
  /** Share of targets with a candidate at the relevance cosine or nearer. */
  readonly relevance: number;
  /** Share of targets among the candidates. */
  readonly recall: number;
  /** 1 where any target is among them. */
  readonly hit: number;
  /** Discounted gain of the targets found, by that of the best order. */
  readonly ndcg: number;
}

/**
 * What: relevance, recall, hit rate and nDCG of the first k candidates, for several k at once.
 * Source: algorithm.md §6 (paper: relevance and recall); nDCG with binary gains, Järvelin and Kekäläinen 2002,
 * doi:10.1145/582415.582418: DCG = Σ 1/log2(1 + rank), by that of min(k, targets) hits in front.
 * Convention: a list shorter than k is scored as it is. Ranks start at 1.
 * Shapes and units: `targets` ≥ 1 distinct items, `budgets` rising; `isRelevant(target, candidate)` by places.
 * Time: O(targets · candidates).
 * Checked by: test/evaluate/metrics.test.ts (by hand, and against test/golden/metrics.py).
 */
export function retrievalScores(
  targets: readonly ItemKey[],
  candidates: ArrayLike<ItemKey>,
  budgets: readonly number[],
  isRelevant: (target: number, candidate: number) => boolean,
): RetrievalScores[] {
  const ranks = targets.map((target) => rankWhere(candidates, (_, item) => item === target));
  const relevant = targets.map((_, t) => rankWhere(candidates, (place) => isRelevant(t, place)));
  return budgets.map((k) => {
    const within = ranks.filter((rank) => rank <= k);
    const gain = within.reduce((sum, rank) => sum + discount(rank), 0);
    return {
      relevance: relevant.filter((rank) => rank <= k).length / targets.length,
      recall: within.length / targets.length,
      hit: within.length > 0 ? 1 : 0,
      ndcg: gain / idealGain(Math.min(k, targets.length)),
    };
  });
}

/** Rank from 1 of the first candidate that meets the condition; ∞ where none does. */
function rankWhere(candidates: ArrayLike<ItemKey>, holds: (place: number, item: ItemKey) => boolean): number {
  for (let place = 0; place < candidates.length; place++)
    if (holds(place, candidates[place])) return place + 1;
  return Number.POSITIVE_INFINITY;
}

function discount(rank: number): number {
  return 1 / Math.log2(1 + rank);
}

function idealGain(hits: number): number {
  let sum = 0;
  for (let rank = 1; rank <= hits; rank++) sum += discount(rank);
  return sum;
}
