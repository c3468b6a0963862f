import { expect, test } from 'vitest';
import { openDirectory } from '../../src/disk/directory.js';
import { prepareEvaluation } from '../../src/evaluate/evaluation.js';
import { HistoryMaker } from '../../src/evaluate/history.js';
import { userLogUntil } from '../../src/evaluate/log.js';
import { modelsOf } from '../../src/evaluate/models.js';
import { cutOf } from '../../src/evaluate/plan.js';
import { recipeModel } from '../../src/evaluate/recipemodel.js';
import { createRng } from '../../src/math/rng.js';
import type { Recipe } from '../../src/model/recipe.js';
import { storedSpaceOf } from './stored.js';
import { directoryOf, usualActions } from './worlds.js';

test('scores rank items as the recipe retrieves them, a mixture too, with and without a prior', async () => {
  const directory = await openDirectory(await directoryOf(usualActions(20)), { mode: 'read' });
  const { plan, rules, log, periods, space } = prepareEvaluation(directory, {});
  const [[, period]] = [...periods()];
  const models = modelsOf(period, storedSpaceOf(space));
  const asOfMs = cutOf(plan.timetable, 0);
  const [number] = plan.users;
  const user = new HistoryMaker(rules.history).at(
    number,
    'u',
    userLogUntil(log, number, asOfMs),
    asOfMs,
    models,
  );
  const recipes: Partial<Recipe>[] = (['centroid', 'items', 'medoid'] as const).flatMap((query) =>
    [0, 0.4].flatMap((prior) => [
      { interests: 'all' as const, query, prior, merge: 'mixture' as const, temperature: 0.3 },
      { interests: 'all' as const, query, prior, merge: 'score' as const },
    ]),
  );
  for (const recipe of recipes) {
    const model = recipeModel(user, user.interests(), recipe);
    const scores = Array.from(model.candidates(60, createRng(1)), (item) => model.score(item));
    for (let i = 1; i < scores.length; i++)
      expect(scores[i], JSON.stringify(recipe)).toBeLessThanOrEqual(scores[i - 1] + 1e-5);
  }
  // With an average beside the interests an item counts by both, and by popularity once.
  const own: Partial<Recipe> = { interests: 'all', query: 'centroid', merge: 'importance', prior: 0.4 };
  const scoresBy = (recipe: Partial<Recipe>) => recipeModel(user, user.interests(), recipe).score;
  const [interests, average] = [scoresBy(own), scoresBy({ ...own, query: 'average' })];
  const [both, whole] = [scoresBy({ ...own, averageShare: 0.75 }), scoresBy({ ...own, averageShare: 1 })];
  for (const item of Array.from(recipeModel(user, user.interests(), own).candidates(60, createRng(1)))) {
    expect(interests(item)).not.toBeCloseTo(average(item), 3);
    expect(both(item)).toBeCloseTo(0.25 * interests(item) + 0.75 * average(item), 6);
    expect(whole(item)).toBeCloseTo(average(item), 6);
  }
  await directory.close();
});
