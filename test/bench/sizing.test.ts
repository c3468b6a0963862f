import { expect, test } from 'vitest';
import { sizeDeployment } from '../../src/bench/sizing.js';

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
