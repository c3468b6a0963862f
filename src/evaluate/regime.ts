import { type EmbeddingTable, vectorOf } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import { quantile } from './bootstrap.js';

/** Where users lie on the map of `bench regimes`, whatever alpha serves them. */
export interface Regime {
  /** How many interests of equal size a user's items are as spread over as they are. */
  readonly interests: number;
  /** Mean cosine of an item to the mean of its interest; NaN where no interest has two items. */
  readonly cosine: number;
}

/** Two points at a cosine of .05 just merge: the same for every set, so that sets can be laid beside one another. */
export const regimeAlpha = 1.9;

export const unknownRegime: Regime = { interests: Number.NaN, cosine: Number.NaN };

/**
 * What: how many interests one user has, and how tight they are, from the clusters at `regimeAlpha`.
 * Source: ours; the number is exp(−Σ p ln p) over the shares p of the items (Hill 1973, doi:10.2307/1934352, order 1).
 * Convention: interests of one item count for the number, not for the cosine, which would be 1. Time O(items · dim).
 * Checked by: test/evaluate/regime.test.ts.
 */
export function regimeOf(interests: readonly Interest[], table: EmbeddingTable): Regime {
  const total = interests.reduce((sum, { members }) => sum + members.length, 0);
  if (total === 0) return unknownRegime;
  let entropy = 0;
  let [cosines, counted] = [0, 0];
  for (const { members } of interests) {
    const share = members.length / total;
    entropy -= share * Math.log(share);
    if (members.length < 2) continue;
    cosines += cosinesToMean(members, table);
    counted += members.length;
  }
  return { interests: Math.exp(entropy), cosine: counted === 0 ? Number.NaN : cosines / counted };
}

/** Σ cos(x, mean) over unit vectors x is the length of their sum. */
function cosinesToMean(members: Uint32Array, table: EmbeddingTable): number {
  const sum = new Float64Array(table.dim);
  for (const item of members) {
    const vector = vectorOf(table, item);
    if (!vector) continue;
    const length = Math.sqrt(vector.reduce((all, x) => all + x * x, 0));
    if (length > 0) for (let i = 0; i < sum.length; i++) sum[i] += vector[i] / length;
  }
  return Math.sqrt(sum.reduce((all, x) => all + x * x, 0));
}

/** Of many users: the median number of interests, and the mean cosine over those who have one. */
export function regimeOfMany(users: readonly Regime[]): Regime {
  const numbers = users.map(({ interests }) => interests).filter(Number.isFinite);
  const cosines = users.map(({ cosine }) => cosine).filter(Number.isFinite);
  return {
    interests: numbers.length === 0 ? Number.NaN : quantile(Float64Array.from(numbers).sort(), 0.5),
    cosine:
      cosines.length === 0 ? Number.NaN : cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length,
  };
}
