import { Bootstrap, type Estimate, type Share } from './bootstrap.js';
import { type Layout, mainBudget, metricAt } from './layout.js';
import type { Outcome } from './walk.js';
import type { UserSums } from './walker.js';

/** The paper's four figures at the main budget, in its order. */
export function headline(layout: Layout): readonly string[] {
  const budget = mainBudget(layout);
  return [metricAt('relevance', budget), metricAt('recall', budget), 'rPrecision', 'reciprocalRank'];
}

/** Means of every metric of every contender over some users, with their resamples. */
export class MetricTable {
  private readonly outcome: Outcome;
  private readonly metrics: readonly string[];
  private readonly bootstrap: Bootstrap;

  /** `metrics`: those wanted, all of the layout by default. */
  constructor(outcome: Outcome, users: readonly UserSums[], seed: number, metrics = outcome.layout.metrics) {
    const { layout, contenders } = outcome;
    this.outcome = outcome;
    this.metrics = metrics;
    const places = metrics.map((metric) => layout.metrics.indexOf(metric));
    const width = layout.metrics.length;
    const columns = contenders.flatMap((_, c) => places.map((place) => c * width + place));
    const denominators = contenders.flatMap(() =>
      places.map((place) => (layout.denominators[place] === 'ranked' ? 1 : 0)),
    );
    const shares: Share[] = users.map(({ sums, steps, ranked }) => ({
      sums: Float64Array.from(columns, (column) => sums[column]),
      counts: [steps, ranked],
    }));
    this.bootstrap = new Bootstrap(shares, denominators, seed);
  }

  has(contender: string): boolean {
    return this.outcome.contenders.some(({ name }) => name === contender);
  }

  mean(contender: string, metric: string): number {
    return this.bootstrap.means[this.column(contender, metric)];
  }

  estimate(contender: string, metric: string): Estimate {
    return this.bootstrap.estimate(this.column(contender, metric));
  }

  /** a − b, paired. */
  difference(a: string, b: string, metric: string): Estimate {
    const [x, y] = [this.column(a, metric), this.column(b, metric)];
    return this.bootstrap.of((row) => row[x] - row[y]);
  }

  /** Per cent of a over b; null where b scores 0. */
  lift(a: string, b: string, metric: string): Estimate | null {
    const [x, y] = [this.column(a, metric), this.column(b, metric)];
    const found = this.bootstrap.of((row) => 100 * (row[x] / row[y] - 1));
    return Number.isFinite(found.low) && Number.isFinite(found.high) ? found : null;
  }

  /** Any function of some contenders' values of a metric, in their order. */
  of(contenders: readonly string[], metric: string, value: (values: readonly number[]) => number): Estimate {
    const columns = contenders.map((name) => this.column(name, metric));
    return this.bootstrap.of((row) => value(columns.map((column) => row[column])));
  }

  private column(contender: string, metric: string): number {
    const c = this.outcome.contenders.findIndex(({ name }) => name === contender);
    return c * this.metrics.length + this.metrics.indexOf(metric);
  }
}
