import { PinnersageError } from '../errors.js';
import { createRng } from '../math/rng.js';
import { nearPairs } from '../math/vectors.js';
import type { AlphaChoice } from '../model/item.js';

export interface StartingAlphaOptions {
  /** Seed of the random pairs. Default: 0. */
  readonly seed?: number;
  /** Pairs looked at. Unit: pairs. Default: 100,000. Range: integer ≥ 1. Effect: precision of the percentile. */
  readonly pairs?: number;
}

/** Two unit vectors of cosine .68 are this far apart: the most the rule allows. */
const highestAlpha = 0.64;
const percentile = 0.01;

/**
 * What: the merge threshold a normalised space starts with: min(0.64, 1st percentile of the squared distance over
 * 100,000 random item pairs). Calibration replaces it; an unnormalised space must state its own.
 * Source: algorithm.md §2 [ours].
 * Convention: the percentile is the ⌈.01 N⌉-th smallest of N pairs of different rows. Where there are no more pairs than
 * asked for, all of them are taken instead of random ones. A threshold must be > 0: where so many items are
 * duplicates that the percentile is 0, it is taken over the pairs that differ; where none differ, 0.64.
 * Shapes and units: `vectors` row-major float32, `dim` numbers a row; `rows` the rows that are live; squared distance.
 * Preconditions and errors: finite vectors; fewer than two live rows give 0.64. `pairs` an integer ≥ 1, else
 * `option-invalid`.
 * Time and memory: O(pairs · dim), 16 bytes per pair.
 * Checked by: test/profile/alpha.test.ts.
 */
export function startingAlpha(
  vectors: Float32Array,
  dim: number,
  rows: Uint32Array,
  { seed = 0, pairs = 100_000 }: StartingAlphaOptions = {},
): AlphaChoice {
  if (!Number.isSafeInteger(pairs) || pairs < 1)
    throw new PinnersageError('option-invalid', `pairs: got ${pairs}, expected an integer ≥ 1`);
  const distances = nearPairs(vectors, dim, pairsOf(rows, pairs, seed), highestAlpha);
  const near = distances.filter((distance) => distance <= highestAlpha).sort();
  let value = nearestRank(near, 0, distances.length);
  if (value === 0) {
    const firstPositive = near.findIndex((distance) => distance > 0);
    const equal = firstPositive === -1 ? near.length : firstPositive;
    value = nearestRank(near, equal, distances.length - equal);
  }
  return { value, origin: 'rule' };
}

/** Of `count` distances, the least of which begin at `from` in `near`; no more than the rule allows, also for none at all. */
function nearestRank(near: Float64Array, from: number, count: number): number {
  const rank = Math.ceil(percentile * count);
  return rank === 0 ? highestAlpha : (near[from + rank - 1] ?? highestAlpha);
}

/** Two rows a pair, of the live ones. */
function pairsOf(rows: Uint32Array, pairs: number, seed: number): Uint32Array {
  const n = rows.length;
  const all = (n * (n - 1)) / 2;
  const found = new Uint32Array(2 * Math.min(pairs, all));
  let at = 0;
  if (all <= pairs) {
    for (let i = 0; i < n; i++)
      for (let j = 0; j < i; j++) {
        found[at++] = rows[i];
        found[at++] = rows[j];
      }
    return found;
  }
  const rng = createRng(seed);
  // One call in a loop of its own: code that runs once is optimised in little time, or not at all.
  for (; at < found.length; at++) found[at] = rng.below(at % 2 === 0 ? n : n - 1);
  for (at = 0; at < found.length; at += 2) {
    const i = found[at];
    found[at] = rows[i];
    found[at + 1] = rows[(i + 1 + found[at + 1]) % n];
  }
  return found;
}
