import { join } from 'node:path';
import { calibrate, evaluate, open, openEngine, PinnersageError } from 'pinnersage';
import { expect, test } from 'vitest';
import { tempDir } from '../helpers/temp.js';

/** As callers do who have no type checker. */
const odd = { conut: 5 } as object;

async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof PinnersageError && error.code === 'option-invalid') return error.message;
    throw error;
  }
  throw new Error('it was not refused');
}

test('an option that nobody reads is refused by whatever takes options, with those there are', async () => {
  const path = join(tempDir(), 'data');
  await expect(refusal(() => open(path, odd))).resolves.toBe(
    'options: got "conut", expected one of mode, create, onNote',
  );
  const data = await open(path);
  await data.putItems([{ itemId: 'a', embedding: [1, 0] }]);
  const before = data.describe();
  const refused: readonly (() => unknown)[] = [
    () => data.importItems('items.csv', odd),
    () => data.removeItems('items.csv', odd),
    () => data.importActions('actions.csv', odd),
    () => data.importActions('actions.csv', { wallClockMs: 5 } as object),
    () => data.importUsers('users.csv', odd),
    () => data.putItems([{ itemId: 'b', embedding: [0, 1] }], odd),
    () => data.embedText(odd),
    () => data.embed({ from: 'text', ...odd }),
    () => data.refine(odd),
    () => data.batch(odd),
    () => data.interests('u', odd),
    () => data.sampleUsers({ count: 1, seed: 1, ...odd }),
    () => data.recommend('u', odd),
    () => data.recommend('u', Object.create(odd)),
    () => data.buildIndex(odd),
    () => data.indexStatus(odd),
    () => data.checkIndex(odd),
    () => data.buildSpace('words', odd),
    () => data.buildSpace('words', { embed: odd }),
    () => data.buildSpace('words', { batch: odd }),
    () => data.compareSpaces('default', 'default', odd),
    () => data.rows('items', odd),
    () => data.export('items', 'items.ndjson', odd),
    () => data.retain(odd),
    () => data.verifyUsers(odd),
    () => calibrate(path, odd),
    () => evaluate(path, odd),
    () => openEngine({ path, ...odd }),
  ];
  for (const work of refused)
    expect(await refusal(work), String(work)).toMatch(
      /^options: got "(conut|wallClockMs)", expected one of /,
    );
  expect(await refusal(() => data.recommend('u', odd))).toContain('expected one of count, seed, filter');
  expect(data.describe()).toEqual(before);
  await data.close();

  const serving = await openEngine({ path });
  const { userCache } = serving.status();
  for (const work of [
    () => serving.recommend('u', odd),
    () => serving.recommend('u', { nowMs: 5 } as object),
    () => serving.batch(odd),
  ])
    expect(await refusal(work)).toMatch(/^options: got "(conut|nowMs)", expected one of /);
  expect(serving.status().userCache).toEqual(userCache);
  await serving.close();
});
