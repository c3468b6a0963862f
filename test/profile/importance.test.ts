import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dayMs } from '../../src/model/action.js';
import { ageInDays, decayFactor, importanceOfRun } from '../../src/profile/importance.js';

const asOf = 1_000 * dayMs;

test('by hand: two actions of weight 1 and 2, 0 and 100 days old, λ = 0.01', () => {
  // 1 · e⁰ + 2 · e⁻¹ = 1 + 0.735758882…
  const times = Float64Array.of(asOf, asOf - 100 * dayMs);
  expect(importanceOfRun(times, Float64Array.of(1, 2), 0, 2, asOf, 0.01)).toBeCloseTo(1.735758882342885, 14);
});

test('λ = 0 counts, and 0.01 per day halves in 69.3 days', () => {
  const times = Float64Array.of(asOf - 5 * dayMs, asOf - 80 * dayMs, asOf - dayMs);
  expect(importanceOfRun(times, Float64Array.of(1, 1, 1), 0, 3, asOf, 0)).toBe(3);
  expect(decayFactor(Math.LN2 / 0.01, 0.01)).toBeCloseTo(0.5, 15);
});

test('ages clamp at 0', () => {
  expect(ageInDays(asOf + dayMs, asOf)).toBe(0);
  expect(ageInDays(asOf - dayMs / 2, asOf)).toBe(0.5);
});

test('importance adds over disjoint runs', () => {
  const action = fc.tuple(fc.nat(200 * dayMs), fc.double({ min: 0, max: 100, noNaN: true }));
  fc.assert(
    fc.property(fc.array(action), fc.nat(), (actions, at) => {
      const times = Float64Array.from(actions, ([age]) => asOf - age);
      const weights = Float64Array.from(actions, ([, weight]) => weight);
      const split = actions.length === 0 ? 0 : at % actions.length;
      const over = (from: number, to: number) => importanceOfRun(times, weights, from, to, asOf, 0.01);
      const whole = over(0, actions.length);
      expect(Math.abs(over(0, split) + over(split, actions.length) - whole)).toBeLessThanOrEqual(
        1e-12 * whole,
      );
    }),
  );
});
