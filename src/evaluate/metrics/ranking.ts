export interface RankingScores {
  /** Share of the action items among the top k of all, k being their number. */
  readonly rPrecision: number;
  /** Mean over the action items of 1 / rank. */
  readonly reciprocalRank: number;
}

/**
 * What: R-precision and reciprocal rank of action items among themselves and the negatives.
 * Source: algorithm.md §6 (paper: ranking task).
 * Convention: ties are broken by chance, and the expectation over that chance is returned: of an item with b scores
 * above it and t equal to it (its own included) the rank is evenly one of b + 1 … b + t.
 * Shapes: `positives` ≥ 1 scores; only their order matters. −∞ is a score like any other.
 * Checked by: test/evaluate/metrics.test.ts (by hand, and against test/golden/metrics.py).
 */
export function rankingScores(positives: readonly number[], negatives: readonly number[]): RankingScores {
  const all = Float64Array.from([...positives, ...negatives])
    .sort()
    .reverse();
  const k = positives.length;
  let within = 0;
  let reciprocal = 0;
  for (const score of positives) {
    let above = 0;
    while (all[above] > score) above++;
    let tied = 0;
    while (above + tied < all.length && all[above + tied] === score) tied++;
    within += Math.min(1, Math.max(0, (k - above) / tied));
    for (let rank = above + 1; rank <= above + tied; rank++) reciprocal += 1 / (rank * tied);
  }
  return { rPrecision: within / k, reciprocalRank: reciprocal / k };
}
