import { type RecipeSetting, recipeSource } from './contenders/recipe.js';
import type { Evaluation } from './evaluation.js';
import { MetricTable } from './table.js';
import { type Outcome, type WalkOptions, walkForward } from './walk.js';
import type { UserSums } from './walker.js';

/**
 * Settings of the retrieval that were tried on one stretch of the log, all on the same steps of the same users, so that any
 * two can be compared in pairs whenever they were tried.
 */
export class Survey {
  readonly settings = new Map<string, RecipeSetting>();
  private readonly evaluation: Evaluation;
  private readonly walk: Omit<WalkOptions, 'sources'>;
  private outcome: Outcome | null = null;

  constructor(evaluation: Evaluation, walk: Omit<WalkOptions, 'sources'>) {
    this.evaluation = evaluation;
    this.walk = walk;
  }

  /** Walks the log with those that were not tried yet. */
  async try(settings: readonly RecipeSetting[]): Promise<void> {
    const fresh = settings.filter(({ name }) => !this.settings.has(name));
    for (const setting of fresh) this.settings.set(setting.name, setting);
    if (fresh.length === 0) return;
    const found = await walkForward(this.evaluation, { ...this.walk, sources: [recipeSource(fresh)] });
    this.outcome = this.outcome ? beside(this.outcome, found) : found;
  }

  /** Items that can come back. */
  get catalogSize(): number {
    return this.evaluation.space.live.reduce((sum, row) => sum + row, 0);
  }

  /** What was found; null before the first try. */
  get found(): Outcome | null {
    return this.outcome;
  }

  /** Means over (user, step), by setting. */
  means(): Map<string, { readonly [metric: string]: number }> {
    const means = new Map<string, { [metric: string]: number }>();
    if (!this.outcome) return means;
    const { contenders, layout, users } = this.outcome;
    const width = layout.metrics.length;
    const totals = { steps: 0, ranked: 0 };
    for (const { steps, ranked } of users) {
      totals.steps += steps;
      totals.ranked += ranked;
    }
    contenders.forEach(({ name }, c) => {
      const row: { [metric: string]: number } = {};
      layout.metrics.forEach((metric, m) => {
        const sum = users.reduce((all, { sums }) => all + sums[c * width + m], 0);
        row[metric] = sum / totals[layout.denominators[m]];
      });
      means.set(name, row);
    });
    return means;
  }

  /** Intervals over some of the settings and metrics. */
  table(names: readonly string[], metrics: readonly string[], seed: number): MetricTable {
    if (!this.outcome) throw new RangeError('nothing was tried yet');
    const only = choose(this.outcome, names);
    return new MetricTable(only, only.users, seed, metrics);
  }
}

/** The contenders of both. */
function beside(a: Outcome, b: Outcome): Outcome {
  const users = a.users.map((user, i): UserSums => {
    const sums = new Float64Array(user.sums.length + b.users[i].sums.length);
    sums.set(user.sums);
    sums.set(b.users[i].sums, user.sums.length);
    return { ...user, sums };
  });
  return {
    ...a,
    users,
    contenders: [...a.contenders, ...b.contenders],
    exposures: [...a.exposures, ...b.exposures],
    sources: [...a.sources, ...b.sources],
  };
}

function choose(outcome: Outcome, names: readonly string[]): Outcome {
  const width = outcome.layout.metrics.length;
  const places = names.map((name) => outcome.contenders.findIndex((contender) => contender.name === name));
  const users = outcome.users.map((user): UserSums => {
    const sums = new Float64Array(names.length * width);
    places.forEach((place, i) => {
      sums.set(user.sums.subarray(place * width, (place + 1) * width), i * width);
    });
    return { ...user, sums };
  });
  return {
    ...outcome,
    users,
    contenders: places.map((place) => outcome.contenders[place]),
    exposures: places.map((place) => outcome.exposures[place]),
  };
}
