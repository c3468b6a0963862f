import { PinnersageError } from '../errors.js';
import type { Rng } from './rng.js';

/** An ordered draw without replacement. */
export interface OrderedDraw {
  /** What was drawn, in the order of the draws: indices into the weights. */
  readonly indices: readonly number[];
  /** Each drawn one's share of the first draw, parallel to `indices`. */
  readonly probabilities: readonly number[];
  /** Probability of exactly this ordered draw. */
  readonly propensity: number;
}

/**
 * What: draws min(count, n) of n things one after the other, each time with probability proportional to weight among
 * those that are left.
 * Source: algorithm.md §4 (doi:10.1145/3394486.3403280: medoids are sampled by importance; successively and without
 * replacement is ours).
 * Convention: things of weight 0 are drawn only once no positive weight is left, and then uniformly; so a user with
 * one weighty interest still gets `count` of them, and all-zero weights (far decayed ones underflow) mean a uniform
 * draw. Where count ≥ n everything is drawn; the order is still random and still has its propensity.
 * Shapes and units: n weights in any unit; one `uniform()` per draw, also where there is no choice, so the state of
 * the generator afterwards depends on min(count, n) alone.
 * Preconditions and errors: weights finite and ≥ 0, count an integer ≥ 0; else `option-invalid`.
 * Time and memory: O(count · n), O(n) memory.
 * Numerics: the remaining weights are summed anew for each draw, in units of a power of two near the largest that is
 * left: no subtraction cancels, scaling rounds nothing, the divisor is never near 0, and neither 1e308 nor 5e-324 over-
 * or underflows. `propensity` itself
 * underflows only after hundreds of draws.
 * Checked by: test/math/sampling.test.ts (χ² of first and second draw; propensities of all ordered draws sum to 1 and
 * match frequencies).
 */
export function drawWithoutReplacement(weights: ArrayLike<number>, count: number, rng: Rng): OrderedDraw {
  check(weights, count);
  const draws = Math.min(count, weights.length);
  const left = copyOf(weights);
  const total = new Float64Array(2);
  const indices: number[] = [];
  const probabilities: number[] = [];
  let propensity = 1;
  measure(left, total);
  const first = total.slice();
  for (let draw = 0; draw < draws; draw++) {
    if (draw > 0) measure(left, total);
    const index = pick(left, rng.uniform() * total[1], total[0]);
    indices.push(index);
    probabilities.push(shareOf(weights[index], first));
    propensity *= shareOf(left[index], total);
    left[index] = drawn;
  }
  return { indices, probabilities, propensity };
}

/** Probability that `drawWithoutReplacement` draws exactly `indices`, in that order. */
export function orderedPropensity(weights: ArrayLike<number>, indices: readonly number[]): number {
  const left = copyOf(weights);
  const total = new Float64Array(2);
  let propensity = 1;
  for (const index of indices) {
    measure(left, total);
    propensity *= shareOf(left[index], total);
    left[index] = drawn;
  }
  return propensity;
}

/** Probability that the first draw takes `index`. */
export function firstDrawShare(weights: ArrayLike<number>, index: number): number {
  const total = new Float64Array(2);
  measure(weights, total);
  return shareOf(weights[index], total);
}

/** What `Float64Array.from` gives, without its iterator. */
function copyOf(weights: ArrayLike<number>): Float64Array {
  const copy = new Float64Array(weights.length);
  for (let i = 0; i < copy.length; i++) copy[i] = weights[i];
  return copy;
}

/** Marks a thing that was drawn already. */
const drawn = -1;

/** Weight in terms of `unit`; where no positive weight is left (unit 0), everything left weighs 1. */
function relative(weight: number, unit: number): number {
  if (weight === drawn) return 0;
  return unit > 0 ? weight / unit : 1;
}

/** Of what `measure` measured. */
function shareOf(weight: number, total: Float64Array): number {
  return relative(weight, total[0]) / total[1];
}

/** Writes the unit, a power of two near the largest weight that is left, and the sum of what is left in terms of it. */
function measure(left: ArrayLike<number>, total: Float64Array): void {
  let largest = 0;
  for (let i = 0; i < left.length; i++) if (left[i] > largest) largest = left[i];
  const unit = largest > 0 ? 2 ** Math.min(1023, Math.floor(Math.log2(largest))) : 0;
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += relative(left[i], unit);
  total[0] = unit;
  total[1] = sum;
}

/** The first index at which the running sum passes `target`; the last possible one where rounding lets none pass. */
function pick(left: Float64Array, target: number, unit: number): number {
  let sum = 0;
  let last = -1;
  for (let i = 0; i < left.length; i++) {
    const weight = relative(left[i], unit);
    if (weight === 0) continue;
    last = i;
    sum += weight;
    if (sum > target) break;
  }
  return last;
}

function check(weights: ArrayLike<number>, count: number): void {
  if (!Number.isSafeInteger(count) || count < 0)
    throw new PinnersageError('option-invalid', `draws: got ${count}, expected an integer ≥ 0`);
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i] >= 0 && weights[i] < Number.POSITIVE_INFINITY))
      throw new PinnersageError(
        'option-invalid',
        `weight ${i}: got ${weights[i]}, expected a finite number ≥ 0`,
      );
  }
}
