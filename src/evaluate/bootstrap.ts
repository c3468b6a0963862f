import { deriveSeed } from '../math/hash.js';
import { createRng } from '../math/rng.js';

/** One user's share of some ratios: column c of `sums` is divided by `counts[denominators[c]]`. */
export interface Share {
  readonly sums: ArrayLike<number>;
  readonly counts: readonly number[];
}

export interface Estimate {
  readonly mean: number;
  /** Ends of the 95 % interval. */
  readonly low: number;
  readonly high: number;
}

export const resamples = 1000;
const [lowest, highest] = [0.025, 0.975];

/**
 * What: means over (user, step) and how sure they are: users are drawn with replacement, each with all of its steps, and
 * the same draws are used for every column, so that differences are paired.
 * Source: Efron and Tibshirani 1993, ch. 13 (percentile interval); users, not steps, because a user's steps are alike.
 * Convention: a mean is Σ sums / Σ counts over users; NaN where the counts are 0. Quantiles are interpolated.
 * Shapes: shares per user, each with as many sums as there are `denominators`.
 * Time and memory: O(resamples · users · columns), 8 · resamples · columns bytes.
 * Checked by: test/evaluate/bootstrap.test.ts.
 */
export class Bootstrap {
  /** Per column. */
  readonly means: Float64Array;
  private readonly columns: number;
  /** resamples × columns. */
  private readonly replicates: Float64Array;

  constructor(shares: readonly Share[], denominators: readonly number[], seed: number) {
    this.columns = denominators.length;
    const even = new Uint16Array(shares.length).fill(1);
    this.means = ratios(shares, even, denominators);
    this.replicates = new Float64Array(resamples * this.columns);
    const rng = createRng(deriveSeed('bootstrap', seed));
    const weights = new Uint16Array(shares.length);
    for (let r = 0; r < resamples; r++) {
      weights.fill(0);
      for (let i = 0; i < shares.length; i++) weights[rng.below(shares.length)]++;
      this.replicates.set(ratios(shares, weights, denominators), r * this.columns);
    }
  }

  estimate(column: number): Estimate {
    return this.of((row) => row[column]);
  }

  /** Of any function of the columns: a difference, a lift. */
  of(value: (row: Float64Array) => number): Estimate {
    const drawn = Float64Array.from({ length: resamples }, (_, r) =>
      value(this.replicates.subarray(r * this.columns, (r + 1) * this.columns)),
    ).sort();
    return { mean: value(this.means), low: quantile(drawn, lowest), high: quantile(drawn, highest) };
  }
}

function ratios(
  shares: readonly Share[],
  weights: Uint16Array,
  denominators: readonly number[],
): Float64Array {
  const sums = new Float64Array(denominators.length);
  const counts = new Float64Array(Math.max(0, ...denominators) + 1);
  for (let i = 0; i < shares.length; i++) {
    const weight = weights[i];
    if (weight === 0) continue;
    const own = shares[i];
    for (let c = 0; c < sums.length; c++) sums[c] += weight * own.sums[c];
    for (let d = 0; d < counts.length; d++) counts[d] += weight * own.counts[d];
  }
  return sums.map((sum, c) => sum / counts[denominators[c]]);
}

/** Linear interpolation between order statistics; NaN where any value is. */
export function quantile(rising: Float64Array, p: number): number {
  const at = p * (rising.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, rising.length - 1);
  return rising[below] + (at - below) * (rising[above] - rising[below]);
}
