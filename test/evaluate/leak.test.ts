import type { PinnerSage } from 'pinnersage';
import { expect, test } from 'vitest';
import { openDirectory } from '../../src/disk/directory.js';
import { calibrate } from '../../src/evaluate/calibrate.js';
import { prepareEvaluation } from '../../src/evaluate/evaluation.js';
import { guardModels, guardUser } from '../../src/evaluate/guard.js';
import { HistoryMaker } from '../../src/evaluate/history.js';
import { userLogOf, userLogUntil } from '../../src/evaluate/log.js';
import { fitPeriod, modelsOf } from '../../src/evaluate/models.js';
import { builtInContenders } from '../../src/evaluate/options.js';
import { cutOf } from '../../src/evaluate/plan.js';
import { refitOf } from '../../src/evaluate/refit.js';
import { sourcesOf } from '../../src/evaluate/space.js';
import { checkPeriod, walkForward } from '../../src/evaluate/walk.js';
import { storedSpaceOf } from './stored.js';
import { day, directoryOf, evaluateHere, usualActions } from './worlds.js';

const actions = usualActions(40);

test('an action after the cut in a user’s history ends the run', async () => {
  const path = await directoryOf(actions);
  const directory = await openDirectory(path, { mode: 'read' });
  const { plan, rules, log, periods, space } = prepareEvaluation(directory, {});
  const [[, period]] = [...periods()];
  const models = modelsOf(period, storedSpaceOf(space));
  const asOfMs = cutOf(plan.timetable, 0);
  const user = plan.users[0];
  const makers = new HistoryMaker(rules.history);
  const honest = makers.at(user, 'u', userLogUntil(log, user, asOfMs), asOfMs, models);
  expect(() => guardUser(honest)).not.toThrow();
  const planted = makers.at(user, 'u', userLogOf(log, user), asOfMs, models);
  expect(() => guardUser(planted)).toThrow(/user's log.*expected nothing later than the cut/);
  const laterModels = { ...honest, models: { ...models, cutMs: asOfMs + 1 } };
  expect(() => guardUser(laterModels)).toThrow(/global models/);
  const laterPoints = { ...honest, points: { ...honest.points, times: Float64Array.of(asOfMs + 1) } };
  expect(() => guardUser(laterPoints)).toThrow(/points/);
  await directory.close();
});

test('popularity counted beyond the cut ends the run, whatever cut it claims', async () => {
  const path = await directoryOf(actions);
  const directory = await openDirectory(path, { mode: 'read' });
  const evaluation = prepareEvaluation(directory, {});
  const { log, rules, space, plan } = evaluation;
  const cutMs = cutOf(plan.timetable, 0);
  const honest = fitPeriod(log, rules.history, cutMs, space, null);
  expect(() => checkPeriod(evaluation, 0, honest)).not.toThrow();
  const planted = fitPeriod(log, rules.history, cutMs + 5 * day, space, null);
  expect(() => checkPeriod(evaluation, 0, planted)).toThrow(/cut of the global models/);
  expect(() => checkPeriod(evaluation, 0, { ...planted, cutMs })).toThrow(/popularity/);
  await directory.close();
});

test('co-engagement embeddings that know the test period end the run; made again at each cut they do not', async () => {
  const path = await directoryOf(actions, (data) => data.embed({ from: 'actions', space: 'learnt', dim: 8 }));
  const report = await evaluateHere(path, {
    space: 'learnt',
    contenders: ['last', 'average-0'],
    baseline: 'last',
  });
  expect(report.protocol.steps).toBeGreaterThan(0);
  expect(report.protocol.undated).toEqual([]);

  const directory = await openDirectory(path, { mode: 'read' });
  const honest = prepareEvaluation(directory, { space: 'learnt' });
  const again = refitOf(directory, honest.space);
  const planted = prepareEvaluation(directory, {
    space: 'learnt',
    fitSpace: (untilMs) => again!(untilMs + 5 * day),
  });
  await expect(walkForward(planted, { sources: [builtInContenders] })).rejects.toThrow(
    /space "learnt".*later than the cut/,
  );
  // The stored vectors themselves know everything.
  expect(() => guardModels(cutOf(honest.plan.timetable, 0), sourcesOf(honest.space))).toThrow(
    /space "learnt"/,
  );
  await directory.close();
});

test('tags of after the cut end the run, alone and mixed; those of before do not', async () => {
  const tagged = (date: string) => async (data: PinnerSage) => {
    await data.putItems(
      [0, 1, 2].map((i) => ({ itemId: `i${i}`, metadata: { tags: [`t${i}`, 'all'], as_of: date } })),
    );
    await data.embed({ from: 'text', space: 'tags', dim: 8 });
    await data.embed({ from: 'mix', space: 'mixed', dim: 8 });
  };
  const options = { contenders: ['last'], repeatItems: true };
  const late = await directoryOf(actions, tagged('2026-02-08T12:00:00Z'));
  for (const space of ['tags', 'mixed'])
    await expect(evaluateHere(late, { ...options, space }), space).rejects.toMatchObject({ code: 'leak' });
  const early = await directoryOf(actions, tagged('2025-12-31'));
  const report = await evaluateHere(early, { ...options, space: 'mixed' });
  expect(report.protocol.undated).toEqual([]);
});

test('calibration refuses text of after its first cut as the test does, and sees nothing of the test period', async () => {
  const tagged = (date: string) => async (data: PinnerSage) => {
    await data.putItems(
      Array.from({ length: 200 }, (_, i) => ({
        itemId: `i${i}`,
        metadata: { tags: [`t${i % 8}`, `s${i % 40}`], as_of: date },
      })),
    );
    await data.embed({ from: 'text', space: 'tags', fields: ['tags'], dim: 8 });
  };
  const options = { space: 'tags', users: 12, workers: 1, store: false, windowDays: 'all' } as const;
  // Validated from the 25th day on, until the test begins on the 33rd.
  const late = await directoryOf(actions, tagged('2026-01-28T00:00:00Z'));
  await expect(calibrate(late, options)).rejects.toMatchObject({ code: 'leak' });
  const first = await calibrate(await directoryOf(actions, tagged('2025-12-31')), options);
  const until = Date.parse(first.until);
  const changed = actions.map((action) =>
    action.timestamp >= until
      ? { ...action, itemId: `i${(Number(action.itemId.slice(1)) + 50) % 200}` }
      : action,
  );
  const again = await calibrate(await directoryOf(changed, tagged('2025-12-31')), options);
  expect(again).toEqual(first);
}, 240_000);

test('vectors without a date cannot be checked, and the report says so', async () => {
  const report = await evaluateHere(await directoryOf(actions), { contenders: ['last'] });
  expect(report.protocol.undated).toHaveLength(1);
  expect(report.notes.join('\n')).toMatch(/carries no date/);
});

test('no contender changes when the future does', async () => {
  // The same log up to the last step, and other actions in it: what is foretold for earlier steps stays.
  const last = Math.max(...actions.map(({ timestamp }) => timestamp));
  const from = Math.floor((last - 8 * day) / day) * day;
  const to = from + 4 * day;
  const changed = actions.map((action) =>
    action.timestamp >= to
      ? { ...action, itemId: `i${(Number(action.itemId.slice(1)) + 50) % 200}` }
      : action,
  );
  const [a, b] = await Promise.all(
    [actions, changed].map(async (log) =>
      evaluateHere(await directoryOf(log), { fromMs: from, toMs: to, baseline: 'last' }),
    ),
  );
  expect(b.contenders).toEqual(a.contenders);
});
