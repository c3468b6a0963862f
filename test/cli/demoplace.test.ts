import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'pinnersage';
import { expect, test } from 'vitest';
import { claimWorld } from '../../dist/cli/demoplace.js';
import { tempDir } from '../helpers/temp.js';

const midnight = Date.parse('2026-07-01T00:00:00Z');
const day = 86_400_000;
const code = (name: string) => expect.objectContaining({ code: name });

test('a world ends at the last midnight, keeps its time for three weeks, and then makes room for a new one', async () => {
  const path = join(tempDir(), 'demo');
  const noon = midnight + day / 2;
  expect(await claimWorld(path, 1, noon)).toBe(midnight);
  expect(JSON.parse(readFileSync(join(path, 'demo.json'), 'utf8'))).toEqual({ seed: 1, endMs: midnight });
  const trace = join(path, 'trace');
  writeFileSync(trace, '');
  expect(await claimWorld(path, 1, midnight + 20 * day)).toBe(midnight);
  expect(existsSync(trace)).toBe(true);
  expect(await claimWorld(path, 1, midnight + 21 * day)).toBe(midnight + 21 * day);
  expect(existsSync(trace)).toBe(false);
  writeFileSync(trace, '');
  await claimWorld(path, 2, midnight + 21 * day);
  expect(existsSync(trace)).toBe(false);
});

test('data that are no demo world are left alone, and so is a world that a server holds', async () => {
  const path = join(tempDir(), 'data');
  const data = await open(path);
  await data.putItems([{ itemId: 'a', embedding: [1, 0] }]);
  await data.close();
  await expect(claimWorld(path, 1, midnight)).rejects.toEqual(code('option-invalid'));
  expect((await open(path, { mode: 'read' })).describe().items).toBe(1);

  const files = tempDir();
  writeFileSync(join(files, 'thesis.txt'), 'all of it');
  await expect(claimWorld(files, 1, midnight)).rejects.toEqual(code('directory-invalid'));
  expect(existsSync(join(files, 'thesis.txt'))).toBe(true);

  const world = join(tempDir(), 'demo');
  await claimWorld(world, 1, midnight);
  const holder = await open(world);
  await expect(claimWorld(world, 2, midnight)).rejects.toEqual(code('directory-locked'));
  expect(existsSync(join(world, 'demo.json'))).toBe(true);
  await holder.close();
});
