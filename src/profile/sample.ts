import { deriveSeed } from '../math/hash.js';
import type { Rng } from '../math/rng.js';
import { drawWithoutReplacement } from '../math/sampling.js';
import type { Interest, Profile } from '../model/profile.js';
import { ageInDays, decayFactor } from './importance.js';

export interface DrawnInterest {
  readonly interest: Interest;
  /** The interest's share of the first draw. */
  readonly probability: number;
}

export interface InterestSample {
  /** In the order of the draws. */
  readonly drawn: readonly DrawnInterest[];
  /** Probability of the ordered draw that was made; 1 where there was nothing to draw from. */
  readonly propensity: number;
}

/**
 * Samples `medoids` (the paper's e) interests with probability proportional to importance, one after the other and
 * without replacement; all of them, in random order, where there are no more (algorithm.md §4). Interests whose
 * importance is 0 come only after all others.
 */
export function sampleInterests(interests: readonly Interest[], medoids: number, rng: Rng): InterestSample {
  const importances = interests.map((interest) => interest.importance);
  const { indices, probabilities, propensity } = drawWithoutReplacement(importances, medoids, rng);
  const drawn = indices.map((index, draw) => ({
    interest: interests[index],
    probability: probabilities[draw],
  }));
  return { drawn, propensity };
}

/** The seed of one request's generator: the same base seed, user and request replay the same draw. */
export function requestSeed(seed: number, userId: string, request: string | number): number {
  return deriveSeed('request', seed, userId, request);
}

/**
 * The profile at a later instant, no action having been added: every importance decays by one common factor, so the
 * sampling probabilities stay (algorithm.md §3). Actions that have left the window since are still in; only a recompute
 * takes them out. At an earlier instant the profile is returned as it is: ages clamp at 0.
 */
export function decayTo(profile: Profile, asOfMs: number, lambda: number): Profile {
  if (asOfMs <= profile.asOf) return profile;
  const factor = decayFactor(ageInDays(profile.asOf, asOfMs), lambda);
  const interests = profile.interests.map((interest) => ({
    ...interest,
    importance: interest.importance * factor,
  }));
  return { ...profile, asOf: asOfMs, interests };
}
