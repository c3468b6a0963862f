import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type PinnerSage } from 'pinnersage';
import { expect, test } from 'vitest';
import { cli, cliJson } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp.js';
import { randomMatrix } from '../helpers/vectors.js';

const items = 9000;
const dim = 64;
const now = Date.parse('2026-06-30T00:00:00Z');
const vectors = randomMatrix(1, items, dim);

/** Every second item is on sale, one in a hundred is rare. */
const itemsOf = (from: number, to: number, metadata?: (i: number) => { [field: string]: boolean }) =>
  Array.from({ length: to - from }, (_, at) => {
    const i = from + at;
    return {
      itemId: `i${i}`,
      embedding: vectors.slice(i * dim, (i + 1) * dim),
      metadata: metadata?.(i) ?? { sale: i % 2 === 0, rare: i % 100 === 0 },
    };
  });

async function create(): Promise<{ path: string; data: PinnerSage; notes: string[] }> {
  const path = join(tempDir(), 'data');
  const notes: string[] = [];
  const data = await open(path, { onNote: (note) => notes.push(note) });
  await data.putItems(itemsOf(0, items));
  await data.setPool('on sale', { sale: true });
  await data.appendActions([{ userId: 'u', type: 'save', itemId: 'i7', timestamp: now - 1000 }]);
  await data.batch({ nowMs: now, alpha: 0.1 });
  return { path, data, notes };
}

const found = (data: PinnerSage, how: { pool?: string; filter?: { [field: string]: boolean } }): string[] =>
  data.recommend('u', { count: 20, seed: 1, ...how }).items.map(({ itemId }) => itemId);

const sale = { filter: { sale: true } };
const pool = 'on sale';
/** A graph so poor that its answers cannot be taken for those of a scan. */
const poor = { workers: 1, m: 4, efConstruction: 4, efSearch: 1 };

test('requests for a pool use its own index, others do not, and small filters within it are scanned', async () => {
  const { data, path, notes } = await create();
  const exact = found(data, { pool });
  expect(found(data, sale)).toEqual(exact);
  expect(data.indexStatus({ pool })).toMatchObject({
    pool,
    items: items / 2,
    serving: 'exact scan',
    index: null,
  });

  expect(await data.buildIndex({ pool, ...poor })).toMatchObject({ pool, indexed: items / 2 });
  expect(data.indexStatus({ pool })).toMatchObject({ pool, serving: 'index' });
  expect(data.indexStatus()).toMatchObject({ pool: null, items, serving: 'exact scan', index: null });
  expect(found(data, { pool })).not.toEqual(exact);
  expect(found(data, sale)).toEqual(exact);
  const rare = { filter: { rare: true } };
  expect(found(data, { pool, ...rare })).toEqual(found(data, { filter: { sale: true, rare: true } }));

  await data.buildIndex({ pool, workers: 1 }); // what was remembered of the poor one does not come back
  expect(data.checkIndex({ pool }).value).toBeGreaterThan(0.9);
  const shared = found(data, { pool }).filter((id) => exact.includes(id));
  expect(shared.length).toBeGreaterThan(15);
  expect(readdirSync(join(path, 'index'))).toEqual(['1']);
  await data.buildIndex({ workers: 1 });
  expect(readdirSync(join(path, 'index')).sort()).toEqual(['1', '2']);
  expect(notes).toEqual([]);
  await data.close();
});

test('the index of a pool follows its items, its definition, and its end', async () => {
  const { data, path } = await create();
  await data.buildIndex({ pool, workers: 1 });
  const [first, second] = found(data, { pool });
  const row = (id: string): number => Number(id.slice(1));
  await data.putItems(itemsOf(row(first), row(first) + 1, () => ({ sale: false })));
  await data.putItems([
    { itemId: 'twin', embedding: vectors.slice(7 * dim, 8 * dim), metadata: { sale: true } },
    { itemId: 'other', embedding: vectors.slice(7 * dim, 8 * dim), metadata: { sale: false } },
  ]);
  const later = found(data, { pool });
  expect(later.slice(0, 2)).toEqual(['twin', second]);
  expect(later).not.toContain(first);
  expect(later).not.toContain('other');
  expect(data.indexStatus({ pool })).toMatchObject({
    serving: 'index',
    index: { delta: 1, masked: 1, stale: false },
  });

  await data.setPool(pool, { sale: false });
  const turned = found(data, { filter: { sale: false } });
  expect(found(data, { pool })).toEqual(turned);
  expect(data.indexStatus({ pool })).toMatchObject({ index: { stale: true } });

  await data.setPool(pool, null);
  expect(() => found(data, { pool })).toThrow(/expected one of/);
  expect(() => data.indexStatus({ pool })).toThrow(/expected one of/);
  await expect(data.buildIndex({ pool })).rejects.toMatchObject({ code: 'pool-unknown' });
  await data.buildIndex({ workers: 1 });
  expect(readdirSync(join(path, 'index'))).toEqual(['1']);
  await data.close();
});

test('index --pool builds, looks and checks', async () => {
  const { data, path } = await create();
  await data.close();
  const target = ['--pool', pool, '--data', path];
  expect(cliJson('index', ...target, '--workers', '1')).toMatchObject({ pool, indexed: items / 2 });
  expect(cliJson('index', ...target, '--status')).toMatchObject({ pool, serving: 'index' });
  expect(cliJson('index', ...target, '--check')).toMatchObject({ k: 100 });
  expect(cli('index', ...target, '--status').stdout).toContain('pool "on sale" of space "default"');
  const wrong = cli('index', '--pool', 'none', '--data', path);
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toContain('[pool-unknown]');
});
