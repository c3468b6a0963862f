import type { JsonValue, Metadata } from '../model/item.js';
import { type Estimate, quantile } from './bootstrap.js';
import type { Segmentation, SegmentGap, SegmentGroup } from './report.js';
import { headline, MetricTable } from './table.js';
import type { Outcome } from './walk.js';
import type { UserSums } from './walker.js';

/** Fewer users than this say too little for a gap. */
const leastUsers = 20;
const mostValues = 8;

/** What users are grouped by, whatever the data: all of it as of a user's first step. */
const measures = {
  activity: { of: (user: UserSums) => user.facts.items, unit: 'items' },
  interests: { of: (user: UserSums) => user.facts.interests, unit: 'interests' },
  diversity: { of: (user: UserSums) => user.facts.diversity, unit: '' },
  age: { of: (user: UserSums) => user.facts.ageDays, unit: 'days' },
} as const;

/** Groups of users, how each contender serves them, and the gap between the best and the worst served. */
export function segmentsOf(
  outcome: Outcome,
  attributes: readonly string[],
  attributesOf: (user: number) => Metadata,
  seed: number,
): Segmentation[] {
  const { users } = outcome;
  const byMeasure = Object.entries(measures).map(([by, { of, unit }]) =>
    segmentation(outcome, by, byThirds(users, of, unit), seed),
  );
  const byAttribute = attributes.map((name) =>
    segmentation(
      outcome,
      name,
      byAttributeValue(users, (user) => attributesOf(user)[name]),
      seed,
    ),
  );
  return [...byMeasure, ...byAttribute];
}

type Groups = ReadonlyMap<string, readonly UserSums[]>;

/** Lowest, middle and highest third; users of one value stay together. */
function byThirds(users: readonly UserSums[], of: (user: UserSums) => number, unit: string): Groups {
  const rising = Float64Array.from(users, of).sort();
  if (rising.length === 0) return new Map();
  const bounds = [quantile(rising, 1 / 3), quantile(rising, 2 / 3)];
  const thirds: UserSums[][] = [[], [], []];
  for (const user of users) thirds[bounds.filter((bound) => of(user) > bound).length].push(user);
  const named = thirds
    .filter((third) => third.length > 0)
    .map((third) => [rangeOf(third.map(of), unit), third] as const);
  return new Map(named);
}

function rangeOf(values: readonly number[], unit: string): string {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => Number(value.toPrecision(3)));
  return (low === high ? `${low} ${unit}` : `${low} to ${high} ${unit}`).trim();
}

/** The most frequent values, and the rest together; numbers of many values by thirds. */
function byAttributeValue(users: readonly UserSums[], of: (user: number) => JsonValue | undefined): Groups {
  const values = new Map<string, UserSums[]>();
  for (const user of users) {
    const value = of(user.user);
    const name =
      value === undefined || value === null
        ? '(none)'
        : typeof value === 'string'
          ? value
          : JSON.stringify(value);
    values.set(name, [...(values.get(name) ?? []), user]);
  }
  const numbers = users.filter(({ user }) => typeof of(user) === 'number');
  if (values.size > mostValues && numbers.length === users.length)
    return byThirds(users, ({ user }) => of(user) as number, '');
  const falling = [...values].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  const rest = falling.slice(mostValues).flatMap(([, group]) => group);
  return new Map([
    ...falling.slice(0, mostValues),
    ...(rest.length > 0 ? [['(others)', rest] as const] : []),
  ]);
}

function segmentation(outcome: Outcome, by: string, groups: Groups, seed: number): Segmentation {
  const metrics = headline(outcome.layout);
  const tables = new Map<string, MetricTable>();
  const reports: SegmentGroup[] = [...groups].map(([name, users]) => {
    const table = new MetricTable(outcome, users, seed, metrics);
    tables.set(name, table);
    const contenders = Object.fromEntries(
      outcome.contenders.map((contender) => [
        contender.name,
        Object.fromEntries(metrics.map((metric) => [metric, table.estimate(contender.name, metric)])),
      ]),
    );
    return { name, users: users.length, steps: users.reduce((sum, { steps }) => sum + steps, 0), contenders };
  });
  const large = reports.filter(({ users }) => users >= leastUsers);
  const gaps = outcome.contenders.flatMap(({ name }) => gapOf(large, name, metrics[1]));
  return { by, groups: reports, gaps };
}

/** The groups are other users, so their resamples are independent: the interval is that of a difference of both. */
function gapOf(groups: readonly SegmentGroup[], contender: string, metric: string): SegmentGap[] {
  const served = groups
    .map(({ name, contenders }) => ({ name, estimate: contenders[contender][metric] }))
    .filter(({ estimate }) => Number.isFinite(estimate.mean))
    .sort((a, b) => b.estimate.mean - a.estimate.mean);
  const [best, worst] = [served[0], served[served.length - 1]];
  if (served.length < 2) return [];
  const gap = apart(best.estimate, worst.estimate);
  return [{ contender, metric, best: best.name, worst: worst.name, gap }];
}

/** Difference of two independent estimates: their distances from the mean add in squares. */
function apart(a: Estimate, b: Estimate): Estimate {
  const mean = a.mean - b.mean;
  return {
    mean,
    low: mean - Math.hypot(a.mean - a.low, b.high - b.mean),
    high: mean + Math.hypot(a.high - a.mean, b.mean - b.low),
  };
}
