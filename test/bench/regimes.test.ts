import { expect, test } from 'vitest';
import { benchRegimes } from '../../src/bench/regimes.js';

test('with many interests several embeddings find more than one, and the same seed gives the same map', () => {
  const options = { items: [6000], d: 16, users: 12, seed: 2 };
  const bench = benchRegimes(options);
  expect(benchRegimes(options)).toEqual(bench);
  const of = (interests: number, budget: number) =>
    bench.cells.find((cell) => cell.interests === interests && cell.budget === budget && cell.cosine > 0.8);
  const many = of(10, 400);
  expect(many?.wins).toBe('several');
  expect(many?.difference.mean).toBeCloseTo((many?.several ?? 0) - (many?.single ?? 0), 12);
  expect(of(1, 400)?.wins).toBe('unclear');
  expect(bench.cells).toHaveLength(3 * 5 * 2);
  expect(many?.seen.interests).toBeGreaterThan(2 * (of(2, 400)?.seen.interests ?? 0));
  // A part of the map is the same as in the whole: the first k of an answer are the answer for k.
  const part = benchRegimes({ ...options, interests: [10], budgets: [50] });
  expect(part.cells.map(({ single }) => single)).toEqual(
    bench.cells.filter((cell) => cell.interests === 10 && cell.budget === 50).map(({ single }) => single),
  );
});
