import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open, type PinnerSage } from 'pinnersage';
import { expect, test } from 'vitest';
import { cli, cliJson } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp.js';
import { randomMatrix } from '../helpers/vectors.js';

const items = 3200;
const dim = 16;
const now = Date.parse('2026-06-30T00:00:00Z');

const vectors = randomMatrix(1, items, dim);
const itemsOf = (from: number, to: number, matrix = vectors) =>
  Array.from({ length: to - from }, (_, i) => ({
    itemId: `i${from + i}`,
    embedding: matrix.slice((from + i) * dim, (from + i + 1) * dim),
  }));

/** A directory with items, one user's actions, a batch, and notes as they come. */
async function create(count = items): Promise<{ path: string; data: PinnerSage; notes: string[] }> {
  const path = join(tempDir(), 'data');
  const notes: string[] = [];
  const data = await open(path, { onNote: (note) => notes.push(note) });
  await data.putItems(itemsOf(0, count));
  const action = { userId: 'u', type: 'save', timestamp: now - 1000 };
  await data.appendActions([{ ...action, itemId: 'i7' }]);
  await data.batch({ nowMs: now });
  return { path, data, notes };
}

const nearest = (data: PinnerSage, count = 20): string[] =>
  data.recommend('u', { count, seed: 1 }).items.map(({ itemId }) => itemId);

const folders = (path: string): string[] => readdirSync(join(path, 'index')).sort();

test('builds that are asked for at once come one after the other; one that fails does not stop the next', async () => {
  const { data } = await create(300);
  const refused = data.buildIndex({ m: 1 });
  const both = [data.buildIndex({ workers: 1 }), data.buildIndex({ workers: 1, m: 8 })];
  await expect(refused).rejects.toMatchObject({ code: 'option-invalid' });
  expect(await Promise.all(both)).toMatchObject([{ indexed: 300 }, { indexed: 300, parameters: { m: 8 } }]);
  expect(data.indexStatus()).toMatchObject({ serving: 'index', index: { parameters: { m: 8 } } });
  await data.close();
});

test('an index is built, serves, and falls behind as items come, change and go', async () => {
  const { data, path, notes } = await create(3000);
  expect(data.indexStatus()).toMatchObject({ items: 3000, serving: 'exact scan', index: null });
  expect(() => data.checkIndex()).toThrow(/pinnersage index/);
  const exact = nearest(data);
  const seen: number[] = [];
  const report = await data.buildIndex({ workers: 1, onProgress: (done) => seen.push(done) });
  expect(report).toMatchObject({ space: 'default', spaceGeneration: 1, indexed: 3000 });
  expect(report.recall.value).toBeGreaterThan(0.97);
  expect(seen).toEqual([1024, 2048, 3000]);
  expect(data.checkIndex()).toEqual(report.recall);
  expect(nearest(data)).toEqual(exact);
  const fresh = { serving: 'index', index: { delta: 0, masked: 0, stale: false } };
  expect(data.indexStatus()).toMatchObject(fresh);

  await data.deleteItems(exact.slice(0, 1));
  const moved = randomMatrix(2, items, dim);
  await data.putItems(itemsOf(100, 120, moved));
  expect(data.indexStatus()).toMatchObject({ index: { delta: 20, masked: 21, stale: false } });
  expect(nearest(data)).not.toContain(exact[0]);
  await data.putItems([{ itemId: 'twin', embedding: vectors.slice(7 * dim, 8 * dim) }]);
  expect(nearest(data)[0]).toBe('twin');
  await data.putItems(itemsOf(3000, 3190));
  expect(data.indexStatus()).toMatchObject({ index: { delta: 211, masked: 21, stale: true } });
  expect(data.describe().spaces[0].index).toMatchObject({ indexed: 3000, appended: 211, stale: true });

  await data.buildIndex({ workers: 2 });
  expect(data.indexStatus()).toMatchObject({ items: 3190, ...fresh });
  expect(folders(path)).toEqual(['1']);
  expect(notes).toEqual([]);
  await data.close();
});

