import { pbkdf2 } from 'node:crypto';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { batchProfile, runtimeSeconds } from '../../src/bench/batch-profile.js';

test('the parts of a batch are of all that it computed, or of its threads without those of the runtime', () => {
  // 10 s: 8 on users, 6 of them clustering; 1 s compiling.
  const spent = { clusteringSeconds: 6, clusteringShare: 0.75, cpuSeconds: 10, runtimeSeconds: 1 };
  const profile = batchProfile(spent);
  expect(profile.clusteringOfCpu).toBeCloseTo(0.6, 12);
  expect(profile.readingWritingOfCpu).toBeCloseTo(0.2, 12);
  expect(profile.runtimeOfCpu).toBeCloseTo(0.1, 12);
  expect(profile.clusteringOfThreads).toBeCloseTo(6 / 9, 12);
  const unknown = batchProfile({ ...spent, runtimeSeconds: null });
  expect(Object.keys(unknown)).toEqual(['clusteringOfCpu', 'readingWritingOfCpu']);
  const nobody = { clusteringSeconds: 0, clusteringShare: 0, cpuSeconds: 1, runtimeSeconds: 0 };
  expect(batchProfile(nobody)).toMatchObject({ clusteringOfCpu: 0, readingWritingOfCpu: 0 });
});

test.skipIf(!existsSync('/proc/self/task'))(
  'what other threads than those of JavaScript compute is counted',
  async () => {
    const before = runtimeSeconds() ?? 0;
    const cpu = process.cpuUsage();
    await promisify(pbkdf2)('password', 'salt', 200_000, 32, 'sha256'); // on a thread of libuv
    const spent = (runtimeSeconds() ?? 0) - before;
    const { user, system } = process.cpuUsage(cpu);
    expect(spent).toBeGreaterThan(0);
    expect(spent).toBeLessThanOrEqual((user + system) / 1e6 + 0.05);
    // What this thread computes is not.
    const then = runtimeSeconds() ?? 0;
    const busy = process.cpuUsage();
    const own = (): number => process.cpuUsage(busy).user / 1e6;
    while (own() < 0.4);
    expect((runtimeSeconds() ?? 0) - then).toBeLessThan(0.5 * own());
  },
);
