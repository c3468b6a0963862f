import { exp } from '../math/exp.js';
import { dayMs } from '../model/action.js';

/** Age of an action in days at `asOfMs`, at least 0 (algorithm.md §1). */
export function ageInDays(timeMs: number, asOfMs: number): number {
  return Math.max(0, asOfMs - timeMs) / dayMs;
}

/** exp(−λ · age): what one action of weight 1 still counts for. `lambda` is per day. */
export function decayFactor(ageDays: number, lambda: number): number {
  return exp(-lambda * ageDays);
}

/**
 * What: importance of a run of actions, Σ w_i exp(−λ (T_now − T_i)).
 * Source: algorithm.md §3 (doi:10.1145/3394486.3403280); λ per day is ours.
 * Shapes and units: times in epoch ms, weights parallel, both read from `from` up to, not including, `to`; λ per day.
 * A sum, not a mean: adds over disjoint runs. 0 where every weight is 0 or has decayed to nothing.
 * Checked by: test/profile/importance.test.ts.
 */
export function importanceOfRun(
  times: Float64Array,
  weights: Float64Array,
  from: number,
  to: number,
  asOfMs: number,
  lambda: number,
): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += weights[i] * decayFactor(ageInDays(times[i], asOfMs), lambda);
  return sum;
}
