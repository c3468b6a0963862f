import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open, type PinnerSage } from 'pinnersage';
import { expect, test } from 'vitest';
import { openDirectory } from '../../src/disk/directory.js';
import { readMarker, writeMarker } from '../../src/disk/marker.js';
import { compact } from '../../src/pipeline/compact.js';
import { cli, cliJson } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp.js';
import { randomMatrix } from '../helpers/vectors.js';

const day = 86_400_000;
const now = Date.parse('2026-06-30T00:00:00Z');

const items = (seed: number) => {
  const vectors = randomMatrix(seed, 50, 8);
  return Array.from({ length: 50 }, (_, i) => ({
    itemId: `i${i}`,
    embedding: vectors.subarray(8 * i, 8 * i + 8),
    metadata: { title: `item ${i}` },
  }));
};

async function filled(path: string): Promise<PinnerSage> {
  const data = await open(path);
  await data.putItems(items(1));
  await data.putItems(items(2).slice(0, 20)); // replaces 20 vectors
  await data.appendActions(
    Array.from({ length: 400 }, (_, i) => ({
      userId: `u${i % 20}`,
      itemId: `i${(i * 7) % 50}`,
      type: 'save',
      timestamp: now - Math.floor(i / 20) * 3 * day,
    })),
  );
  await data.batch({ nowMs: now });
  return data;
}

const answers = (data: PinnerSage): unknown => [
  [...data.rows('items')],
  [...data.rows('actions')],
  Array.from({ length: 20 }, (_, u) => data.interests(`u${u}`, { members: true })),
  Array.from({ length: 20 }, (_, u) => data.recommend(`u${u}`, { count: 9, seed: 3 }).items),
];

test('old actions go, to the millisecond; what is younger, counts and the next batch are right', async () => {
  const path = join(tempDir(), 'data');
  const data = await filled(path);
  await expect(data.retain({})).rejects.toMatchObject({ code: 'option-invalid' });
  await expect(data.retain({ actionsDays: 0 })).rejects.toMatchObject({ code: 'option-invalid' });
  const kept = [...data.rows('actions')].filter(
    (row) => Date.parse(row.timestamp as string) >= now - 30 * day,
  );
  const report = await data.retain({ actionsDays: 30, nowMs: now });
  expect(report).toEqual({
    actionsBefore: new Date(now - 30 * day).toISOString(),
    actionsRemoved: 400 - kept.length,
    actionsKept: kept.length,
    vectorsRemoved: 0,
  });
  expect([...data.rows('actions')]).toEqual(kept);
  expect(await data.retain({ actionsDays: 30, nowMs: now })).toMatchObject({ actionsRemoved: 0 });
  await data.batch({ nowMs: now, windowDays: 'all' });
  expect(data.describe()).toMatchObject({ actions: kept.length, newestAction: new Date(now).toISOString() });
  expect(await data.retain({ actionsDays: 1, nowMs: now + 9 * day })).toMatchObject({ actionsKept: 0 });
  expect(data.describe()).toMatchObject({ actions: 0, newestAction: null });
  await data.close();
});

test('deleted items keep serving history until their vectors are purged', async () => {
  const path = join(tempDir(), 'data');
  const data = await filled(path);
  const medoid = data.interests('u1').interests[0].medoid;
  await data.deleteItems([medoid]);
  await data.batch({ nowMs: now });
  expect(JSON.stringify(data.interests('u1', { members: true }))).toContain(`"${medoid}"`);
  expect(await data.retain({ deletedItems: true })).toMatchObject({ actionsRemoved: 0, vectorsRemoved: 21 });
  expect(await data.retain({ deletedItems: true })).toMatchObject({ vectorsRemoved: 0 });
  expect((await data.batch({ nowMs: now })).actionsLeftOut.unembedded).toBeGreaterThan(0);
  expect(JSON.stringify(data.interests('u1', { members: true }))).not.toContain(`"${medoid}"`);
  await data.close();
});

test('compact makes files smaller and changes no answer', async () => {
  const path = join(tempDir(), 'data');
  const data = await filled(path);
  for (let i = 0; i < 5; i++) await data.batch({ nowMs: now + i, full: true });
  const before = answers(data);
  await data.close();
  const report = cliJson<{ bytesBefore: number; bytesAfter: number }>('compact', '--data', path);
  expect(report).toMatchObject({ rowsRemoved: 20, databaseRewritten: true });
  expect(report.bytesAfter).toBeLessThan(report.bytesBefore);
  expect(readMarker(path).state).toBe('state-2');
  expect(existsSync(join(path, 'state'))).toBe(false);
  const again = await open(path);
  expect(answers(again)).toEqual(before);
  expect(again.describe()).toMatchObject({
    spaces: [{ vectors: 50, generation: 2 }],
    batch: { spaceGeneration: 2 },
  });
  await again.putItems(items(3));
  await again.close();
  expect(cliJson('compact', '--data', path)).toMatchObject({ rowsRemoved: 50, databaseRewritten: true });
  expect(cliJson('compact', '--data', path)).toMatchObject({ rowsRemoved: 0 });
  expect(statSync(join(path, 'spaces/0/3/vectors.f32')).size).toBe(16 + 50 * 8 * 4);
  expect(readdirSync(join(path, 'spaces/0'))).toEqual(['3']);
});

