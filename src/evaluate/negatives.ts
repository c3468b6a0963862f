import type { Rng } from '../math/rng.js';
import { type EmbeddingTable, type ItemKey, vectorOf } from '../model/item.js';
import type { UserStep } from './plan.js';

export interface NegativeRules {
  /** Whether action items are ranked against what was shown beside them, or against sampled items. */
  readonly rankAgainst: 'impressions' | 'sampled';
  /** Most negatives per target. */
  readonly perTarget: number;
}

/**
 * What the targets of a step are ranked against: drawn evenly, without one coming twice, from what was shown in the step
 * and not acted on, or from the items with a vector that the user never acted on. Fewer where there are no more.
 * `barred`: what the user had acted on or excluded before the step.
 */
export function negativesOf(
  { targets, shown }: Pick<UserStep, 'targets' | 'shown'>,
  barred: ReadonlySet<ItemKey>,
  table: EmbeddingTable,
  { rankAgainst, perTarget }: NegativeRules,
  rng: Rng,
): ItemKey[] {
  const wanted = perTarget * targets.length;
  if (rankAgainst === 'impressions') {
    const left = shown.filter((item) => vectorOf(table, item) !== null);
    for (let i = 0; i < Math.min(wanted, left.length - 1); i++) {
      const j = i + rng.below(left.length - i);
      [left[i], left[j]] = [left[j], left[i]];
    }
    return left.slice(0, wanted);
  }
  const found = new Set<ItemKey>();
  const acted = new Set(targets);
  for (let tries = 0; found.size < wanted && tries < 20 * wanted; tries++) {
    const row = rng.below(table.itemOfRow.length);
    const item = table.itemOfRow[row];
    if (table.live[row] === 1 && !barred.has(item) && !acted.has(item)) found.add(item);
  }
  return [...found];
}
