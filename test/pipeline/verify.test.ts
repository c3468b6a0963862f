import { join } from 'node:path';
import { type Action, open } from 'pinnersage';
import { expect, test } from 'vitest';
import { viewOf } from '../../src/disk/codec.js';
import { openDirectory } from '../../src/disk/directory.js';
import { createRng } from '../../src/math/rng.js';
import { blockOf } from '../../src/store/block.js';
import { eachProfile } from '../../src/store/bundle.js';
import { tempDir } from '../helpers/temp.js';
import { randomMatrix } from '../helpers/vectors.js';

const day = 86_400_000;
const now = Date.parse('2026-06-30T00:00:00Z');
const users = 30;
const vectors = randomMatrix(4, 400, 16);
const item = (i: number, vector: number) => ({
  itemId: `i${i}`,
  embedding: Array.from(vectors.subarray(16 * vector, 16 * vector + 16)),
});

async function world(path: string) {
  const data = await open(path);
  await data.putItems(Array.from({ length: 100 }, (_, i) => item(i, i)));
  const rng = createRng(1);
  const actions = Array.from(
    { length: 900 },
    (_, i): Action => ({
      userId: `u${i % users}`,
      itemId: `i${rng.below(110)}`, // the last ten have no vector
      type: 'save',
      timestamp: now - Math.floor(80 * day * rng.uniform()),
    }),
  );
  await data.appendActions(actions);
  await data.batch({ nowMs: now, alpha: 0.8 });
  return data;
}

const clean = { users, identical: users };
const none = { users: 0, identical: 0 };

test('profiles of a batch are compared with what it knew, whatever has come since', async () => {
  const data = await world(join(tempDir(), 'data'));
  const verify = () => data.verifyUsers({ users, nowMs: now });
  expect(verify()).toMatchObject({ batch: clean, exact: none, leftOut: 0, differing: [] });
  await data.putItems(Array.from({ length: 40 }, (_, i) => item(90 - i, 300 + i)));
  await data.putItems(Array.from({ length: 10 }, (_, i) => item(100 + i, 200 + i)));
  await data.appendActions([{ userId: 'u0', itemId: 'i1', type: 'hide', timestamp: now }]);
  expect(verify()).toMatchObject({ batch: clean, exact: none, leftOut: 0, differing: [] });
  await data.appendActions([{ userId: 'u1', itemId: 'i2', type: 'save', timestamp: now }]);
  expect(verify()).toMatchObject({
    batch: { users: users - 1, identical: users - 1 },
    exact: { users: 1, identical: 1 },
    leftOut: 0,
    differing: [],
  });
  await data.close();
});

test('profiles of which it cannot be told what they were made from are left out until the next batch', async () => {
  const data = await world(join(tempDir(), 'data'));
  const verify = () => data.verifyUsers({ users, nowMs: now });
  const { actionsRemoved } = await data.retain({ actionsDays: 70, nowMs: now });
  expect(actionsRemoved).toBeGreaterThan(0);
  const cut = verify();
  expect(cut.leftOut).toBeGreaterThan(0);
  expect(cut.batch).toEqual({ users: users - cut.leftOut, identical: users - cut.leftOut });
  await data.declareActionType('save', { role: 'exclude', weight: 1 });
  expect(verify()).toMatchObject({ batch: none, leftOut: users, differing: [] });
  await data.declareActionType('save', { role: 'interest', weight: 2 });
  await data.batch({ nowMs: now, alpha: 0.8 });
  expect(verify()).toMatchObject({ batch: clean, leftOut: 0, differing: [] });
  await data.close();
});

test('a profile of somebody else is found', async () => {
  const path = join(tempDir(), 'data');
  await (await world(path)).close();
  const directory = await openDirectory(path, { mode: 'write' });
  const { profiles } = directory.tables;
  const [{ key, value }] = profiles.getRange({ limit: 1 });
  const parts: Buffer[] = [];
  eachProfile(0, viewOf(value), (_, start, end) => parts.push(value.subarray(start, end)));
  const [first, second, ...others] = parts;
  const swapped = blockOf([second, first, ...others].map((bytes, user) => [user, bytes] as const));
  directory.write(() => profiles.putSync(key, Buffer.from(swapped.bytes)));
  await directory.close();
  const data = await open(path, { mode: 'read' });
  const { batch, differing } = data.verifyUsers({ users, nowMs: now });
  expect(batch).toEqual({ users, identical: users - 2 });
  expect([...differing].sort()).toEqual(['u0', 'u1']);
  await data.close();
});
