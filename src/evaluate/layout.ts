import type { Budgets } from './options.js';

/** Where each metric stands in a row of numbers, one row per contender. */
export interface Layout {
  readonly budgets: Budgets;
  /** `recall@100`, …, `diversity`, …; in the order of a row. */
  readonly metrics: readonly string[];
  /** Per metric: which count of (user, step) its sum is divided by. */
  readonly denominators: readonly Denominator[];
}

/** `steps`: all with something to foretell; `ranked`: those with negatives to rank against. */
export type Denominator = 'steps' | 'ranked';

const perBudget = ['relevance', 'recall', 'hit', 'ndcg'] as const;
const perList = ['diversity', 'novelty', 'tail'] as const;
export const perRanking = ['rPrecision', 'reciprocalRank'] as const;

export function layoutFor(budgets: Budgets): Layout {
  const metrics = [
    ...budgets.all.flatMap((budget) => perBudget.map((name) => metricAt(name, budget))),
    ...perList,
    ...perRanking,
  ];
  const ranked = new Set<string>(perRanking);
  return { budgets, metrics, denominators: metrics.map((name) => (ranked.has(name) ? 'ranked' : 'steps')) };
}

export function metricAt(name: (typeof perBudget)[number], budget: number): string {
  return `${name}@${budget}`;
}

export function mainBudget({ budgets }: Layout): number {
  return budgets.all[budgets.main];
}