test('a reader goes on with the index it has open while another takes its place, and then takes that', async () => {
  const { data, path } = await create();
  await data.buildIndex();
  const reader = await open(path, { mode: 'read' });
  const before = nearest(reader);
  const { builtAt } = reader.indexStatus().index!;
  await data.buildIndex({ m: 32 });
  expect(folders(path)).toEqual(['1']);
  const after = nearest(reader); // the file it has mapped is gone by name
  expect(after.filter((id) => before.includes(id)).length).toBeGreaterThan(18);
  await new Promise(setImmediate); // a new read transaction
  const status = reader.indexStatus().index!;
  expect(status.parameters.m).toBe(32);
  expect(status.builtAt >= builtAt).toBe(true);
  await reader.close();
  await data.close();
});

const damages: Record<string, (path: string) => void> = {
  truncated: (path) => truncateSync(path, 1000),
  longer: (path) => appendFileSync(path, 'x'),
  empty: (path) => truncateSync(path, 0),
  missing: (path) => rmSync(path),
  changed: (path) => {
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(path, bytes);
  },
};

test('a damaged index is named with what to run, and the exact scan serves until it is built again', async () => {
  const { data, path } = await create();
  const exact = nearest(data);
  await data.buildIndex({ workers: 1 });
  await data.close();
  for (const name of ['graph.usearch', 'rows.u8'])
    for (const [kind, damage] of Object.entries(damages)) {
      const copy = join(tempDir(), 'copy');
      cpSync(path, copy, { recursive: true });
      damage(join(copy, 'index', '0', name));
      const notes: string[] = [];
      const found = await open(copy, { mode: 'read', onNote: (note) => notes.push(note) });
      expect(nearest(found), kind).toEqual(exact);
      expect(nearest(found), kind).toEqual(exact);
      expect(notes, kind).toEqual([expect.stringContaining(name)]);
      expect(notes[0]).toContain('run "pinnersage index --space default"');
      expect(found.indexStatus(), kind).toMatchObject({ serving: 'exact scan', index: null });
      expect(() => found.checkIndex(), kind).toThrow(name);
      await found.close();
    }
  damages.truncated(join(path, 'index', '0', 'graph.usearch'));
  const mended = await open(path);
  await mended.buildIndex({ workers: 1 });
  expect(mended.indexStatus()).toMatchObject({ serving: 'index', whyExact: null });
  await mended.close();
});

test('the index of another directory is not taken for ours', async () => {
  const ours = await create();
  const others = await create(2900);
  await ours.data.buildIndex();
  await others.data.buildIndex();
  await ours.data.close();
  await others.data.close();
  const file = join('index', '0', 'graph.usearch');
  copyFileSync(join(others.path, file), join(ours.path, file));
  const { status, stderr } = cli('index', '--check', '--data', ours.path);
  expect(status).toBe(1);
  expect(stderr).toMatch(/graph\.usearch.*run "pinnersage index --space default".*\[data-damaged\]/);
  const answer = cli('recommend', 'u', '--count', '5', '--json', '--data', ours.path);
  expect(answer.status).toBe(0);
  expect(answer.stderr).toMatch(/^note: .*the exact scan serves meanwhile$/m);
  expect(JSON.parse(answer.stdout).items).toHaveLength(5);
});

test('what a killed build leaves is never served, and is gone after the next build', async () => {
  const { data, path } = await create();
  await data.buildIndex();
  const before = nearest(data);
  // Killed while writing, and killed between the final name and the pointer.
  mkdirSync(join(path, 'index', '1.building'));
  writeFileSync(join(path, 'index', '1.building', 'graph.usearch'), 'half');
  mkdirSync(join(path, 'index', '1'));
  writeFileSync(join(path, 'index', '1', 'graph.usearch'), 'whole, but nothing points here');
  expect(nearest(data)).toEqual(before);
  expect(data.indexStatus().serving).toBe('index');
  await data.buildIndex();
  expect(data.indexStatus().serving).toBe('index');
  expect(folders(path)).toEqual(['1']);
  await data.close();
});

