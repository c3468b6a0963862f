import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layoutFor } from '../../src/evaluate/layout.js';
import { orderingsOf } from '../../src/evaluate/orderings.js';
import { unknownRegime } from '../../src/evaluate/regime.js';
import { headline, MetricTable } from '../../src/evaluate/table.js';

const layout = layoutFor({ all: [10], main: 0 });
const [relevance, recall, rPrecision] = headline(layout);
const singles = ['average-0', 'average-0.01'];
const names = [
  ...singles,
  'kmeans-5',
  'complete',
  'centroid-0.01',
  'medoid-0',
  'medoid-0.1',
  'medoid-0.01',
  'medoid-0.01-e1',
  'medoid-0.01-e10',
];

/** `of`: what a contender scores for a user, in every metric. */
function tableOf(contenders: readonly string[], users: number, of: (name: string, user: number) => number) {
  const outcome = {
    contenders: contenders.map((name) => ({ name, about: '', draws: 1, knowsFuture: false })),
    layout,
    plan: {
      timetable: { fromMs: 0, stepMs: 1, steps: 1, periods: [0] },
      users: [],
      eligible: 0,
      withoutHistory: 0,
    },
    users: Array.from({ length: users }, (_, user) => ({
      user,
      steps: 1,
      ranked: 1,
      targets: 1,
      cold: 0,
      sums: Float64Array.from(contenders.flatMap((name) => layout.metrics.map(() => of(name, user)))),
      facts: { items: 1, interests: 1, diversity: 0, ageDays: 1, regime: unknownRegime },
    })),
    coldSteps: 0,
    exposures: [],
    sources: [],
  };
  return new MetricTable(outcome, outcome.users, 1);
}

/** Of differences that are sure, as docs/evaluation.md has it. */
const above = (difference: number): string =>
  difference > 0 ? 'holds' : difference < 0 ? 'fails' : 'unclear';

test('where nothing is left to chance every ordering is told as the documentation says', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(12), { minLength: names.length, maxLength: names.length }), (scores) => {
      const of = (name: string): number => (0.4 + 3 * scores[names.indexOf(name)]) / 1000;
      const found = orderingsOf(tableOf(names, 2, of), layout);
      const medoid = of('medoid-0.01');
      const best = Math.max(...singles.map(of));
      const atLeast = medoid - of('centroid-0.01') > -0.01 ? 'holds' : 'fails';
      const verdicts = [
        above(of('kmeans-5') - best),
        above(of('complete') - best),
        above(of('centroid-0.01') - of('kmeans-5')),
        above(of('centroid-0.01') - of('complete')),
        atLeast,
        above(medoid - of('medoid-0')),
        above(medoid - of('medoid-0.1')),
      ];
      const bend = Math.round(1e6 * (2 * medoid - of('medoid-0.01-e1') - of('medoid-0.01-e10')));
      const isClear = bend !== 0; // else rounding decides
      const flattens = above(bend) === 'holds' && medoid <= of('medoid-0.01-e1') ? 'unclear' : above(bend);
      const all = [relevance, recall, rPrecision].flatMap((metric) =>
        verdicts.map((verdict) => `${metric} ${verdict}`),
      );
      const got = found.map(({ metric, verdict }) => `${metric} ${verdict}`);
      expect(got.slice(0, 21)).toEqual(all);
      expect(found).toHaveLength(22);
      if (isClear) expect(got[21]).toBe(`${relevance} ${flattens}`);
    }),
    { numRuns: 40 },
  );
});

test.each([
  [-0.005, 0, 'holds'],
  [-0.005, 0.5, 'unclear'],
  [-0.02, 0, 'fails'],
  [-0.02, 0.02, 'fails'],
  [-0.02, 0.5, 'unclear'],
  [0.02, 0.02, 'holds'],
])('centroid ≤ medoid where the medoid is better by %d, give or take %d: %s', (mean, spread, verdict) => {
  const table = tableOf(['centroid-0.01', 'medoid-0.01'], 60, (name, user) =>
    name === 'medoid-0.01' ? 0.5 + mean + (user % 2 === 0 ? spread : -spread) : 0.5,
  );
  const found = orderingsOf(table, layout);
  expect(found.map(({ claim }) => claim)).toEqual(Array.from({ length: 3 }, () => 'centroid ≤ medoid'));
  expect(found.map((ordering) => ordering.verdict)).toEqual(Array.from({ length: 3 }, () => verdict));
});
