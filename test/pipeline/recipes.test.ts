import { join } from 'node:path';
import { open } from 'pinnersage';
import { expect, test } from 'vitest';
import { cli, cliJson } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp.js';
import { randomMatrix } from '../helpers/vectors.js';

const now = Date.parse('2026-06-30T00:00:00Z');
const items = 60;

/** User u likes i0 … i5; item i40 is what everybody else likes. */
async function world(path: string): Promise<void> {
  const data = await open(path, { onNote: () => {} });
  const vectors = randomMatrix(2, items, 6);
  await data.putItems(
    Array.from({ length: items }, (_, i) => ({
      itemId: `i${i}`,
      embedding: vectors.subarray(6 * i, 6 * i + 6),
    })),
  );
  const save = (userId: string, itemId: string, ago: number) => ({
    userId,
    itemId,
    type: 'save',
    timestamp: now - ago * 1000,
  });
  await data.appendActions([
    ...Array.from({ length: 6 }, (_, i) => save('u', `i${i}`, i + 1)),
    ...Array.from({ length: 9 }, (_, i) => save(`other${i}`, 'i40', i + 1)),
  ]);
  await data.batch({ nowMs: now, alpha: 0.4 });
  await data.close();
}

interface Answer {
  readonly recommendationId: string;
  readonly propensity: number;
  readonly interests: readonly unknown[];
  readonly items: readonly { itemId: string }[];
}

test('a recipe comes by name and by single options, from the command as from the library', async () => {
  const path = join(tempDir(), 'data');
  await world(path);
  const ask = (...flags: string[]): Answer =>
    cliJson(
      'recommend',
      'u',
      '--data',
      path,
      '--count',
      '10',
      '--seed',
      '3',
      '--now',
      '2026-06-30',
      ...flags,
    );
  const plain = ask();
  expect(ask('--recipe', 'paper')).toEqual(plain);
  expect(plain.interests).toHaveLength(3);
  expect(plain.items[0].itemId).not.toBe('i40');

  const popular = ask('--interests', 'all', '--query', 'average', '--prior', '3');
  expect(popular).toMatchObject({ propensity: 1 });
  expect(popular.interests.length).toBeGreaterThan(3);
  expect(popular.items[0].itemId).toBe('i40');
  expect(popular.recommendationId).not.toBe(plain.recommendationId);

  const data = await open(path, { mode: 'read' });
  const request = { count: 10, seed: 3, nowMs: now } as const;
  const same = data.recommend('u', { ...request, interests: 'all', query: 'average', prior: 3 });
  expect(same).toEqual(popular);
  const few = data.recommend('u', { ...request, popularShare: 0.1, merge: 'mixture', interests: 'all' });
  expect(few.items.length).toBeLessThan(10); // six popular items of sixty, most of them the user's own
  expect(() => data.recommend('u', { ...request, recipe: 'soup' as 'paper' })).toThrow(/recipe: got "soup"/);
  await data.close();
  expect(cli('recommend', 'u', '--data', path, '--prior', '-1')).toMatchObject({ status: 2 });
});

test('the prior follows the batch', async () => {
  const path = join(tempDir(), 'data');
  await world(path);
  const data = await open(path, { onNote: () => {} });
  const first = (): string | undefined =>
    data.recommend('u', { count: 3, prior: 3, nowMs: now }).items[0]?.itemId;
  expect(first()).toBe('i40');
  await data.appendActions(
    Array.from({ length: 30 }, (_, i) => ({
      userId: `new${i}`,
      itemId: 'i50',
      type: 'save',
      timestamp: now - i,
    })),
  );
  expect(first()).toBe('i40');
  await data.batch({ nowMs: now });
  expect(first()).toBe('i50');
  await data.close();
});

test('popularity fades as importance does, or at a pace of its own', async () => {
  const path = join(tempDir(), 'data');
  const data = await open(path, { onNote: () => {} });
  await data.putItems(
    ['old', 'new', 'third'].map((itemId, i) => ({ itemId, embedding: [i === 0 ? 1 : 0, 1, i] })),
  );
  const act = (itemId: string, user: number, daysAgo: number) => ({
    userId: `${itemId}${user}`,
    itemId,
    type: 'save',
    timestamp: now - daysAgo * 86_400_000,
  });
  await data.appendActions([...[0, 1, 2].map((user) => act('old', user, 10)), act('new', 0, 1)]);
  const popular = async (settings: Parameters<typeof data.configure>[0]) => {
    await data.configure(settings);
    await data.batch({ nowMs: now, alpha: 0.4 });
    return data.recommend('nobody', { count: 2, nowMs: now }).items;
  };
  const asImportance = await popular({ lambda: 0.01 });
  expect(asImportance.map(({ itemId }) => itemId)).toEqual(['old', 'new']);
  expect(asImportance[0].score).toBeCloseTo(3 * Math.exp(-0.1), 5);
  expect(await popular({ popularityLambda: 0.01 })).toEqual(asImportance);
  const own = await popular({ popularityLambda: 1 });
  expect(own.map(({ itemId }) => itemId)).toEqual(['new', 'old']);
  expect(own[0].score).toBeCloseTo(Math.exp(-1), 5);
  await expect(data.configure({ popularityLambda: -1 })).rejects.toMatchObject({ code: 'option-invalid' });
  await data.close();
});
