import type { Estimate } from './bootstrap.js';
import type { MetricTable } from './table.js';

/** A difference to the best single embedding may fall below 0 by this much, at the lower end of its interval: on recall … */
export const tolerated = 0.01;
/** … and on what is not recall, which is judged on fewer and coarser numbers. */
export const toleratedElsewhere = 0.02;

export interface Comparison {
  readonly name: string;
  /** Several embeddings less the single one, paired, by metric. */
  readonly differences: { readonly [metric: string]: Estimate };
  /** Nothing that is guarded worse than with the single one by more than is tolerated. */
  readonly isSafe: boolean;
  /** Metrics on which it is better for sure. */
  readonly betterOn: readonly string[];
}

/**
 * What: how a setting of several embeddings compares with the best single one: it may take its place when it is worse than
 * tolerated on none of `guarded`, and better for sure on one of `gains`.
 * Convention: 95 % intervals of paired differences by bootstrap over users. "For sure": the whole interval is above 0.
 */
export function compare(
  table: MetricTable,
  name: string,
  single: string,
  guarded: readonly string[],
  gains: readonly string[],
): Comparison {
  const metrics = [...new Set([...guarded, ...gains])];
  const differences = Object.fromEntries(
    metrics.map((metric) => [metric, table.difference(name, single, metric)]),
  );
  return {
    name,
    differences,
    isSafe: guarded.every((metric) => !(differences[metric].low <= -toleranceOf(metric))),
    betterOn: gains.filter((metric) => differences[metric].low > 0),
  };
}

function toleranceOf(metric: string): number {
  return metric.startsWith('recall@') ? tolerated : toleratedElsewhere;
}

/** The setting that takes the place of the single embedding: the first in order that may; null where none may. */
export function chooseSeveral(inOrder: readonly Comparison[]): Comparison | null {
  return inOrder.find(({ isSafe, betterOn }) => isSafe && betterOn.length > 0) ?? null;
}
