import { join } from 'node:path';
import { open } from 'pinnersage';
import { expect, test } from 'vitest';
import { PinnersageClient } from '../../src/client.js';
import { createRng } from '../../src/math/rng.js';
import { serve } from '../helpers/server.js';
import { tempDir } from '../helpers/temp.js';
import { vectorOf } from './ledger.js';

const day = 86_400_000;
const users = 1500;

test('a server that is stopped in the middle of a batch gives it up and loses nothing else', async () => {
  const path = join(tempDir(), 'data');
  const filling = await open(path);
  const items = Array.from({ length: 500 }, (_, i) => ({ itemId: `i${i}`, embedding: vectorOf(`i${i}`, 1) }));
  await filling.putItems(items);
  const rng = createRng(1);
  const now = Date.now();
  const actions = Array.from({ length: 100 * users }, (_, i) => ({
    userId: `u${i % users}`,
    itemId: `i${rng.below(500)}`,
    type: 'save',
    timestamp: now - Math.floor(80 * day * rng.uniform()),
  }));
  await filling.appendActions(actions);
  await filling.batch({ nowMs: now - day });
  const before = filling.describe();
  await filling.close();

  const server = await serve(path, '--batch-every', 'none');
  const client = new PinnersageClient({ baseUrl: server.url, retries: 0 });
  const batch = client.batch({ full: true }).catch((error: unknown) => error);
  const late = { userId: 'u1', itemId: 'i1', type: 'save', timestamp: now };
  expect((await client.appendActions([late])).accepted).toBe(1); // by now the batch runs
  server.process.kill('SIGTERM');
  expect(await batch).toMatchObject({ status: 503, code: 'interrupted' });
  expect(await server.ended, server.log()).toBe(0);

  const data = await open(path);
  expect(data.describe()).toEqual({
    ...before,
    actions: before.actions + 1,
    newestAction: expect.any(String),
  });
  const { differing, leftOut } = data.verifyUsers({ users: 50, nowMs: now });
  expect({ differing, leftOut }).toEqual({ differing: [], leftOut: 0 });
  expect(await data.batch({ nowMs: now })).toMatchObject({ users, failed: 0 });
  await data.close();
});
