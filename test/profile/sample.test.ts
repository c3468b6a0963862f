import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRng } from '../../src/math/rng.js';
import { orderedPropensity } from '../../src/math/sampling.js';
import { dayMs } from '../../src/model/action.js';
import type { Interest, Profile } from '../../src/model/profile.js';
import { decayTo, requestSeed, sampleInterests } from '../../src/profile/sample.js';

function interestsOf(importances: readonly number[]): Interest[] {
  return importances.map((importance, i) => ({
    id: String(i).padStart(16, '0'),
    medoid: i,
    importance,
    size: 1,
    lastActionAt: 0,
    members: Uint32Array.of(i),
    counts: Uint32Array.of(1),
  }));
}

const profileOf = (importances: readonly number[]): Profile => ({
  space: 'text',
  configHash: '0123456789abcdef',
  asOf: 100 * dayMs,
  maxSeq: 9,
  interests: interestsOf(importances),
});

test('drawn interests come with their share of the first draw and the propensity of the draw', () => {
  const importances = [5, 2, 1];
  const { drawn, propensity } = sampleInterests(interestsOf(importances), 2, createRng(11));
  expect(drawn.map(({ probability }) => probability)).toEqual(
    drawn.map(({ interest }) => interest.importance / 8),
  );
  const indices = drawn.map(({ interest }) => interest.medoid);
  expect(propensity).toBe(orderedPropensity(importances, indices));
});

test('no interests, no draw; fewer than asked for, all of them', () => {
  expect(sampleInterests([], 3, createRng(1))).toEqual({ drawn: [], propensity: 1 });
  expect(sampleInterests(interestsOf([2]), 3, createRng(1))).toMatchObject({
    drawn: [{ probability: 1 }],
    propensity: 1,
  });
});

test('a request replays; another user or another request draws on its own', () => {
  expect(requestSeed(1, 'ann', 'r1')).toBe(requestSeed(1, 'ann', 'r1'));
  const seeds = [requestSeed(1, 'ann', 'r1'), requestSeed(2, 'ann', 'r1'), requestSeed(1, 'bob', 'r1')];
  expect(new Set([...seeds, requestSeed(1, 'ann', 'r2')]).size).toBe(4);
  const draw = (request: number) =>
    sampleInterests(interestsOf([1, 1, 1, 1]), 2, createRng(requestSeed(0, 'ann', request)));
  expect(draw(5)).toEqual(draw(5));
  expect(new Set(Array.from({ length: 50 }, (_, i) => draw(i).drawn[0].interest.id)).size).toBe(4);
});

test('decay by hand: 100 days at λ = 0.01 leave 1/e', () => {
  const later = decayTo(profileOf([4, 2]), 200 * dayMs, 0.01);
  expect(later.asOf).toBe(200 * dayMs);
  expect(later.interests[0].importance).toBeCloseTo(4 * 0.36787944117144233, 14);
  expect(later.interests[1].importance).toBeCloseTo(2 * 0.36787944117144233, 14);
});

test('an earlier instant leaves the profile as it is', () => {
  const profile = profileOf([4, 2]);
  expect(decayTo(profile, 99 * dayMs, 0.01)).toBe(profile);
});

test('decay does not move the sampling probabilities', () => {
  const importance = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(importance, { minLength: 1, maxLength: 12 }),
      fc.double({ min: 0, max: 400, noNaN: true }),
      fc.nat(),
      (importances, days, seed) => {
        const now = profileOf(importances);
        const later = decayTo(now, now.asOf + days * dayMs, 0.01);
        const a = sampleInterests(now.interests, 3, createRng(seed));
        const indices = a.drawn.map(({ interest }) => interest.medoid);
        const decayed = later.interests.map((interest) => interest.importance);
        expect(Math.abs(orderedPropensity(decayed, indices) / a.propensity - 1)).toBeLessThan(1e-12);
      },
    ),
  );
});
