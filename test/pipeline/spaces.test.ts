import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open, type PinnerSage } from 'pinnersage';
import { expect, test } from 'vitest';
import { cli, cliJson } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp.js';
import { randomMatrix } from '../helpers/vectors.js';

const now = Date.parse('2026-06-30T00:00:00Z');
const count = 40;

/** Items a0 … in space "one" and b0 … in "two"; user u acted on some of both, so each answer shows its space. */
async function twoSpaces(path: string): Promise<PinnerSage> {
  const data = await open(path);
  const vectors = randomMatrix(1, count, 4);
  for (const [space, letter] of [
    ['one', 'a'],
    ['two', 'b'],
  ])
    await data.putItems(
      Array.from({ length: count }, (_, i) => ({
        itemId: `${letter}${i}`,
        embedding: vectors.subarray(4 * i, 4 * i + 4),
        metadata: { title: `${i % 2 ? 'odd' : 'even'} thing ${letter}` },
      })),
      { space },
    );
  const actions = ['a1', 'a2', 'a3', 'b1', 'b2', 'b3'].map((itemId, i) => ({
    userId: 'u',
    itemId,
    type: 'save',
    timestamp: now - i,
  }));
  await data.appendActions(actions);
  await data.batch({ nowMs: now });
  return data;
}

const lettersOf = (data: PinnerSage): string =>
  [...new Set(data.recommend('u', { count: 9, seed: 1 }).items.map(({ itemId }) => itemId[0]))].join('');

test('switching to a space and back is one step each and needs no new batch', async () => {
  const path = join(tempDir(), 'data');
  const data = await twoSpaces(path);
  const before = data.interests('u', { members: true });
  await expect(data.useSpace('two')).rejects.toMatchObject({ code: 'no-profiles' });
  await expect(data.useSpace('three')).rejects.toMatchObject({ code: 'space-unknown' });
  await data.batch({ nowMs: now, space: 'two' });
  expect(data.describe()).toMatchObject({ activeSpace: 'one', batch: { space: 'one', users: 1 } });
  expect(lettersOf(data)).toBe('a');

  await data.useSpace('two');
  expect(lettersOf(data)).toBe('b');
  expect(data.describe()).toMatchObject({ activeSpace: 'two', batch: { space: 'two' } });
  expect(data.interests('u', { members: true, space: 'one' })).toEqual(before);
  expect(data.recommend('u', { space: 'one', seed: 1 }).items[0].itemId).toMatch(/^a/);

  await data.useSpace('one');
  expect(data.interests('u', { members: true })).toEqual(before);
  expect(lettersOf(data)).toBe('a');
  await data.close();
});

test('the active space cannot be dropped; another goes with its vectors and profiles', async () => {
  const path = join(tempDir(), 'data');
  const data = await twoSpaces(path);
  await data.batch({ nowMs: now, space: 'two' });
  await expect(data.dropSpace('one')).rejects.toMatchObject({ code: 'space-active' });
  const folders = (): number => readdirSync(join(path, 'spaces')).filter((id) => hasFiles(path, id)).length;
  expect(folders()).toBe(2);
  await data.dropSpace('two');
  expect(folders()).toBe(1);
  expect(data.spaces().map(({ name }) => name)).toEqual(['one']);
  expect(() => data.interests('u', { space: 'two' })).toThrow(
    expect.objectContaining({ code: 'space-unknown' }),
  );
  // A new space of the old name starts without profiles.
  await data.putItems([{ itemId: 'b1', embedding: [1, 0] }], { space: 'two' });
  expect(data.spaces()[1]).toMatchObject({ name: 'two', dim: 2, generation: 1, batch: null });
  expect(lettersOf(data)).toBe('a');
  await data.close();
});

function hasFiles(path: string, id: string): boolean {
  const folder = join(path, 'spaces', id);
  return existsSync(folder) && readdirSync(folder).length > 0;
}

test('a space compared with itself is the same, with one of other items nothing is', async () => {
  const path = join(tempDir(), 'data');
  const data = await twoSpaces(path);
  await data.batch({ nowMs: now, space: 'two' });
  expect(data.compareSpaces('one', 'one', { k: 5 })).toMatchObject({
    neighbors: { items: count, overlap: 1 },
    interests: { users: 1, adjustedRand: 1 },
    candidates: { users: 1, overlap: 1 },
  });
  expect(data.compareSpaces('one', 'two', { k: 5 })).toMatchObject({
    neighbors: { items: 0, overlap: null },
    interests: { users: 1, adjustedRand: null },
    candidates: { users: 1, overlap: 0 },
  });
  expect(() => data.compareSpaces('one', 'two', { k: 0 })).toThrow(
    expect.objectContaining({ code: 'option-invalid' }),
  );
  await data.close();
});

