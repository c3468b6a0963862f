import { appendFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { prepareVector } from '../../src/catalog/check.js';
import { compactSpace } from '../../src/catalog/compact.js';
import { openDirectory } from '../../src/disk/directory.js';
import { vectorOf } from '../../src/model/item.js';
import { tempDir } from '../helpers/temp.js';

const vector = (...numbers: number[]): Float32Array => Float32Array.from(numbers);

async function openCatalog(path: string) {
  const directory = await openDirectory(path, { mode: 'write' });
  return { directory, catalog: new Catalog(directory) };
}

test('items, metadata and vectors come back as they went in', async () => {
  const path = join(tempDir(), 'data');
  const { directory, catalog } = await openCatalog(path);
  const space = catalog.spaceForWriting('default', 2, true, 'test');
  const done = catalog.upsert(
    [
      { itemId: 'a', metadata: { title: 'A', tags: ['x', 'y'] }, vector: vector(1, 0) },
      { itemId: 'b', metadata: null, vector: null },
      { itemId: 'c', metadata: null, vector: vector(0, 1) },
    ],
    space,
  );
  expect(done).toMatchObject({ written: 3, unchanged: 0 });
  await directory.close();

  const again = await openCatalog(path);
  expect(again.catalog.item('a')).toEqual({
    key: 0,
    itemId: 'a',
    metadata: { title: 'A', tags: ['x', 'y'] },
  });
  const loaded = again.catalog.load();
  expect(loaded.info).toMatchObject({ name: 'default', dim: 2, normalized: true, rows: 2, generation: 1 });
  expect(vectorOf(loaded, 2)).toEqual(vector(0, 1));
  expect(vectorOf(loaded, 1)).toBeNull();
  expect([...loaded.live]).toEqual([1, 1]);
  await again.directory.close();
});

test('the same item again is unchanged; a new vector hides the old row, a deleted item hides its row', async () => {
  const { directory, catalog } = await openCatalog(join(tempDir(), 'data'));
  const one = [{ itemId: 'a', metadata: { n: 1 }, vector: vector(1, 0) }];
  const first = catalog.upsert(one, catalog.spaceForWriting('default', 2, true, 'test'));
  expect(catalog.upsert(one, first.space)).toMatchObject({ written: 0, unchanged: 1 });

  const moved = catalog.upsert([{ itemId: 'a', metadata: null, vector: vector(0, 1) }], first.space);
  expect(moved.written).toBe(1);
  expect(catalog.item('a')?.metadata).toEqual({ n: 1 });
  expect([...catalog.load().live]).toEqual([0, 1]);
  expect(vectorOf(catalog.load(), 0)).toEqual(vector(0, 1));

  expect(catalog.delete(['a', 'never'])).toBe(1);
  expect(catalog.item('a')).toBeNull();
  expect([...catalog.load().live]).toEqual([0, 0]);
  expect(vectorOf(catalog.load(), 0)).toEqual(vector(0, 1)); // history still has it

  catalog.upsert([{ itemId: 'a', metadata: null, vector: null }], moved.space);
  expect([...catalog.load().live]).toEqual([0, 1]);
  await directory.close();
});

test('rows that were written but not committed are ignored and overwritten', async () => {
  const path = join(tempDir(), 'data');
  const { directory, catalog } = await openCatalog(path);
  const space = catalog.spaceForWriting('default', 2, true, 'test');
  const first = catalog.upsert([{ itemId: 'a', metadata: null, vector: vector(1, 0) }], space);
  appendFileSync(join(path, 'spaces/0/1/vectors.f32'), Buffer.alloc(5, 255));
  appendFileSync(join(path, 'spaces/0/1/items.u32'), Buffer.alloc(3, 255));
  catalog.upsert([{ itemId: 'b', metadata: null, vector: vector(0, 1) }], first.space);
  expect([...catalog.load().vectors]).toEqual([1, 0, 0, 1]);
  await directory.close();
});

test('a vector file that lost its end is named', async () => {
  const path = join(tempDir(), 'data');
  const { directory, catalog } = await openCatalog(path);
  const space = catalog.spaceForWriting('default', 2, true, 'test');
  catalog.upsert([{ itemId: 'a', metadata: null, vector: vector(1, 0) }], space);
  await directory.close();
  truncateSync(join(path, 'spaces/0/1/vectors.f32'), 20);
  const again = await openCatalog(path);
  expect(() => again.catalog.load()).toThrow(expect.objectContaining({ code: 'data-damaged' }));
  await again.directory.close();
});

test('a replaced space is a new generation; the threshold stays only where a person stated it', async () => {
  const { directory, catalog } = await openCatalog(join(tempDir(), 'data'));
  const content = { dim: 1, normalized: true, source: 'test', items: Uint32Array.of(0), vectors: vector(1) };
  catalog.upsert([{ itemId: 'a', metadata: null, vector: null }], null);
  expect(() => catalog.load()).toThrow(expect.objectContaining({ code: 'space-missing' }));
  expect(catalog.replaceSpace('text', content)).toMatchObject({ generation: 1, rows: 1, alpha: null });
  catalog.setAlpha('text', { value: 0.3, origin: 'rule' });
  expect(catalog.replaceSpace('text', { ...content, dim: 1 })).toMatchObject({ generation: 2, alpha: null });
  catalog.setAlpha('text', { value: 0.3, origin: 'user' });
  expect(catalog.replaceSpace('text', content).alpha).toEqual({ value: 0.3, origin: 'user' });
  expect(() => catalog.space('other')).toThrow(expect.objectContaining({ code: 'space-unknown' }));
  expect(() => catalog.spaceForWriting('text', 3, true, '')).toThrow(
    expect.objectContaining({ code: 'dimension-mismatch' }),
  );
  expect(() => catalog.spaceForWriting('text', 1, false, '')).toThrow(
    expect.objectContaining({ code: 'option-invalid' }),
  );
  await directory.close();
});

test('a space whose items have changed and whose rows have not is loaded with what is said of it now', async () => {
  const { directory, catalog } = await openCatalog(join(tempDir(), 'data'));
  const item = { itemId: 'a', metadata: null, vector: vector(1, 0) };
  catalog.upsert([item], catalog.spaceForWriting('text', 2, true, 'test'));
  const before = catalog.load('text');
  catalog.setAlpha('text', { value: 0.3, origin: 'user' });
  catalog.delete(['a']);
  const after = catalog.load('text');
  expect(after.info.alpha).toEqual({ value: 0.3, origin: 'user' });
  expect(after.vectors).toBe(before.vectors);
  await directory.close();
});

test('vectors are scaled to norm 1 without overflow, and refused where they have no direction', () => {
  expect(prepareVector([3, 4], 2, true)).toEqual({ vector: vector(0.6, 0.8) });
  expect(prepareVector([3e30, 4e30], null, true)).toEqual({ vector: vector(0.6, 0.8) });
  expect(prepareVector([3e-30, 4e-30], null, true)).toEqual({ vector: vector(0.6, 0.8) });
  expect(prepareVector([3, 4], null, false)).toEqual({ vector: vector(3, 4) });
  expect(prepareVector([0, -0], null, false)).toMatchObject({ reason: 'vector-zero' });
  expect(prepareVector([1, Number.NaN], null, true)).toMatchObject({ reason: 'vector-not-finite' });
  expect(prepareVector([1, 1e39], null, true)).toMatchObject({ reason: 'vector-not-finite' });
  expect(prepareVector([1, 2, 3], 2, true)).toMatchObject({ reason: 'dimension-mismatch' });
  expect(prepareVector([6e17, 8e17], null, false)).toEqual({ vector: vector(6e17, 8e17) });
  for (const large of [
    [6.1e17, -8e17],
    [3e38, 3e38],
  ])
    expect(prepareVector(large, null, false)).toMatchObject({
      reason: 'vector-too-large',
      detail: expect.stringMatching(/got norm \S+, expected at most 1e\+18, /),
    });
});

test('a reader whose files a writer has just replaced reads the new ones', async () => {
  const { directory, catalog } = await openCatalog(join(tempDir(), 'data'));
  const space = catalog.spaceForWriting('s', 2, true, 'test');
  const first = catalog.upsert([{ itemId: 'a', metadata: null, vector: vector(1, 0) }], space);
  catalog.upsert([{ itemId: 'a', metadata: null, vector: vector(0, 1) }], first.space);
  const before = catalog.spaceTable();
  let isOld = true;
  const reader = new Catalog({
    ...directory,
    readMeta: <T>(name: string): T | null =>
      isOld && name === 'spaces' ? (before as T) : directory.readMeta<T>(name),
    refresh: () => {
      isOld = false;
    },
  });
  const nobody = { moveTo: () => {} };
  expect(compactSpace(directory, catalog, nobody, 's', { purge: false })).toBe(1);
  const loaded = reader.load();
  expect(loaded.info).toMatchObject({ generation: 2, rows: 1 });
  expect(vectorOf(loaded, 0)).toEqual(vector(0, 1));
  await directory.close();
});

test('a space dropped and made again under its name is another one for a reader', async () => {
  const { directory, catalog } = await openCatalog(join(tempDir(), 'data'));
  const reader = new Catalog(directory);
  const put = (name: string, ...numbers: number[]) =>
    catalog.upsert(
      [{ itemId: 'a', metadata: null, vector: vector(...numbers) }],
      catalog.spaceForWriting(name, 2, true, 'test'),
    );
  put('stays', 1, 0);
  put('other', 1, 0);
  expect(vectorOf(reader.load('other'), 0)).toEqual(vector(1, 0));
  catalog.dropSpace('other');
  put('other', 0, 1);
  expect(vectorOf(reader.load('other'), 0)).toEqual(vector(0, 1));
  await directory.close();
});
