import { deriveSeed } from '../math/hash.js';
import { createRng } from '../math/rng.js';
import { type EmbeddingTable, type Metadata, vectorOf } from '../model/item.js';
import { type Estimate, resamples } from './bootstrap.js';
import { calibratedComparisons } from './calibrated.js';
import type { Evaluation } from './evaluation.js';
import { undated } from './guard.js';
import { mainBudget, metricAt } from './layout.js';
import { gini, pairwiseDistance } from './metrics/lists.js';
import { orderingsOf } from './orderings.js';
import { regimeOfMany } from './regime.js';
import type { ContenderReport, CurvePoint, EvaluationReport, ProtocolReport } from './report.js';
import { segmentsOf } from './segments.js';
import { headline, MetricTable } from './table.js';
import type { Outcome } from './walk.js';
import { wordsOf } from './words.js';

export interface SummaryOptions {
  /** The contender that all are compared with. Default: `defaultBaseline`, else the first. */
  readonly baseline?: string;
  /** User attributes to group by, beside activity, interests, diversity and age. */
  readonly segments?: readonly string[];
}

/** One average with the paper's decay: what a stack without several embeddings would use. */
export const defaultBaseline = 'average-0.01';
const lastItem = 'last';
const distancePairs = 10_000;

/** From sums to what they say. `attributesOf`: of a user number. */
export function summarize(
  evaluation: Evaluation,
  outcome: Outcome,
  baseline: string,
  segments: readonly string[],
  attributesOf: (user: number) => Metadata,
): EvaluationReport {
  const { seed } = evaluation.rules.protocol;
  const randomDistance = randomPairDistance(evaluation.space, seed);
  const table = new MetricTable(outcome, outcome.users, seed);
  const protocol = protocolOf(evaluation, outcome, randomDistance);
  const contenders = outcome.contenders.map((_, c) => contenderOf(table, outcome, c, baseline, protocol));
  const curve = curveOf(table, outcome, randomDistance);
  const orderings = orderingsOf(table, outcome.layout);
  const calibrated = calibratedIn(evaluation, table, outcome, randomDistance);
  const grouped = segmentsOf(outcome, segments, attributesOf, seed);
  const found = { protocol, baseline, contenders, curve, orderings, calibrated, segments: grouped };
  return { ...found, words: wordsOf(found, table, outcome.layout), notes: notesOf(protocol) };
}

/** In the order of the spaces; diversity in the unit of the report. */
function calibratedIn(
  { space }: Evaluation,
  table: MetricTable,
  { contenders, layout }: Outcome,
  randomDistance: number,
): EvaluationReport['calibrated'] {
  const beside = contenders.flatMap(({ name }) => name.split('@').slice(1));
  const spaces = [space.info.name, ...new Set(beside)];
  return calibratedComparisons(table, layout, spaces).map((one) => ({
    ...one,
    differences: { ...one.differences, diversity: over(one.differences.diversity, randomDistance) },
  }));
}

function protocolOf(evaluation: Evaluation, outcome: Outcome, randomDistance: number): ProtocolReport {
  const { space, plan, rules, layout } = evaluation;
  const { protocol, history, timetable } = rules;
  const sum = (of: (user: Outcome['users'][number]) => number): number =>
    outcome.users.reduce((total, user) => total + of(user), 0);
  const { alpha, lambda, windowDays } = history.options;
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    space: space.info.name,
    dim: space.dim,
    catalog: liveItems(space),
    alpha,
    lambda,
    windowDays,
    from: iso(timetable.fromMs),
    to: iso(timetable.fromMs + timetable.steps * timetable.stepMs),
    stepDays: protocol.stepDays,
    refits: timetable.periods.length,
    budgets: layout.budgets.all,
    budget: mainBudget(layout),
    relevanceCosine: protocol.relevanceCosine,
    repeatItems: protocol.repeatItems,
    rankAgainst: rules.rankAgainst,
    negatives: protocol.negatives,
    seed: protocol.seed,
    resamples,
    users: outcome.users.length,
    eligibleUsers: plan.eligible,
    usersWithoutHistory: plan.withoutHistory,
    steps: sum(({ steps }) => steps),
    rankedSteps: sum(({ ranked }) => ranked),
    coldSteps: outcome.coldSteps,
    targets: sum(({ targets }) => targets),
    randomDistance,
    regime: regimeReport(outcome),
    undated: [...new Set(undated(outcome.sources))],
  };
}

