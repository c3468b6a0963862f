import { expect, test } from 'vitest';
import { Bootstrap, quantile } from '../../src/evaluate/bootstrap.js';
import { deriveSeed } from '../../src/math/hash.js';
import { createRng } from '../../src/math/rng.js';

test('means are sums by counts, each column by its own denominator', () => {
  const shares = [
    { sums: [2, 3], counts: [4, 1] },
    { sums: [1, 1], counts: [2, 3] },
  ];
  const { means } = new Bootstrap(shares, [0, 1], 1);
  expect([...means]).toEqual([0.5, 1]);
});

test('the interval of a mean has the width that theory gives, and holds the truth about 95 times in 100', () => {
  const users = 200;
  let held = 0;
  const widths: number[] = [];
  for (let trial = 0; trial < 40; trial++) {
    const rng = createRng(trial);
    const shares = Array.from({ length: users }, () => ({ sums: [rng.normal()], counts: [1] }));
    const { low, high } = new Bootstrap(shares, [0], trial).estimate(0);
    if (low <= 0 && high >= 0) held++;
    widths.push(high - low);
  }
  expect(held).toBeGreaterThanOrEqual(34);
  const mean = widths.reduce((sum, width) => sum + width, 0) / widths.length;
  expect(mean).toBeGreaterThan(0.9 * 2 * 1.96 * users ** -0.5);
  expect(mean).toBeLessThan(1.1 * 2 * 1.96 * users ** -0.5);
});

/** A thousand times as many users as there are, drawn one by one; the ends where a 40th of the results lies beyond each. */
function twin(shares: readonly { sums: number[]; counts: number[] }[], denominators: number[], seed: number) {
  const rng = createRng(deriveSeed('bootstrap', seed));
  const ratios = (users: typeof shares): number[] =>
    denominators.map((denominator, c) => {
      const sum = users.reduce((all, { sums }) => all + sums[c], 0);
      return sum / users.reduce((all, { counts }) => all + counts[denominator], 0);
    });
  const results = Array.from({ length: 1000 }, () =>
    ratios(shares.map(() => shares[rng.below(shares.length)])),
  );
  return denominators.map((_, c) => {
    const rising = results.map((result) => result[c]).sort((a, b) => a - b);
    // 0.025 · 999 is 24.975, 0.975 · 999 is 974.025.
    const low = 0.025 * rising[24] + 0.975 * rising[25];
    const high = 0.975 * rising[974] + 0.025 * rising[975];
    return { mean: ratios(shares)[c], low, high };
  });
}

test('means and intervals are those of the plain twin', () => {
  const rng = createRng(9);
  for (let seed = 0; seed < 8; seed++) {
    const shares = Array.from({ length: 1 + rng.below(30) }, () => {
      const counts = [1 + rng.below(4), 1 + rng.below(3)];
      return { sums: [rng.normal(), 5 * rng.uniform(), rng.below(3)], counts };
    });
    const denominators = [0, 1, 0];
    const bootstrap = new Bootstrap(shares, denominators, seed);
    twin(shares, denominators, seed).forEach((expected, column) => {
      const found = bootstrap.estimate(column);
      for (const name of ['mean', 'low', 'high'] as const)
        expect(found[name]).toBeCloseTo(expected[name], 10);
    });
  }
});

test('differences are paired: what moves both columns alike cancels', () => {
  const rng = createRng(3);
  const shares = Array.from({ length: 100 }, () => {
    const own = 10 * rng.normal();
    return { sums: [own + 1, own], counts: [1] };
  });
  const bootstrap = new Bootstrap(shares, [0, 0], 3);
  const difference = bootstrap.of((row) => row[0] - row[1]);
  expect(difference.low).toBeCloseTo(1, 9);
  expect(difference.high).toBeCloseTo(1, 9);
  expect(bootstrap.estimate(0).high - bootstrap.estimate(0).low).toBeGreaterThan(1);
});

test('users are drawn whole: many steps of few users do not make an interval narrow', () => {
  const rng = createRng(4);
  const users = Array.from({ length: 10 }, () => ({ sums: [100 * rng.normal()], counts: [100] }));
  const { low, high } = new Bootstrap(users, [0], 4).estimate(0);
  expect(high - low).toBeGreaterThan(0.5);
});

test('nobody to average over: no numbers instead of wrong ones', () => {
  const { mean, low, high } = new Bootstrap([], [0], 0).estimate(0);
  expect([mean, low, high].every(Number.isNaN)).toBe(true);
});

test('the same seed, the same interval; another seed, another', () => {
  const shares = Array.from({ length: 30 }, (_, i) => ({ sums: [i % 7], counts: [1] }));
  const of = (seed: number) => new Bootstrap(shares, [0], seed).estimate(0);
  expect(of(1)).toEqual(of(1));
  expect([of(1).low, of(1).high]).not.toEqual([of(2).low, of(2).high]);
});

test('a quantile between two values lies between them', () => {
  expect(quantile(Float64Array.of(1, 2), 0.25)).toBe(1.25);
});
