import { expect, test } from 'vitest';
import { stepsOf, type TargetRules, type Timetable, type UserStep } from '../../src/evaluate/plan.js';
import { createRng, type Rng } from '../../src/math/rng.js';
import { type ActionType, dayMs, type UserLog } from '../../src/model/action.js';

const types: readonly ActionType[] = [
  { role: 'interest', weight: 1 },
  { role: 'exclude', weight: 1 },
  { role: 'impression', weight: 1 },
];
const [save, hide, view] = [0, 1, 2];

interface Row {
  readonly item: number;
  readonly time: number;
  readonly type: number;
}

function logOf(rows: readonly Row[]): UserLog {
  return {
    length: rows.length,
    items: Uint32Array.from(rows, ({ item }) => item),
    times: Float64Array.from(rows, ({ time }) => time),
    types: Uint16Array.from(rows, ({ type }) => type),
    weights: new Float32Array(rows.length).fill(1),
    seqs: Float64Array.from(rows, (_, i) => i),
  };
}

/** Word by word what docs/evaluation.md says, every step from the whole log. */
function twin(rows: readonly Row[], { fromMs, stepMs, steps }: Timetable, rules: TargetRules): UserStep[] {
  const { embedded, returnable, repeatItems, windowDays } = rules;
  return Array.from({ length: steps }, (_, step) => {
    const startMs = fromMs + step * stepMs;
    const before = rows.filter(({ time }) => time < startMs);
    const inStep = rows.filter(({ time }) => time >= startMs && time < startMs + stepMs);
    const itemsOf = (of: readonly Row[], ...wanted: number[]): number[] => [
      ...new Set(of.filter(({ type }) => wanted.includes(type)).map(({ item }) => item)),
    ];
    const gone = itemsOf(before, ...(repeatItems ? [hide] : [save, hide]));
    const actedOn = itemsOf(inStep, save, hide);
    const cutMs = startMs - 1;
    const floorMs = windowDays === 'all' ? Number.NEGATIVE_INFINITY : cutMs - windowDays * dayMs;
    return {
      step,
      targets: itemsOf(inStep, save).filter((item) => returnable[item] === 1 && !gone.includes(item)),
      shown: itemsOf(inStep, view).filter((item) => embedded[item] === 1 && !actedOn.includes(item)),
      hasHistory: before.some(
        ({ item, type, time }) => type === save && embedded[item] === 1 && time > floorMs,
      ),
    };
  }).filter(({ targets }) => targets.length > 0);
}

/** Whole steps and the milliseconds beside them are likely: there the window and the steps have their edges. */
function randomRows(rng: Rng, items: number): Row[] {
  return Array.from({ length: rng.below(24) }, () => ({
    item: rng.below(items),
    time: 100 * dayMs + (rng.below(16) * dayMs) / 2 + [0, 0, -1, -2, 1, -500, 500][rng.below(7)],
    type: [save, save, hide, view, view][rng.below(5)],
  })).sort((a, b) => a.time - b.time);
}

test.each([false, true])('steps are those of the plain twin, repeatItems %s', (repeatItems) => {
  const rng = createRng(17);
  const items = 6;
  const timetable = { fromMs: 103 * dayMs, stepMs: dayMs, steps: 5, periods: [0] };
  const flags = (): Uint8Array => Uint8Array.from({ length: items }, () => (rng.below(5) > 0 ? 1 : 0));
  const seen = { steps: 0, withShown: 0, without: 0 };
  for (let round = 0; round < 1000; round++) {
    const rows = randomRows(rng, items);
    const windowDays = ([1, 2, 3.5, 'all'] as const)[rng.below(4)];
    const rules = { types, returnable: flags(), embedded: flags(), windowDays, repeatItems };
    const found = stepsOf(logOf(rows), timetable, rules);
    expect(found).toEqual(twin(rows, timetable, rules));
    for (const { shown, hasHistory } of found) {
      seen.steps++;
      if (shown.length > 0) seen.withShown++;
      if (!hasHistory) seen.without++;
    }
  }
  expect(Math.min(seen.steps, seen.withShown, seen.without)).toBeGreaterThan(100);
});

test.each([
  ['excluded long before', [[1, 0.5, hide]], [0]],
  [
    'saved, then excluded',
    [
      [1, 0.25, save],
      [1, 0.5, hide],
    ],
    [0],
  ],
  [
    'excluded, then saved before the step',
    [
      [1, 0.25, hide],
      [1, 0.5, save],
    ],
    [0],
  ],
  ['saved only', [[1, 0.5, save]], [0, 1]],
  ['seen only', [[1, 0.5, view]], [0, 1]],
  ['excluded in the last millisecond before', [[1, 2 - 1 / dayMs, hide]], [0]],
  ['excluded as the step begins', [[1, 2, hide]], [0, 1]],
] as const)('with repeats, an item %s', (_, earlier, targets) => {
  const rows = [[9, 0, save], ...earlier, [0, 2.5, save], [1, 2.5, save]].map(([item, at, type]) => ({
    item,
    time: (100 + at) * dayMs,
    type,
  }));
  const all = new Uint8Array(10).fill(1);
  const rules: TargetRules = { types, returnable: all, embedded: all, windowDays: 'all', repeatItems: true };
  const timetable = { fromMs: 102 * dayMs, stepMs: dayMs, steps: 1, periods: [0] };
  expect(stepsOf(logOf(rows), timetable, rules).map((step) => [...step.targets].sort())).toEqual([targets]);
});
