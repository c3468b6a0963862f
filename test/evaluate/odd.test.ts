import { evaluationCsv, evaluationHtml } from 'pinnersage';
import { expect, test } from 'vitest';
import { createRng } from '../../src/math/rng.js';
import { day, directoryOf, evaluateHere, item, itemCount, start, usualActions } from './worlds.js';

const few = { contenders: ['popularity', 'last', 'average-0', 'medoid-0.01'] };

test('all-equal timestamps: an error that says why', async () => {
  const actions = usualActions(10).map((action, i) => ({ ...action, itemId: item(i), timestamp: start }));
  await expect(evaluateHere(await directoryOf(actions), few)).rejects.toMatchObject({
    code: 'option-invalid',
    message: expect.stringMatching(/nothing to evaluate.*different times/),
  });
});

test('everybody active on one day only: an empty report that says why, in every form', async () => {
  const rng = createRng(1);
  const actions = Array.from({ length: 30 }, (_, u) =>
    Array.from({ length: 5 }, (_, i) => ({
      userId: `u${u}`,
      itemId: item(rng.below(itemCount)),
      type: 'save',
      timestamp: start + u * day + 1000 * i,
    })),
  ).flat();
  const report = await evaluateHere(await directoryOf(actions), few);
  expect(report.protocol).toMatchObject({ steps: 0, users: 0 });
  expect(report.protocol.usersWithoutHistory).toBeGreaterThan(3);
  expect(report.notes[0]).toMatch(/active on one day only/);
  expect(report.words).toEqual([]);
  expect(JSON.parse(JSON.stringify(report)).contenders[0].metrics['recall@10'].mean).toBeNull();
  expect(evaluationHtml(report)).toContain('active on one day only');
  expect(evaluationCsv(report)).toContain('mean,popularity,,recall@10,,,');
  // The same log walked in steps of a second has a past for everybody.
  const finer = await evaluateHere(await directoryOf(actions), { ...few, stepDays: 1 / 86_400 });
  expect(finer.protocol.users).toBeGreaterThan(3);
});

test('users with two actions each', async () => {
  const actions = Array.from({ length: 60 }, (_, u) => [
    { userId: `u${u}`, itemId: item(u), type: 'save', timestamp: start + u * 3600_000 },
    { userId: `u${u}`, itemId: item(u + 8), type: 'save', timestamp: start + 30 * day + u * 3600_000 },
  ]).flat();
  const report = await evaluateHere(await directoryOf(actions));
  expect(report.protocol.steps).toBe(report.protocol.users);
  const last = report.contenders.find(({ name }) => name === 'last');
  const medoid = report.contenders.find(({ name }) => name === 'medoid-0.01');
  expect(medoid?.metrics['recall@10']).toEqual(last?.metrics['recall@10']);
});

test('baskets by the minute: repeats are left out, or count where they are wanted', async () => {
  const rng = createRng(5);
  const actions = Array.from({ length: 25 }, (_, u) =>
    Array.from({ length: 6 }, (_, basket) =>
      Array.from({ length: 4 }, (_, i) => ({
        userId: `u${u}`,
        itemId: item((u + 8 * (i === 0 ? 0 : rng.below(20))) % itemCount),
        type: 'buy',
        timestamp: start + Math.floor((basket * 5 * day + rng.below(day)) / 60_000) * 60_000,
      })),
    ).flat(),
  ).flat();
  const path = await directoryOf(actions);
  const options = { contenders: ['last', 'average-0'] };
  const fresh = await evaluateHere(path, options);
  const again = await evaluateHere(path, { ...options, repeatItems: true });
  expect(again.protocol.targets).toBeGreaterThan(fresh.protocol.targets);
  const recall = (report: typeof again): number =>
    report.contenders[1].metrics[`recall@${report.protocol.budget}`].mean;
  expect(recall(again)).toBeGreaterThan(0);
});

test('ratings over years, in an unnormalised mix of weights and hides', async () => {
  const year = 365 * day;
  const rng = createRng(11);
  const actions = Array.from({ length: 30 }, (_, u) =>
    Array.from({ length: 12 }, () => ({
      userId: `u${u}`,
      itemId: item(8 * rng.below(25) + (u % 8)),
      type: rng.below(6) === 0 ? 'hide' : 'liked',
      weight: 1 + rng.below(3),
      timestamp: start - Math.floor(9 * year * rng.uniform()),
    })),
  ).flat();
  const report = await evaluateHere(await directoryOf(actions), { ...few, profile: { windowDays: 'all' } });
  expect(report.protocol.refits).toBeLessThanOrEqual(10);
  expect(report.protocol.steps).toBeGreaterThan(10);
  const medoid = report.contenders.find(({ name }) => name === 'medoid-0.01');
  expect(medoid?.metrics.diversity.mean).toBeGreaterThan(0);
});

test('what is hidden never comes back, and a hidden item is nothing to foretell', async () => {
  const actions = [0, 1, 2].flatMap((i) => [
    { userId: 'u', itemId: item(8 * i), type: 'save', timestamp: start + i * day },
    { userId: 'v', itemId: item(8 * i + 1), type: 'save', timestamp: start + i * day },
  ]);
  const late = start + 20 * day;
  const hidden = [
    { userId: 'u', itemId: item(80), type: 'hide', timestamp: start + 5 * day },
    { userId: 'u', itemId: item(80), type: 'save', timestamp: late },
    { userId: 'u', itemId: item(88), type: 'save', timestamp: late },
  ];
  const report = await evaluateHere(await directoryOf([...actions, ...hidden]), few);
  expect(report.protocol).toMatchObject({ users: 1, targets: 1 });
});
