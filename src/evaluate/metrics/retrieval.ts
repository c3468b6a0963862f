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

/** Per target: the rank from 1 of what was looked for, ∞ where the list does not hold it. */
export type Ranks = Float64Array;

/**
 * What: relevance, recall, hit rate and nDCG of the first k candidates.
 * Source: algorithm.md §6 (paper: relevance and recall); nDCG with binary gains, Järvelin and Kekäläinen 2002,
 * doi:10.1145/582415.582418: DCG = Σ 1/log2(1 + rank), by that of min(k, targets) hits in front.
 * Convention: a list shorter than k is scored as it is.
 * Shapes: `exact` and `relevant` have one rank per target, at least one; `relevant` that of the first relevant candidate.
 * Checked by: test/evaluate/metrics.test.ts (by hand, and against test/golden/metrics.py).
 */
export function retrievalScores(exact: Ranks, relevant: Ranks, k: number): RetrievalScores {
  let found = 0;
  let gain = 0;
  let near = 0;
  for (let t = 0; t < exact.length; t++) {
    if (exact[t] <= k) {
      found++;
      gain += discount(exact[t]);
    }
    if (relevant[t] <= k) near++;
  }
  return {
    relevance: near / exact.length,
    recall: found / exact.length,
    hit: found > 0 ? 1 : 0,
    ndcg: gain / idealGain(Math.min(k, exact.length)),
  };
}

function discount(rank: number): number {
  return 1 / Math.log2(1 + rank);
}

function idealGain(hits: number): number {
  let sum = 0;
  for (let rank = 1; rank <= hits; rank++) sum += discount(rank);
  return sum;
}

/** Finds where lists meet the targets of one step; made once per step and asked of every list. */
export class TargetRanks {
  readonly exact: Ranks;
  readonly relevant: Ranks;
  private readonly places = new Map<ItemKey, { target: number; isExact: boolean }[]>();

  /** `relevantItems`: per target, the items that are relevant to it. */
  constructor(targets: readonly ItemKey[], relevantItems: readonly ArrayLike<ItemKey>[]) {
    this.exact = new Float64Array(targets.length);
    this.relevant = new Float64Array(targets.length);
    targets.forEach((item, target) => {
      const near = relevantItems[target];
      for (let i = 0; i < near.length; i++) this.note(near[i], target, near[i] === item);
    });
  }

  private note(item: ItemKey, target: number, isExact: boolean): void {
    const here = this.places.get(item) ?? [];
    here.push({ target, isExact });
    this.places.set(item, here);
  }

  /** Fills `exact` and `relevant` for a list. */
  of(list: ArrayLike<ItemKey>): void {
    this.exact.fill(Number.POSITIVE_INFINITY);
    this.relevant.fill(Number.POSITIVE_INFINITY);
    for (let place = 0; place < list.length; place++) {
      const here = this.places.get(list[place]);
      if (!here) continue;
      for (const { target, isExact } of here) {
        if (isExact) this.exact[target] = Math.min(this.exact[target], place + 1);
        this.relevant[target] = Math.min(this.relevant[target], place + 1);
      }
    }
  }
}
