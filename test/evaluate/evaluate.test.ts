import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { evaluationHtml } from 'pinnersage';
import { expect, test } from 'vitest';
import { budgetsFor } from '../../src/evaluate/options.js';
import { verdictOf } from '../../src/evaluate/orderings.js';
import { tempDir } from '../helpers/temp.js';
import { directoryOf, evaluateHere, usualActions } from './worlds.js';

test('twice the same evaluation, and on more threads: the same bytes', async () => {
  const path = await directoryOf(usualActions(40));
  const options = {
    contenders: ['popularity', 'random-3', 'kmeans-5', 'complete', 'medoid-0.01-sampled', 'oracle'],
  };
  const [one, again, threads] = [
    await evaluateHere(path, { ...options, workers: 1 }),
    await evaluateHere(path, { ...options, workers: 1 }),
    await evaluateHere(path, { ...options, workers: 3 }),
  ].map((report) => JSON.stringify(report));
  expect(again).toBe(one);
  expect(threads).toBe(one);
}, 120_000);

test('several interests are found where one average lies between them', async () => {
  const report = await evaluateHere(await directoryOf(usualActions(30)), { budget: 10 });
  const of = (name: string) => report.contenders.find((contender) => contender.name === name)!;
  expect(of('medoid-0.01').metrics['relevance@10'].mean).toBeGreaterThan(
    of('average-0').metrics['relevance@10'].mean,
  );
  expect(of('oracle').metrics['relevance@10'].mean).toBeGreaterThanOrEqual(
    of('medoid-0.01').metrics['relevance@10'].mean,
  );
  expect(of('average-0.01').differences['recall@10']).toEqual({ mean: 0, low: 0, high: 0 });
  expect(of('last').lifts['recall@10']?.mean).toBe(0);
  expect(report.orderings.map(({ claim }) => claim)).toContain('relevance flattens near e = 3');
  expect(report.curve.map(({ e }) => e)).toEqual([1, 2, 3, 5, 10, 'all']);
  expect(report.words.join('\n')).toMatch(/several embeddings/);
  expect(report.protocol.regime.interests).toBeCloseTo(2, 0); // the tastes of these users
  expect(report.protocol.regime.cosine).toBeGreaterThan(0.5);
});

test('re-ranking by exposure shows more of the catalog, and the report says at what price', async () => {
  const options = { budget: 10, contenders: ['popularity', 'medoid-0.01'], exposureStrength: 2 };
  const report = await evaluateHere(await directoryOf(usualActions(30)), options);
  const of = (name: string) => report.contenders.find((contender) => contender.name === name)!;
  expect(of('popularity+exposure').exposure.coverage).toBeGreaterThan(of('popularity').exposure.coverage);
  expect(of('medoid-0.01+exposure').metrics.novelty.mean).toBeGreaterThan(
    of('medoid-0.01').metrics.novelty.mean,
  );
  expect(report.words.filter((text) => text.startsWith('Re-ranked by exposure'))).toHaveLength(2);
});

test('a contender of one’s own takes part, and users are grouped by an attribute', async () => {
  const path = await directoryOf(usualActions(50), (data) =>
    data.putUsers(
      Array.from({ length: 50 }, (_, u) => ({
        userId: `u${u}`,
        attributes: { plan: u % 2 ? 'free' : 'paid' },
      })),
    ),
  );
  const file = join(tempDir(), 'mine.mjs');
  writeFileSync(
    file,
    `import { itemInterest, recipeModel } from ${JSON.stringify(import.meta.resolve('pinnersage'))};
     export const contenders = () => [{ name: 'first', about: 'the first item ever',
       fit: (user) => recipeModel(user, [itemInterest(user, 0)], { interests: 'all' }) }];`,
  );
  const modules = [{ module: pathToFileURL(file).href }];
  const report = await evaluateHere(path, {
    modules,
    segments: ['plan'],
    contenders: ['last'],
    baseline: 'first',
  });
  expect(report.contenders.map(({ name }) => name)).toEqual(['last', 'first']);
  const plans = report.segments.find(({ by }) => by === 'plan');
  expect(plans?.groups.map(({ name }) => name).sort()).toEqual(['free', 'paid']);
  expect(plans?.gaps).toHaveLength(2);
  const users = plans?.groups.reduce((sum, group) => sum + group.users, 0);
  expect(users).toBe(report.protocol.users);
});

test('spaces are compared on the same users, steps and items, with one yardstick', async () => {
  const path = await directoryOf(usualActions(24), (data) =>
    data.embed({ from: 'actions', space: 'learnt', dim: 8 }),
  );
  const options = { budget: 10, contenders: ['average-0.01', 'medoid-0.01'] };
  const alone = await evaluateHere(path, options);
  const both = await evaluateHere(path, { ...options, beside: ['learnt', 'default'] });
  const of = (name: string) => both.contenders.find((contender) => contender.name === name)!;
  expect(both.contenders.slice(0, 2)).toEqual(alone.contenders);
  expect(of('medoid-0.01@default').metrics).toEqual(of('medoid-0.01').metrics);
  expect(of('medoid-0.01@learnt').metrics).not.toEqual(of('medoid-0.01').metrics);
  expect(both.words.filter((text) => text.includes('space "learnt"'))).toHaveLength(4);
  const blind = await evaluateHere(path, { ...options, space: 'learnt', beside: ['default'] });
  expect(blind.protocol).toMatchObject({ steps: both.protocol.steps, targets: both.protocol.targets });
});

test('mistakes are refused before the walk begins', async () => {
  const path = await directoryOf(usualActions(5));
  for (const options of [
    { baseline: 'nobody' },
    { contenders: ['nobody'] },
    { segments: ['plan'] },
    { users: 0 },
    { budgets: [0] },
    { stepDays: -1 },
    { refitDays: 0 },
    { stepDays: 0.1, refitDays: 0.1 },
    { relevanceCosine: 2 },
    { fromMs: Date.parse('2030-01-01T00:00:00Z') },
    { exposureStrength: -1 },
    { shared: { prior: -1 } },
  ])
    await expect(evaluateHere(path, options), JSON.stringify(options)).rejects.toMatchObject({
      code: 'option-invalid',
    });
});

test('the page stands alone: no address in it but names of namespaces', async () => {
  const html = evaluationHtml(
    await evaluateHere(await directoryOf(usualActions(30)), {
      contenders: ['last', 'average-0.01', 'oracle'],
    }),
  );
  expect(html).toContain('<svg');
  expect(html.match(/(?:src|href)=/g)).toBeNull();
  expect(
    (html.match(/https?:[^"'\s]+/g) ?? []).filter((url) => !url.startsWith('http://www.w3.org/')),
  ).toEqual([]);
});

test.each([
  [9_774, [10, 20, 50, 100, 200, 400], 100],
  [20_000, [10, 20, 50, 100, 200, 400], 200],
  [1_000_000, [10, 20, 50, 100, 200, 400], 400],
  [300, [10], 10],
  [50, [2], 2],
])('a catalog of %i items is asked for %j candidates, mainly %i', (items, all, main) => {
  const budgets = budgetsFor(items, {});
  expect(budgets.all).toEqual(all);
  expect(budgets.all[budgets.main]).toBe(main);
});

test('a verdict needs an interval on one side of 0', () => {
  expect(verdictOf({ mean: 1, low: 0.1, high: 2 })).toBe('holds');
  expect(verdictOf({ mean: -1, low: -2, high: -0.1 })).toBe('fails');
  expect(verdictOf({ mean: 1, low: -0.1, high: 2 })).toBe('unclear');
});
