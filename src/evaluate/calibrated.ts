import type { Estimate } from './bootstrap.js';
import { calibratedNames } from './contenders/recipe.js';
import { type Layout, metricAt, perRanking } from './layout.js';
import type { CalibratedComparison, ProtocolReport } from './report.js';
import type { MetricTable } from './table.js';

const [chosen, single] = calibratedNames;
/** A calibrated default may lose this much recall to the best single embedding, at the lower end of the interval. */
const leastRecall = -0.02;

/** What calibration chose for each space, less the best single embedding of the same calibration, on everything reported. */
export function calibratedComparisons(
  table: MetricTable,
  layout: Layout,
  spaces: readonly string[],
): CalibratedComparison[] {
  return spaces.flatMap((space, i) => {
    const suffix = i === 0 ? '' : `@${space}`;
    const [contender, against] = [`${chosen}${suffix}`, `${single}${suffix}`];
    if (!table.has(contender) || !table.has(against)) return [];
    const differences = Object.fromEntries(
      layout.metrics.map((metric) => [metric, table.difference(contender, against, metric)]),
    );
    return [{ space, contender, against, ...verdicts(differences, layout), differences }];
  });
}

/** What a table of the comparisons shows, in order. */
export function comparedMetrics({ budgets, budget }: Pick<ProtocolReport, 'budgets' | 'budget'>): string[] {
  const everywhere = (['recall', 'relevance'] as const).flatMap((name) =>
    budgets.map((count) => metricAt(name, count)),
  );
  const once = [metricAt('hit', budget), metricAt('ndcg', budget)];
  return [...everywhere, ...once, ...perRanking, 'diversity', 'novelty'];
}

type Differences = CalibratedComparison['differences'];

function verdicts(
  differences: Differences,
  { budgets }: Layout,
): Pick<CalibratedComparison, 'isSame' | 'keepsRecall' | 'betterOn' | 'worseOn'> {
  const judged = Object.entries(differences).filter(([metric]) => metric !== 'novelty' && metric !== 'tail');
  const on = (is: (difference: Estimate) => boolean): string[] =>
    judged.filter(([, difference]) => is(difference)).map(([metric]) => metric);
  return {
    isSame: judged.every(([, { low, high }]) => low === 0 && high === 0),
    keepsRecall: budgets.all.every((budget) => differences[metricAt('recall', budget)].low > leastRecall),
    betterOn: on(({ low }) => low > 0),
    worseOn: on(({ high }) => high < 0),
  };
}
