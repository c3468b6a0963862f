import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open, type PinnerSage } from 'pinnersage';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { calibrate } from '../../src/evaluate/calibrate.js';
import { chooseSeveral, compare } from '../../src/evaluate/calibratechoice.js';
import type { CalibrationReport } from '../../src/evaluate/calibratereport.js';
import { evaluate } from '../../src/evaluate/evaluate.js';
import { layoutFor } from '../../src/evaluate/layout.js';
import { MetricTable } from '../../src/evaluate/table.js';
import type { Outcome } from '../../src/evaluate/walk.js';
import type { UserSums } from '../../src/evaluate/walker.js';
import { createRng } from '../../src/math/rng.js';
import { cli, cliJson } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp.js';

const day = 86_400_000;
const start = Date.parse('2026-01-01T00:00:00Z');
const days = 15;
const topics = 8;
const perTopic = 40;

/** Items lie on a circle, in topics 45° apart. A user likes `tastes` topics that are 90° apart, and acts once a day. */
async function circle(path: string, tastes: 1 | 2): Promise<PinnerSage> {
  const rng = createRng(7);
  const data = await open(path, { onNote: () => {} });
  await data.putItems(
    Array.from({ length: topics * perTopic }, (_, i) => {
      const angle = ((Math.floor(i / perTopic) * 45 + 8 * rng.uniform()) * Math.PI) / 180;
      return { itemId: `i${i}`, embedding: [Math.cos(angle), Math.sin(angle)] };
    }),
  );
  const actions = Array.from({ length: 32 }, (_, user) =>
    Array.from({ length: days }, (_, i) => {
      const topic = (user + 2 * (i % tastes)) % topics;
      const itemId = `i${topic * perTopic + rng.below(perTopic)}`;
      return { userId: `u${user}`, itemId, type: 'save', timestamp: start + i * day + user * 1000 };
    }),
  );
  await data.appendActions(actions.flat());
  return data;
}

let folder: string;
let path: string;
let report: CalibrationReport;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pinnersage-calibrate-'));
  path = join(folder, 'two');
  await (await circle(path, 2)).close();
  report = await calibrate(path, { users: 32, workers: 1, windowDays: 'all' });
}, 240_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('where an average lies between two tastes, several embeddings are chosen, and the evidence says why', () => {
  const { choice, comparison, surface, findings, budget } = report;
  expect(choice.family).toBe('several');
  expect(choice.recipe.query).not.toBe('average');
  expect(choice.single.recipe.query).toBe('average');
  expect(comparison[`recall@${budget}`].low).toBeGreaterThan(0);
  expect(findings.map(({ code }) => code)).toContain('several-win');
  expect(surface.length).toBeGreaterThan(30);
  // The single embedding stands beside the interests as it was found best, with more and with less of it.
  const beside = surface.flatMap(({ recipe }) => (recipe && recipe.averageShare > 0 ? [recipe] : []));
  expect(new Set(beside.map(({ averageShare }) => averageShare))).toEqual(new Set([0.75, 0.5, 0.9]));
  expect(new Set(beside.map(({ averagePrior }) => averagePrior))).toEqual(
    new Set([choice.single.recipe.prior]),
  );
  expect(new Set(surface.map(({ name }) => name)).size).toBe(surface.length);
  const value = (name: string): number =>
    surface.find((tried) => tried.name === name)?.metrics[`recall@${budget}`] ?? Number.NaN;
  const difference = value(report.several) - value(report.single);
  expect(comparison[`recall@${budget}`].mean).toBeCloseTo(difference, 10);
});

test('the period ends where the test of evaluate begins; a test that overlaps it is refused, the default one shows both', async () => {
  const { choice } = report;
  expect(choice.untilMs).toBeLessThan(start + days * day);
  const options = { users: 32, workers: 1, contenders: ['calibrated', 'calibrated-single', 'popularity'] };
  await expect(evaluate(path, { ...options, fromMs: choice.untilMs - day })).rejects.toMatchObject({
    code: 'leak',
  });
  const found = await evaluate(path, { ...options, baseline: 'calibrated-single', exposureStrength: 1 });
  const [compared] = found.calibrated;
  expect(compared).toMatchObject({ contender: 'calibrated', against: 'calibrated-single', isSame: false });
  expect(compared.betterOn).toContain(`recall@${report.budget}`);
  const chosen = found.contenders.find(({ name }) => name === 'calibrated');
  expect(compared.differences).toEqual(chosen?.differences);
  expect(found.words.join('\n')).toMatch(
    /as calibrated, less its best single embedding: surely better on .*recall@/,
  );
  // One is compared as it was calibrated too, its popularity prior with it.
  expect(found.words.join('\n')).toMatch(
    /recall@\d+: several embeddings \(best: calibrated\) win over one \(best: calibrated-single\)/,
  );
  expect(found.contenders.map(({ name }) => name)).toContain('calibrated+exposure');
  expect(Date.parse(found.protocol.from)).toBeGreaterThanOrEqual(choice.untilMs);
  expect(found.protocol).toMatchObject({ windowDays: 'all', lambda: choice.lambda });
  const recall = (name: string): number | undefined =>
    found.contenders.find((contender) => contender.name === name)?.metrics[`recall@${report.budget}`]?.mean;
  expect(recall('calibrated')).toBeGreaterThan(recall('calibrated-single') ?? 1);
});