test('a compaction killed before or after its one step leaves a directory that works', async () => {
  const path = join(tempDir(), 'data');
  const data = await filled(path);
  const before = answers(data);
  await data.close();
  const halfway = join(path, 'state-2');
  const directory = await openDirectory(path, { mode: 'write' });
  mkdirSync(halfway);
  await directory.copyTo(halfway); // killed before the marker
  await directory.close();
  let reader = await open(path, { mode: 'read' });
  expect(answers(reader)).toEqual(before);
  await reader.close();

  writeMarker(path, { format: 1, state: 'state-2' }); // killed after the marker: both folders are there
  reader = await open(path, { mode: 'read' });
  expect(answers(reader)).toEqual(before);
  await reader.close();
  await (await open(path)).close();
  expect(existsSync(join(path, 'state'))).toBe(false);

  rmSync(join(path, 'state-2'), { recursive: true });
  await expect(open(path, { mode: 'read' })).rejects.toMatchObject({ code: 'data-damaged' });
});

test('while another process reads, the database file stays as it is, and it goes on reading', async () => {
  const path = join(tempDir(), 'data');
  await (await filled(path)).close();
  const script = join(tempDir(), 'reader.mjs');
  const library = new URL('../../dist/index.js', import.meta.url).href;
  writeFileSync(
    script,
    `import { open } from '${library}';
     const data = await open(process.argv[2], { mode: 'read' });
     const ask = () => data.recommend('u1', { count: 5, seed: 1 }).items.length;
     console.log(ask());
     process.stdin.on('data', () => { console.log(ask()); process.exit(0); });`,
  );
  const reader = spawn(process.execPath, [script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said: string[] = [];
  await new Promise((resolve) => reader.stdout.once('data', resolve));
  reader.stdout.on('data', (part) => said.push(String(part)));
  const report = await compact(path);
  expect(report).toMatchObject({ rowsRemoved: 20, databaseRewritten: false });
  reader.stdin.write('go\n');
  await new Promise((resolve) => reader.on('close', resolve));
  expect(said.join('')).toBe('5\n');
  expect(await compact(path)).toMatchObject({ rowsRemoved: 0, databaseRewritten: true });
});

test('retain as a command', async () => {
  const path = join(tempDir(), 'data');
  await (await filled(path)).close();
  const at = ['--data', path];
  expect(cliJson('retain', '--actions-days', '30', '--now', '2026-06-30', ...at)).toMatchObject({
    actionsRemoved: 180,
    actionsKept: 220,
  });
  expect(cli('retain', ...at).status).toBe(2);
});

test('closing waits for the batch that runs, and nothing is begun any more', async () => {
  const path = join(tempDir(), 'data');
  const data = await filled(path);
  const rows = data.rows('items')[Symbol.iterator]();
  rows.next();
  const order: string[] = [];
  const batch = data.batch({ nowMs: now + day, full: true, workers: 2 }).then(() => order.push('batch'));
  const building = data.buildSpace('text').then(() => order.push('space'));
  const closing = data.close().then(() => order.push('closed'));
  const closed = expect.objectContaining({
    code: 'directory-closed',
    message: expect.stringContaining(path),
  });
  expect(() => data.interests('u1')).toThrow(closed);
  expect(() => data.item('i1')).toThrow(closed);
  expect(() => rows.next()).toThrow(closed);
  await expect(data.putItems(items(3))).rejects.toEqual(closed);
  await expect(data.batch()).rejects.toEqual(closed);
  await building.catch((error: unknown) => expect(error).toMatchObject({ code: 'batch-running' }));
  await Promise.all([batch, closing, data.close()]);
  expect(order.at(-1)).toBe('closed');
  expect(order).toContain('batch');
  await expect(data.appendActions([])).rejects.toEqual(closed);
  const again = await open(path); // the lock is free
  expect(again.describe().batch?.asOf).toBe(new Date(now + day).toISOString());
  expect(again.verifyLog()).toMatchObject({ lost: 0, duplicates: 0 });
  await again.close();
});

test('a batch that is closed over ends sooner by its signal, and the one before stays', async () => {
  const path = join(tempDir(), 'data');
  const data = await filled(path);
  const stop = new AbortController();
  const batch = data.batch({ nowMs: now + day, full: true, signal: stop.signal });
  const interrupted = expect(batch).rejects.toMatchObject({ code: 'interrupted' });
  const closing = data.close();
  stop.abort();
  await Promise.all([interrupted, closing]);
  const again = await open(path, { mode: 'read' });
  expect(again.describe().batch?.asOf).toBe(new Date(now).toISOString());
  await again.close();
});
