/**
 * Lance-Williams formulas: the distance from the union of i and j to k.
 * Both are reducible (a union is never nearer to k than the nearer of its parts), which is what lets a
 * nearest-neighbour chain find the merges of the greedy algorithm.
 */
export type Linkage = (dik: number, djk: number, dij: number, ni: number, nj: number, nk: number) => number;

/** Ward on squared distances (algorithm.md §2). The clamp is no more than reducibility, kept under rounding. */
export const wardLinkage: Linkage = (dik, djk, dij, ni, nj, nk) => {
  const d = ((ni + nk) * dik + (nj + nk) * djk - nk * dij) / (ni + nj + nk);
  const floor = dik < djk ? dik : djk;
  return d > floor ? d : floor;
};

/** Complete linkage, a rival in the paper's evaluation: the farthest pair. */
export const completeLinkage: Linkage = (dik, djk) => (dik > djk ? dik : djk);
