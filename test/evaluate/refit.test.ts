import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'pinnersage';
import { expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { openDirectory } from '../../src/disk/directory.js';
import { recipeSource } from '../../src/evaluate/contenders/recipe.js';
import { prepareEvaluation } from '../../src/evaluate/evaluation.js';
import { refitOf } from '../../src/evaluate/refit.js';
import { walkForward } from '../../src/evaluate/walk.js';
import { tempDir } from '../helpers/temp.js';

const day = 86_400_000;
const start = Date.parse('2026-01-01T00:00:00Z');
const cut = start + 6 * day;

/** Users act on one item a day out of one of two tastes, for ten days. */
async function world(path: string): Promise<void> {
  mkdirSync(path, { recursive: true });
  const data = await open(path, { onNote: () => {} });
  const itemId = (user: number, i: number): string =>
    `${user % 2 ? 'a' : 'b'}${(5 * user + i * (1 + (user % 3))) % 24}`;
  await data.putItems(
    ['a', 'b'].flatMap((taste) =>
      Array.from({ length: 24 }, (_, i) => ({
        itemId: `${taste}${i}`,
        metadata: { title: `${taste}x thing${i}` },
      })),
    ),
  );
  await data.appendActions(
    Array.from({ length: 30 }, (_, user) =>
      Array.from({ length: 10 }, (_, i) => ({
        userId: `u${user}`,
        itemId: itemId(user, i),
        type: 'save',
        timestamp: start + i * day + user,
      })),
    ).flat(),
  );
  await data.embed({ from: 'actions', dim: 5, minUsers: 1, seed: 3 });
  await data.embed({ from: 'mix', dim: 6, minUsers: 1, fields: ['title'] });
  await data.embed({ from: 'text', dim: 5 });
  for (const from of ['actions', 'mix'] as const)
    await data.embed({
      from,
      dim: from === 'mix' ? 6 : 5,
      minUsers: 1,
      seed: from === 'mix' ? 0 : 3,
      fields: ['title'],
      untilMs: cut,
      space: `${from} cut`,
    });
  await data.close();
}

test('a space made from actions is made again as it would have been at the cut, and the walk refuses it as it is', async () => {
  const path = join(tempDir(), 'data');
  await world(path);
  const directory = await openDirectory(path, { mode: 'read' });
  const catalog = new Catalog(directory);
  for (const name of ['actions', 'mix']) {
    const refitted = refitOf(directory, catalog.load(name))?.(cut);
    const wanted = catalog.load(`${name} cut`);
    expect([...(refitted?.table.itemOfRow ?? [])]).toEqual([...wanted.itemOfRow]);
    expect(refitted?.table.vectors).toEqual(wanted.vectors.slice());
    expect(refitted?.sources).toMatchObject([{ newestMs: cut }]);
  }
  expect(refitOf(directory, catalog.load('text'))).toBeNull();

  const input = { space: 'actions', fromMs: start + 7 * day, profile: { alpha: 0.5 } };
  const sources = [recipeSource([{ name: 'paper', recipe: {} }])];
  const walked = await walkForward(prepareEvaluation(directory, input), { sources, workers: 1 });
  expect(walked.users.length).toBeGreaterThan(20);
  const { info, ...table } = catalog.load('actions');
  const stored = () => ({
    name: 'actions',
    generation: info.generation,
    normalized: true,
    table,
    sources: [{ what: 'space "actions"', newestMs: info.untilMs ?? null }],
  });
  const leaky = prepareEvaluation(directory, { ...input, fitSpace: stored });
  await expect(walkForward(leaky, { sources, workers: 1 })).rejects.toMatchObject({ code: 'leak' });
  await directory.close();
});