test('space build, compare, use, list and drop as commands', async () => {
  const path = join(tempDir(), 'data');
  await (await twoSpaces(path)).close();
  const at = ['--data', path];
  const built = cliJson('space', 'build', 'text', '--now', '2026-06-30', '--alpha', '0.5', ...at);
  expect(built).toMatchObject({ embed: { space: 'text', items: 2 * count }, batch: { users: 1 } });
  expect(cli('space', 'build', 'one', ...at)).toMatchObject({ status: 2 });
  expect(cliJson('space', 'compare', 'one', 'text', '--k', '5', '--seed', '2', ...at)).toMatchObject({
    spaces: ['one', 'text'],
    neighbors: { items: count, overlap: expect.any(Number) },
    interests: { users: 1, adjustedRand: expect.any(Number) },
  });
  expect(cliJson('space', 'use', 'text', ...at)).toMatchObject([
    { name: 'text', active: true },
    { name: 'one', active: false },
    { name: 'two', active: false },
  ]);
  expect(cli('space', 'drop', 'text', ...at).stderr).toContain('[space-active]');
  expect(cliJson('space', 'drop', 'one', ...at)).toMatchObject([{ name: 'text' }, { name: 'two' }]);
  expect(cli('space', 'list', ...at).stdout).toContain('text (active)');
});

test('a reader in another process sees the old space or the new one, never a mix', async () => {
  const path = join(tempDir(), 'data');
  const data = await twoSpaces(path);
  await data.batch({ nowMs: now, space: 'two' });
  const script = fileURLToPath(new URL('./space-reader.mjs', import.meta.url));
  const reader = spawn(process.execPath, [script, path, '3000'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  reader.stdout.on('data', (part) => {
    said += part;
  });
  const ended = new Promise((resolve) => reader.on('close', resolve));
  let running = true;
  void ended.then(() => {
    running = false;
  });
  for (let i = 0; running; i++) {
    await data.useSpace(i % 2 === 0 ? 'two' : 'one');
    await new Promise(setImmediate);
  }
  const seen = JSON.parse(said);
  expect(seen.mixed).toBe(0);
  expect(seen.a).toBeGreaterThan(0);
  expect(seen.b).toBeGreaterThan(0);
  await data.close();
});

test('a space has an id for a name, any there is, and none that nobody made', async () => {
  const data = await open(join(tempDir(), 'data'));
  const lamp = { itemId: 'lamp', embedding: [1, 0], metadata: { title: 'Lamp of wood' } };
  const action = { userId: 'u', itemId: 'lamp', type: 'save', timestamp: now };
  await data.putItems([{ itemId: 'lamp', metadata: lamp.metadata }]);
  for (const space of ['', 'x'.repeat(257)])
    for (const work of [data.putItems([lamp], { space }), data.embedText({ space })])
      await expect(work).rejects.toMatchObject({
        code: 'id-invalid',
        message: expect.stringMatching(/^space: got an/),
      });
  await data.putItems([lamp]);
  await data.appendActions([action]);
  await data.batch({ nowMs: now });
  for (const name of ['__proto__', 'constructor']) {
    await expect(data.useSpace(name)).rejects.toMatchObject({ code: 'space-unknown' });
    await expect(data.dropSpace(name)).rejects.toMatchObject({ code: 'space-unknown' });
    expect(await data.putItems([lamp], { space: name })).toMatchObject({ accepted: 1, rejected: [] });
    await expect(data.useSpace(name)).rejects.toMatchObject({ code: 'no-profiles' });
    expect(await data.batch({ nowMs: now, space: name })).toMatchObject({ users: 1 });
    expect(data.interests('u', { space: name }).interests).toMatchObject([{ medoid: 'lamp' }]);
    await data.useSpace(name);
    expect(data.describe().activeSpace).toBe(name);
  }
  await data.dropSpace('default');
  expect(data.spaces().map(({ name }) => name)).toEqual(['constructor', '__proto__']);
  await data.close();
});

test('vectors are counted by items of the catalog, whatever lies in the file and is compacted away', async () => {
  const path = join(tempDir(), 'data');
  const data = await twoSpaces(path);
  const counts = (): number[] => data.spaces().map(({ vectors }) => vectors);
  const embedding = [1, 2, 3, 4];
  await data.putItems(
    ['a1', 'a2', 'a3', 'b4'].map((itemId) => ({ itemId, embedding })),
    { space: 'one' },
  );
  expect(counts()).toEqual([count + 1, count]); // b4 is in both now
  await data.deleteItems(['a1', 'a5']);
  expect(counts()).toEqual([count - 1, count]);
  expect(data.describe().spaces.map(({ vectors }) => vectors)).toEqual(counts());
  await data.close();
  const listed = () => cliJson<{ vectors: number }[]>('space', 'list', '--data', path);
  const before = await listed();
  expect(before.map(({ vectors }) => vectors)).toEqual([count - 1, count]);
  expect(cliJson('compact', '--data', path)).toMatchObject({ rowsRemoved: 3 });
  expect((await listed()).map(({ vectors }) => vectors)).toEqual([count - 1, count]);
  const whole = cliJson('retain', '--deleted-items', '--data', path);
  expect(whole).toMatchObject({ vectorsRemoved: 2 });
  expect((await listed()).map(({ vectors }) => vectors)).toEqual([count - 1, count]);
});