test('an interrupted build leaves the index before in use', async () => {
  const { data, path } = await create();
  await data.buildIndex();
  const controller = new AbortController();
  const stopped = data.buildIndex({ signal: controller.signal, onProgress: () => controller.abort() });
  await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
  await expect(data.buildIndex({ signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'interrupted',
  });
  expect(data.indexStatus().serving).toBe('index');
  await data.buildIndex();
  expect(folders(path)).toHaveLength(1);
  await data.close();
});

test('a new generation of the space is not answered from the index of the one before', async () => {
  const { data } = await create(300);
  await data.buildIndex();
  await data.putItems([
    { itemId: 'i0', metadata: { title: 'red lamp' } },
    { itemId: 'i1', metadata: { title: 'oak table' } },
  ]);
  await data.embedText({ space: 'default', dim: 2 });
  expect(data.indexStatus()).toMatchObject({ serving: 'exact scan', index: null });
  await data.close();
});

test('a dropped space takes its index with it', async () => {
  const { data, path } = await create(300);
  await data.buildIndex();
  await data.putItems(itemsOf(0, 100), { space: 'other' });
  await data.buildIndex({ space: 'other' });
  expect(folders(path)).toEqual(['0', '1']);
  await data.dropSpace('other');
  expect(folders(path)).toEqual(['0']);
  expect(data.indexStatus().serving).toBe('index');
  await data.close();
});

test('parameters out of range are refused', async () => {
  const { data } = await create(300);
  for (const options of [{ m: 1 }, { m: 2.5 }, { efConstruction: 0 }, { efSearch: 0 }, { workers: 0 }])
    await expect(data.buildIndex(options)).rejects.toMatchObject({ code: 'option-invalid' });
  await data.close();
});

test('the command builds, looks and checks; without the library it says so and the exact scan serves', async () => {
  const { data, path } = await create();
  const exact = nearest(data);
  await data.close();
  const built = cliJson<{ indexed: number }>('index', '--workers', '1', '--ef-search', '80', '--data', path);
  expect(built).toMatchObject({ indexed: items, parameters: { m: 16, efConstruction: 128, efSearch: 80 } });
  expect(cliJson<{ value: number }>('index', '--check', '--data', path).value).toBeGreaterThan(0.97);
  const without = join(tempDir(), 'without.cjs');
  writeFileSync(
    without,
    "const m = require('node:module'); const load = m._load;\n" +
      "m._load = (name, ...rest) => { if (name === 'usearch') throw new Error('not here'); return load(name, ...rest); };\n",
  );
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['--require', without, main, ...args, '--data', path], { encoding: 'utf8' });
  const refused = run('index');
  expect(refused.status).toBe(1);
  expect(refused.stderr).toMatch(/not here.*npm install usearch@.*exact scan \[index-unavailable\]/);
  const answered = run('recommend', 'u', '--count', '20', '--seed', '1', '--json');
  expect(answered.stderr).toMatch(/note: .*not here.*exact scan serves/);
  const found = JSON.parse(answered.stdout) as { items: { itemId: string }[] };
  expect(found.items.map(({ itemId }) => itemId)).toEqual(exact);
});

test('the index of an unnormalised space beside a large mean finds what the scan finds, also when opened again', async () => {
  const path = join(tempDir(), 'data');
  const count = 3600; // enough that 100 neighbours are asked of the graph
  const rows = itemsOf(
    0,
    count,
    randomMatrix(4, count, dim, false).map((x) => 100 + 0.05 * x),
  ).map(({ itemId, embedding }) => JSON.stringify({ item_id: itemId, embedding: Array.from(embedding) }));
  const file = join(tempDir(), 'items.ndjson');
  writeFileSync(file, rows.join('\n'));
  const data = await open(path);
  await data.importItems(file, { normalize: false });
  const { recall } = await data.buildIndex({ workers: 1 });
  expect(recall.value).toBeGreaterThan(0.95);
  await data.close();
  const again = await open(path, { mode: 'read' });
  expect(again.checkIndex()).toEqual(recall);
  await again.close();
});
