import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'pinnersage';
import { expect, test } from 'vitest';
import { ApiError, PinnersageClient } from '../../src/client.js';
import type { Action } from '../../src/model/action.js';
import { smallDisk } from '../helpers/disk.js';
import { serve } from '../helpers/server.js';
import { check } from './check.js';
import { Ledger, vectorOf } from './ledger.js';

const day = 86_400_000;
const users = 50;

/** Actions of which each takes some room. */
function* actions(): Generator<Action, never> {
  for (let i = 0; ; i++)
    yield {
      userId: `u${i % users}`,
      itemId: `i${i % 97}`,
      type: 'save',
      timestamp: Date.now() - day - i,
      eventId: `${i} ${'x'.repeat(200)}`,
    };
}

const items = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    itemId: `i${from + i}`,
    embedding: vectorOf(`i${from + i}`, 1),
    metadata: { version: 1 },
  }));

/** Leaves no room on the file system of a folder, whatever else writes to it meanwhile. */
function fillUp(folder: string): string {
  const path = join(folder, 'filler');
  const file = openSync(path, 'w');
  const block = Buffer.alloc(4096);
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    closeSync(file);
  }
  return path;
}

/** Whether there was room; any error but that there was none is thrown. */
async function fits(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 507) throw error;
    expect(error.code).toBe('disk-full');
    return false;
  }
}

test('while the disk is full a server refuses what it cannot keep, answers, and goes on when there is room', async ({
  skip,
}) => {
  const disk = smallDisk(12);
  if (disk === null) return skip('mounting a small file system is not permitted here');
  const path = join(disk.path, 'data');
  const ledger = new Ledger();
  const source = actions();
  const append = async (client: PinnersageClient, count: number): Promise<boolean> => {
    const some = Array.from({ length: count }, () => source.next().value);
    ledger.send(some);
    const isKept = await fits(client.appendActions(some));
    if (isKept) ledger.acknowledge(some);
    return isKept;
  };
  const clientOf = ({ url }: { readonly url: string }) => new PinnersageClient({ baseUrl: url, retries: 0 });

  let server = await serve(path, '--batch-every', 'none');
  let client = clientOf(server);
  await client.putItems(items(0, 97));
  let arrays = 0;
  while (await append(client, 500)) arrays++;
  expect(arrays).toBeGreaterThan(5);
  const filler = fillUp(disk.path);
  const holdsOut = async (userToErase: string) => {
    expect(await fits(client.putItems(items(1000, 20_000)))).toBe(false);
    // Pages that are free inside the database may still take a few.
    let kept = 0;
    while (kept < 50 && (await append(client, 500))) kept++;
    expect(kept).toBeLessThan(50);
    await fits(client.deleteItem('i96'));
    ledger.erased.set(userToErase, 'sent');
    if (await fits(client.eraseUser(userToErase))) ledger.erased.set(userToErase, 'acknowledged');
    await fits(client.batch());
    expect((await client.recommend('u1', { count: 3 })).source).not.toBe('none');
    expect((await client.interests('u2')).interests.length).toBeGreaterThan(0);
    expect((await client.actions('u1', { limit: 1000 })).actions.length).toBeGreaterThan(arrays);
  };
  await holdsOut('u3');
  server.process.kill('SIGKILL');
  await server.ended;
  server = await serve(path, '--batch-every', 'none');
  client = clientOf(server);
  await holdsOut('u4');

  rmSync(filler);
  disk.grow();
  expect(await append(client, 500)).toBe(true);
  const { accepted } = await client.putItems(items(1000, 5_000));
  expect(accepted).toBe(5_000);
  expect((await client.batch()).failed).toBe(0);
  expect(
    (await client.appendActions(ledger.unanswered())).rejected.every(({ code }) => code === 'user-erased'),
  ).toBe(true);
  const data = await open(path, { mode: 'read' });
  check(data, ledger);
  await data.close();
  server.process.kill('SIGTERM');
  expect(await server.ended, server.log()).toBe(0);
});
