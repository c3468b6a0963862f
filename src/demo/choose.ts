import type { Rng } from '../math/rng.js';

/** Draws an index with probability proportional to its weight. */
export type Chooser = (rng: Rng) => number;

/** Weights ≥ 0, at least one positive (without any, the chooser must not be called). O(log n) per draw. */
export function createChooser(weights: readonly number[]): Chooser {
  const cumulative = new Float64Array(weights.length);
  let total = 0;
  weights.forEach((weight, i) => {
    total += weight;
    cumulative[i] = total;
  });
  return (rng) => {
    const x = rng.uniform() * total;
    let low = 0;
    let high = weights.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle] > x) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
