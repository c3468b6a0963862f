import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { itemsAt } from '../../src/catalog/changes.js';
import { openDirectory } from '../../src/disk/directory.js';
import { createRng } from '../../src/math/rng.js';
import { vectorOf } from '../../src/model/item.js';
import { tempDir } from '../helpers/temp.js';

/** What can be asked of a space, in plain values. */
function plain(catalog: Catalog) {
  const { live, present, itemOfRow, rowOfItem, vectors, info } = catalog.load();
  return {
    rows: info.rows,
    itemOfRow: Array.from(itemOfRow),
    rowOfItem: Array.from(rowOfItem),
    present: Array.from(present),
    live: Array.from(live),
    vectors: Array.from(vectors),
  };
}

test('a space that follows changes is the one that is read anew, and older ones stay as they were', async () => {
  const path = join(tempDir(), 'data');
  const directory = await openDirectory(path, { mode: 'write' });
  const writer = new Catalog(directory);
  const follower = new Catalog(directory);
  const rng = createRng(4);
  const item = (i: number, vector: boolean) => ({
    itemId: `i${i}`,
    metadata: { version: rng.below(1000) },
    vector: vector ? Float32Array.from({ length: 3 }, () => rng.normal()) : null,
  });
  let space = writer.spaceForWriting('default', 3, false, 'a test');
  space =
    writer.upsert(
      Array.from({ length: 20 }, (_, i) => item(i, true)),
      space,
    ).space ?? space;
  const held: { seen: ReturnType<typeof plain>; space: ReturnType<Catalog['load']> }[] = [];
  for (let step = 0; step < 60; step++) {
    const some = Array.from({ length: 1 + rng.below(40) }, () => rng.below(30 + 20 * step));
    if (step % 3 === 0) writer.delete(some.map((i) => `i${i}`));
    else
      space =
        writer.upsert(
          some.map((i) => item(i, i % 4 !== 0)),
          space,
        ).space ?? space;
    expect(plain(follower)).toEqual(plain(new Catalog(directory)));
    expect(itemsAt(directory, writer.version())).toBe([...writer.items()].length);
    held.push({ seen: plain(follower), space: follower.load() });
  }
  for (const { seen, space: older } of held) {
    expect(Array.from(older.vectors)).toEqual(seen.vectors);
    expect(Array.from(older.live)).toEqual(seen.live);
    for (const key of older.itemOfRow) expect(vectorOf(older, key)?.length).toBe(3);
  }
  await directory.close();
});

test('which rows are present is known without a look at the items only while all of them are in the catalog', async () => {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  const catalog = new Catalog(directory);
  const vector = Float32Array.of(1);
  const space = catalog.spaceForWriting('default', 1, false, 'a test');
  const put = (...ids: string[]) =>
    catalog.upsert(
      ids.map((itemId) => ({ itemId, metadata: null, vector })),
      catalog.version() === 0 ? space : catalog.space(),
    );
  const read = () => {
    const { present, itemOfRow, rowOfItem } = new Catalog(directory).load();
    itemOfRow.forEach((item, row) => {
      expect(present[row] === 1).toBe(rowOfItem[item] === row && catalog.itemByKey(item) !== null);
    });
    return { counted: itemsAt(directory, catalog.version()), present: present.reduce((a, b) => a + b, 0) };
  };
  put('a', 'b', 'c', 'b');
  expect(read()).toEqual({ counted: 3, present: 3 });
  catalog.delete(['b', 'b', 'nobody']);
  expect(read()).toEqual({ counted: 2, present: 2 });
  put('d');
  expect(read()).toEqual({ counted: 3, present: 3 });
  put('b');
  expect(read()).toEqual({ counted: 4, present: 4 });
  // Known from actions alone.
  directory.write(() => catalog.ids.ensureAll(['e']));
  catalog.delete(['a']);
  expect(read()).toEqual({ counted: 3, present: 3 });
  put('a', 'e');
  expect(read()).toEqual({ counted: 5, present: 5 });
  // A release that does not count changes the catalog.
  directory.write(() => {
    catalog.ids.write(0, { id: 'a', flags: 3, metadata: {} });
    directory.writeMeta('catalogVersion', catalog.version() + 1);
  });
  expect(read()).toEqual({ counted: null, present: 4 });
  put('f');
  expect(read()).toEqual({ counted: null, present: 5 });
  await directory.close();
});