function regimeReport({ users }: Outcome): ProtocolReport['regime'] {
  const { interests, cosine } = regimeOfMany(users.map(({ facts }) => facts.regime));
  const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return { interests: known(interests), cosine: known(cosine) };
}

function liveItems({ live }: EmbeddingTable): number {
  return live.reduce((sum, row) => sum + row, 0);
}

function contenderOf(
  table: MetricTable,
  outcome: Outcome,
  c: number,
  baseline: string,
  { randomDistance, catalog }: ProtocolReport,
): ContenderReport {
  const { layout, contenders, exposures } = outcome;
  const { name } = contenders[c];
  const scaled = (metric: string, estimate: Estimate): Estimate =>
    metric === 'diversity' ? over(estimate, randomDistance) : estimate;
  const per = <T>(of: (metric: string) => T, metrics = layout.metrics): { [metric: string]: T } =>
    Object.fromEntries(metrics.map((metric) => [metric, of(metric)]));
  const shown = exposures[c].reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  return {
    ...contenders[c],
    metrics: per((metric) => scaled(metric, table.estimate(name, metric))),
    differences: per((metric) => scaled(metric, table.difference(name, baseline, metric))),
    lifts: per(
      (metric) => (table.has(lastItem) ? table.lift(name, lastItem, metric) : null),
      headline(layout),
    ),
    exposure: { coverage: shown / catalog, gini: gini(exposuresOfLive(outcome, c, catalog)) },
  };
}

/** Exposure per item that candidates may come from: those that were never shown are the rest of `catalog`. */
function exposuresOfLive({ exposures }: Outcome, c: number, catalog: number): Float64Array {
  const shown = exposures[c].filter((count) => count > 0);
  const all = new Float64Array(Math.max(catalog, shown.length));
  all.set(shown);
  return all;
}

function over({ mean, low, high }: Estimate, unit: number): Estimate {
  return { mean: mean / unit, low: low / unit, high: high / unit };
}

function curveOf(table: MetricTable, { layout }: Outcome, randomDistance: number): CurvePoint[] {
  const named = (e: number | 'all'): string => (e === 3 ? 'medoid-0.01' : `medoid-0.01-e${e}`);
  const relevance = metricAt('relevance', mainBudget(layout));
  return ([1, 2, 3, 5, 10, 'all'] as const)
    .filter((e) => table.has(named(e)))
    .map((e) => ({
      e,
      relevance: table.estimate(named(e), relevance),
      diversity: over(table.estimate(named(e), 'diversity'), randomDistance),
    }));
}

/** Mean cosine distance of seeded random pairs of different live items. */
function randomPairDistance(table: EmbeddingTable, seed: number): number {
  const items = table.itemOfRow.filter((_, row) => table.live[row] === 1);
  if (items.length < 2) return 1;
  const rng = createRng(deriveSeed('random pairs', seed));
  let sum = 0;
  for (let i = 0; i < distancePairs; i++) {
    const a = rng.below(items.length);
    const b = (a + 1 + rng.below(items.length - 1)) % items.length;
    if (vectorOf(table, items[a]) && vectorOf(table, items[b]))
      sum += pairwiseDistance(table, [items[a], items[b]]);
  }
  return sum > 0 ? sum / distancePairs : 1;
}

function notesOf(protocol: ProtocolReport): string[] {
  const notes: string[] = [];
  const { steps, users, usersWithoutHistory, coldSteps, undated: ageless, rankAgainst, negatives } = protocol;
  if (steps === 0)
    notes.push(
      `Nothing was foretold: ${usersWithoutHistory} users acted on something new in the test period, and none of them had ` +
        `acted on an item with a vector before (in the window). A log in which everybody is active on one day only ` +
        `cannot be walked by day; a smaller --step, an earlier --from or --repeat-items may help.`,
    );
  else if (users < 100)
    notes.push(
      `Only ${users} users could be evaluated: intervals are wide, and say little of users like others.`,
    );
  if (coldSteps > 0)
    notes.push(`${coldSteps} steps were left out: nothing usable lay in the user's window before them.`);
  for (const what of ageless)
    notes.push(`${what} carries no date: whether it knows of the test period could not be checked.`);
  notes.push(
    rankAgainst === 'impressions'
      ? `Ranking task: against up to ${negatives} items shown on the same step per item acted on.`
      : `Ranking task: the log has no impressions, so ${negatives} items drawn evenly from the catalog stand against each item acted on.`,
  );
  return notes;
}
