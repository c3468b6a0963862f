import { expect, test } from 'vitest';
import { type ServeScenario, serveFigures } from '../../src/bench/serve.js';

const nothing: ServeScenario = {
  scenario: '',
  connections: 16,
  requests: 100,
  seconds: 1,
  perSecond: 100,
  meanMs: 1,
  p50Ms: 1,
  p99Ms: 1,
  failures: 0,
  accepted: 0,
  loopDelayP99Ms: 0,
  loopDelayMaxMs: 0,
  cpuSeconds: 1,
  rssBytes: 1,
  ownBytes: null,
  searches: 0,
  searchSeconds: 0,
};

// 200 answers of 5 ms, 3 searches of .8 ms in each: 2.4 ms of searching.
const alone = { ...nothing, scenario: 'recommend, cold, one client', requests: 200, meanMs: 5 };
const scenarios = [
  { ...alone, searches: 600, searchSeconds: 0.48 },
  { ...nothing, scenario: 'bare route, one client', requests: 9_000, perSecond: 900, meanMs: 0.8 },
  // 4,000 answers in 10 s, 8 of them spent on 3 searches for each.
  {
    ...nothing,
    scenario: 'recommend, cold',
    requests: 4_000,
    seconds: 10,
    searches: 12_000,
    searchSeconds: 8,
  },
  { ...nothing, scenario: 'bare route', perSecond: 8_000, meanMs: 2 },
  { ...nothing, scenario: 'recommend, warm', perSecond: 2_000 },
  { ...nothing, scenario: 'actions', seconds: 4, accepted: 60_000 },
];

test('the figures of a run compare the loads they name', () => {
  const figures = serveFigures(scenarios, 0.5);
  expect(figures.warmShare).toBeCloseTo(0.25, 12);
  expect(figures.coldRatio).toBeCloseTo(10 / 8, 12);
  expect(figures.coldOverBare).toBeCloseTo(10_000 / (12_000 * 0.5), 12);
  expect(figures.aloneRatio).toBeCloseTo(5 / 2.4, 12);
  expect(figures.aloneBeyondRoute).toBeCloseTo((5 - 0.8) / 2.4, 12);
  expect(figures.actionsPerSecond).toBeCloseTo(15_000, 8);
});

test('what a run leaves out has no figure', () => {
  const without = (name: string) =>
    serveFigures(
      scenarios.filter(({ scenario }) => scenario !== name),
      0.5,
    );
  expect(without('recommend, cold')).toMatchObject({ coldRatio: null, coldOverBare: null });
  expect(without('recommend, cold').aloneRatio).toBeCloseTo(5 / 2.4, 12);
  const none = { aloneRatio: null, aloneBeyondRoute: null };
  expect(without('recommend, cold, one client')).toMatchObject(none);
  expect(without('bare route, one client')).toMatchObject({ aloneBeyondRoute: null });
  expect(without('bare route, one client').aloneRatio).toBeCloseTo(5 / 2.4, 12);
  expect(without('bare route').warmShare).toBeNull();
  expect(without('actions').actionsPerSecond).toBeNull();
});
