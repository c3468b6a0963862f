import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { open, type PinnerSage } from 'pinnersage';
import { expect, test } from 'vitest';
import { cli, cliJson, cliStopped, mainFile } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp.js';

const day = 86_400_000;
const start = Date.parse('2026-01-01T00:00:00Z');

/** Two tastes: users like either items a0 … a9 or b0 … b9, one item a day; odd items have no text. */
async function twoTastes(path: string): Promise<PinnerSage> {
  const data = await open(path, { onNote: () => {} });
  await data.putItems(
    ['a', 'b'].flatMap((taste) =>
      Array.from({ length: 10 }, (_, i) => ({
        itemId: `${taste}${i}`,
        metadata: i % 2 === 0 ? { title: `${taste === 'a' ? 'lamp' : 'bread'} number${i} thing` } : {},
      })),
    ),
  );
  await data.appendActions(
    Array.from({ length: 12 }, (_, user) =>
      Array.from({ length: 6 }, (_, i) => ({
        userId: `u${user}`,
        itemId: `${user % 2 ? 'a' : 'b'}${(user + i * (1 + (user % 3))) % 10}`,
        type: 'save',
        timestamp: start + i * day,
      })),
    ).flat(),
  );
  return data;
}

test('co-engagement tells two tastes apart, and the space says up to when it read', async () => {
  const data = await twoTastes(join(tempDir(), 'data'));
  const found = await data.embed({ from: 'actions', dim: 4, minUsers: 1 });
  expect(found).toMatchObject({ space: 'actions', from: 'actions', fields: [], skipped: 0, items: 20 });
  expect(found.actions).toMatchObject({ until: '2026-01-06T00:00:00.000Z', users: 12, forgotten: 0 });
  expect(data.spaces()[0]).toMatchObject({ name: 'actions', untilMs: start + 5 * day, alpha: null });
  await data.batch({ nowMs: start + 9 * day, alpha: 0.5 });
  const { items } = data.recommend('u1', { count: 4, nowMs: start + 9 * day });
  expect(items.map(({ itemId }) => itemId[0])).toEqual(['a', 'a', 'a', 'a']);
  await data.close();
});

test('a cut keeps later actions out, whether they are in the log or not', async () => {
  const [early, late] = [tempDir(), tempDir()].map((dir) => join(dir, 'data'));
  const cut = start + 3 * day;
  const data = await twoTastes(early);
  const before = await data.embed({ from: 'actions', dim: 4, untilMs: cut, space: 'cut' });
  const vectors = [...data.rows('embeddings', { space: 'cut' })];
  await data.close();

  const more = await twoTastes(late);
  await more.appendActions(
    Array.from({ length: 10 }, (_, i) => ({
      userId: 'u1',
      itemId: `b${i}`,
      type: 'save',
      timestamp: cut + 1 + i,
    })),
  );
  const after = await more.embed({ from: 'actions', dim: 4, untilMs: cut, space: 'cut' });
  expect(after).toEqual(before);
  expect([...more.rows('embeddings', { space: 'cut' })]).toEqual(vectors);
  expect(more.spaces()[0].untilMs).toBe(cut);
  await more.close();
});

test('a mix has items with text only and with actions only; the command says the same', async () => {
  const path = join(tempDir(), 'data');
  const data = await twoTastes(path);
  await data.putItems([{ itemId: 'new', metadata: { title: 'lamp' } }]);
  const found = await data.embed({ from: 'mix', dim: 6, minUsers: 1, fields: ['title'] });
  expect(found).toMatchObject({ space: 'mix', items: 21, dim: 6, fields: ['title'] });
  const text = await data.embed({ from: 'text', dim: 6 });
  expect(text).toMatchObject({ items: 11, actions: null });
  expect(data.spaces().find(({ name }) => name === 'text')).not.toHaveProperty('untilMs');
  await data.close();
  const flags = ['--from', 'mix', '--dim', '6', '--min-users', '1', '--fields', 'title'];
  expect(await cliJson('embed', '--data', path, ...flags)).toEqual({ ...found, generation: 2 });
});

test('what cannot be embedded is said', async () => {
  const data = await open(join(tempDir(), 'data'));
  await data.putItems([{ itemId: 'a', metadata: {} }]);
  await expect(data.embed({ from: 'actions' })).rejects.toMatchObject({ code: 'column-missing' });
  await expect(data.embed({ from: 'text', fields: ['title'] })).rejects.toMatchObject({
    code: 'column-missing',
  });
  await expect(data.embed({ from: 'pictures' as 'text' })).rejects.toMatchObject({ code: 'option-invalid' });
  await data.close();
});

test('embedding that is interrupted stores nothing, and begins anew as if it had not been', async () => {
  const data = await twoTastes(join(tempDir(), 'data'));
  const options = { from: 'mix', dim: 6, minUsers: 1 } as const;
  const stopping = new AbortController();
  const onProgress = (): void => stopping.abort();
  const stopped = data.embed({ ...options, onProgress, signal: stopping.signal });
  await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
  expect(data.spaces()).toEqual([]);
  await expect(data.embed({ ...options, signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'interrupted',
  });
  expect(await data.embed(options)).toMatchObject({ generation: 1, items: 20 });
  const vectors = [...data.rows('embeddings')];
  expect(await data.embed(options)).toMatchObject({ generation: 2 });
  expect([...data.rows('embeddings')]).toEqual(vectors);
  await data.close();
});

test('a listener that throws while embedding goes on ends it with that error', async () => {
  const data = await twoTastes(join(tempDir(), 'data'));
  const onProgress = (): void => {
    throw new RangeError('of the listener');
  };
  await expect(data.embed({ from: 'text', onProgress })).rejects.toThrow('of the listener');
  expect(data.spaces()).toEqual([]);
  await data.close();
});

test('the thread that embeds stops at its first step once it is asked to', async () => {
  const path = join(tempDir(), 'data');
  await (await twoTastes(path)).close();
  const stop = new Int32Array(new SharedArrayBuffer(4)).fill(1);
  const file = new URL('../pipeline/embed-worker.js', pathToFileURL(mainFile));
  const worker = new Worker(file, { workerData: { path, options: { from: 'text' }, stop } });
  const said: unknown[] = [];
  worker.on('message', (message) => said.push(message));
  expect(await once(worker, 'exit')).toEqual([0]);
  expect(said).toMatchObject([{ failure: { code: 'interrupted' } }]);
});

test('space build hears Ctrl-C while it embeds, and so does embed', async () => {
  const path = join(tempDir(), 'data');
  await (await twoTastes(path)).close();
  for (const command of [
    ['space', 'build', 'words'],
    ['embed', '--from', 'text'],
  ]) {
    const { status, stderr } = cliStopped(...command, '--data', path);
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('[interrupted]') });
    expect(stderr).toContain('stopping at the next safe point');
    expect(await cliJson('space', 'list', '--data', path)).toEqual([]);
    expect(readdirSync(path)).not.toContain('spaces');
  }
  expect(cli('space', 'build', 'words', '--data', path)).toMatchObject({ status: 0 });
});
