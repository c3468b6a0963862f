import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compact, open } from 'pinnersage';
import { expect, test } from 'vitest';
import { sizeDeployment } from '../../src/bench/sizing.js';
import { tempDir } from '../helpers/temp.js';

test('sizes follow from counts; a batch costs more for more and for busier users, less on more cores', () => {
  const base = { items: 1000, users: 100, actions: 4000, dim: 16, cores: 1 };
  const size = sizeDeployment(base);
  expect(size.vectorBytes).toBe(4 * 1000 * 16);
  expect(size.diskBytes).toBeGreaterThan(size.vectorBytes + size.indexBytes);
  expect(size.pointsPerUser.mean).toBe(40);
  // The 99th percentile of a log-normal of mean 40 and spread 1.16: 40 · e^(2.326 · 1.16 − 1.16²/2) = 303.
  expect(size.pointsPerUser.p99 / 303).toBeGreaterThan(0.9);
  expect(size.pointsPerUser.p99 / 303).toBeLessThan(1.15);
  expect(size.batchSeconds).toBeGreaterThan(0);
  expect(sizeDeployment({ ...base, actions: 400_000 }).batchSeconds).toBeGreaterThan(10 * size.batchSeconds);
});

test('what cannot be sized is refused by name', () => {
  const refused = (given: Record<string, number>) =>
    expect(() => sizeDeployment(given)).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  refused({ items: 10, users: 10 });
  refused({ items: 0, users: 10, actions: 10 });
  refused({ items: 10, users: 10, actions: Number.NaN });
});

test('a directory takes on disk what it is said to', async () => {
  const path = join(tempDir(), 'data');
  const [items, users, perUser, dim] = [400, 600, 40, 8];
  const data = await open(path);
  const axes = Array.from({ length: items }, (_, i) =>
    Array.from({ length: dim }, (_, k) => Math.sin(1 + (i >> 1) * (k + 1) * 1.7)),
  );
  const now = Date.parse('2026-06-30T00:00:00Z');
  const description = 'words that an item of a real catalog has, some three hundred bytes of them. '.repeat(
    4,
  );
  await data.putItems(
    axes.map((embedding, i) => ({ itemId: `item ${i}`, embedding, metadata: { description } })),
  );
  for (let u = 0; u < users; u++)
    await data.appendActions(
      Array.from({ length: perUser }, (_, i) => ({
        userId: `user ${u}`,
        itemId: `item ${(u * 6 + i) % items}`,
        type: 'save',
        timestamp: now - i * 60_000,
      })),
    );
  await data.batch({ nowMs: now, alpha: 0.001 });
  const { interests } = data.interests('user 7');
  expect(interests).toHaveLength(perUser / 2);
  await data.close();
  await compact(path);
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) =>
    statSync(join(path, name)),
  );
  const taken = files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
  const size = sizeDeployment({ items, users, actions: users * perUser, dim, cores: 1 });
  const said = size.diskBytes - size.indexBytes;
  expect(said / taken).toBeGreaterThan(0.75);
  expect(said / taken).toBeLessThan(1.33);
});