test('the choice is stored with its space: batch and recommend go by it, what is configured stands before it', async () => {
  const data = await open(path, { onNote: () => {} });
  const { alpha, choice } = report;
  expect(data.spaces()[0]).toMatchObject({ alpha, calibration: choice });
  expect(alpha.origin).toBe('calibrated');
  const nowMs = start + days * day;
  const batch = await data.batch({ nowMs });
  expect(batch).toMatchObject({ alpha: alpha.value, windowDays: 'all' });
  const request = { count: 12, seed: 2, nowMs };
  const answer = data.recommend('u1', request);
  expect(answer).toEqual(data.recommend('u1', { ...request, recipe: 'calibrated' }));
  expect(answer).toEqual(data.recommend('u1', { ...request, ...choice.recipe, recipe: 'paper' }));
  await data.configure({ windowDays: 5 });
  expect(await data.batch({ nowMs })).toMatchObject({ windowDays: 5 });
  await data.close();
});

test('the same search gives the same choice with any number of threads; the command shows and forgets it', async () => {
  const again: CalibrationReport = cliJson(
    ...['calibrate', '--data', path, '--users', '32', '--window-days', 'all', '--dry-run', '--workers', '2'],
  );
  const withoutSettings = ({ surface }: CalibrationReport) =>
    surface.map(({ name, metrics }) => [name, metrics]);
  expect(withoutSettings(again)).toEqual(JSON.parse(JSON.stringify(withoutSettings(report))));
  expect(cliJson('calibrate', '--data', path, '--show')).toEqual(JSON.parse(JSON.stringify(report)));
  expect(cli('calibrate', '--data', path, '--show').stdout).toContain('<- chosen');
  expect(cliJson('calibrate', '--data', path, '--clear')).toBeNull();
  const data = await open(path, { mode: 'read' });
  expect(data.spaces()[0].alpha).toBeNull();
  expect(data.spaces()[0]).not.toHaveProperty('calibration');
  expect(() => data.recommend('u1', { recipe: 'calibrated' })).toThrow(/has no calibration/);
  await data.close();
}, 240_000);

test('users of one taste keep the single embedding, and are told so with numbers', async () => {
  const one = join(tempDir(), 'one');
  await (await circle(one, 1)).close();
  const found = await calibrate(one, { users: 30, workers: 1, windowDays: 'all' });
  expect(found.choice.family).toBe('single');
  expect(found.choice.recipe).toEqual(found.choice.single.recipe);
  const finding = found.findings.find(({ code }) => code === 'one-average-serves');
  expect(finding?.message).toMatch(/recall@\d+ [+−]\d\.\d{3} \[/);
}, 240_000);

/** Forty users of one step each with these recalls at 10 and 20, relevance at 20 and diversity, by contender. */
function tableOf(rows: { readonly [name: string]: (user: number) => readonly number[] }): MetricTable {
  const layout = layoutFor({ all: [10, 20], main: 1 });
  const names = ['recall@10', 'recall@20', 'relevance@20', 'diversity'];
  const contenders = Object.keys(rows);
  const users = Array.from({ length: 40 }, (_, user) => {
    const sums = new Float64Array(contenders.length * layout.metrics.length);
    contenders.forEach((name, c) => {
      const values = rows[name](user);
      names.forEach((metric, i) => {
        sums[c * layout.metrics.length + layout.metrics.indexOf(metric)] = values[i];
      });
    });
    return { user, steps: 1, ranked: 1, targets: 1, cold: 0, sums };
  }) as unknown as UserSums[];
  const infos = contenders.map((name) => ({ name, about: name, draws: 1, knowsFuture: false }));
  const outcome = { contenders: infos, layout, users, coldSteps: 0, exposures: [], sources: [] };
  return new MetricTable(outcome as unknown as Outcome, users, 3, names);
}

test('several take the place of one only when nowhere worse than tolerated and somewhere better for sure', () => {
  const table = tableOf({
    one: () => [0.2, 0.4, 0.5, 0.6],
    same: () => [0.2, 0.4, 0.5, 0.6],
    spread: () => [0.195, 0.395, 0.5, 0.7],
    worse: () => [0.2, 0.38, 0.5, 0.9],
    unsure: (user) => [user % 2 ? 0.3 : 0.15, 0.4, 0.5, 0.6],
    shaky: (user) => [0.2, user % 2 ? 0.5 : 0.32, 0.6, 0.9],
  });
  const guarded = ['recall@10', 'recall@20', 'relevance@20'];
  const gains = ['recall@20', 'relevance@20', 'diversity'];
  const of = (name: string) => compare(table, name, 'one', guarded, gains);
  expect(of('same')).toMatchObject({ isSafe: true, betterOn: [] });
  expect(of('spread')).toMatchObject({ isSafe: true, betterOn: ['diversity'] });
  expect(of('worse')).toMatchObject({ isSafe: false, betterOn: ['diversity'] });
  expect(of('unsure')).toMatchObject({ isSafe: true, betterOn: [] });
  expect(of('shaky').isSafe).toBe(false);
  expect(of('spread').differences.diversity.mean).toBeCloseTo(0.1, 12);
  expect(chooseSeveral(['worse', 'same', 'spread'].map(of))?.name).toBe('spread');
  expect(chooseSeveral(['worse', 'same', 'unsure', 'shaky'].map(of))).toBeNull();
});
