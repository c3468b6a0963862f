import { expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { Refinement } from '../../src/catalog/refinement.js';
import { openDirectory } from '../../src/disk/directory.js';
import { tempDir } from '../helpers/temp.js';

const content = {
  dim: 2,
  normalized: true,
  source: 'test',
  items: Uint32Array.of(0, 1),
  vectors: Float32Array.of(1, 0, 0, 1),
};

const refinement: Refinement = {
  summary: {
    duplicatesCosine: 0.98,
    qualityField: 'quality',
    qualityFloor: null,
    considered: 2,
    duplicates: 1,
    lowQuality: 0,
  },
  rows: Uint32Array.of(1),
  keepers: Int32Array.of(0),
  values: Float64Array.of(0.99),
};

test('a refinement is of one generation of a space, and goes with it', async () => {
  const directory = await openDirectory(tempDir(), { mode: 'write' });
  const catalog = new Catalog(directory);
  const generations = [1, 2, 3].map(() => {
    catalog.upsert(
      ['a', 'b'].map((itemId) => ({ itemId, metadata: {}, vector: null })),
      null,
    );
    const info = catalog.replaceSpace('s', content);
    expect(catalog.refinement(info)).toBeNull();
    expect([...catalog.load('s').live]).toEqual([1, 1]);
    catalog.setRefinement(info, refinement);
    expect(catalog.refinement(info)).toEqual(refinement);
    expect([...catalog.load('s').live]).toEqual([1, 0]);
    expect([...catalog.load('s').present]).toEqual([1, 1]);
    return info;
  });
  // As its vectors do, the one before the current generation stays for readers; those before it are gone.
  expect(generations.map((info) => catalog.refinement(info) !== null)).toEqual([false, true, true]);
  catalog.replaceSpace('t', content);
  catalog.setActive('t');
  catalog.setRefinement(catalog.space('t'), refinement);
  catalog.dropSpace('s');
  expect(generations.map((info) => catalog.refinement(info))).toEqual([null, null, null]);
  expect(catalog.refinement(catalog.space('t'))).toEqual(refinement);
  await directory.close();
});
