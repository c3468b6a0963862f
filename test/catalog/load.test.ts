import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
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
    held.push({ seen: plain(follower), space: follower.load() });
  }
  for (const { seen, space: older } of held) {
    expect(Array.from(older.vectors)).toEqual(seen.vectors);
    expect(Array.from(older.live)).toEqual(seen.live);
    for (const key of older.itemOfRow) expect(vectorOf(older, key)?.length).toBe(3);
  }
  await directory.close();
});
