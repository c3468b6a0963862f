/** Which interests are used: `sample` drawn by importance, `top` the most important, `all` every one. */
export const interestChoices = ['sample', 'top', 'all'] as const;
export type InterestChoice = (typeof interestChoices)[number];

/**
 * What is looked for the nearest items of: per interest its `medoid`, its `centroid` (the mean of its members), or each of
 * its `items`; or one `average` over all interests, which is the single-embedding model.
 */
export const queryKinds = ['medoid', 'centroid', 'items', 'average'] as const;
export type QueryKind = (typeof queryKinds)[number];

/**
 * Which query gives the next candidate: `turns` the one that has given least, `importance` the one farthest below its share
 * of the importance (Sainte-Laguë), `score` the one with the best next score. `mixture` has no lists of its own: every
 * item is scored against all queries at once, τ ln Σ w exp((cos − 1)/τ).
 */
export const mergeRules = ['turns', 'importance', 'score', 'mixture'] as const;
export type MergeRule = (typeof mergeRules)[number];

/** How interests become candidates: one mechanism, of which the paper's method and its rivals are settings. */
export interface Recipe {
  /** Which interests are used. Default: 'sample'. Effect: 'top' and 'all' draw nothing, so their propensity is 1. */
  readonly interests: InterestChoice;
  /** Interests drawn under 'sample' or kept under 'top', the paper's e. Default: 3. Range: integer ≥ 1. */
  readonly medoids: number;
  /** What is looked for the nearest items of. Default: 'medoid'. Effect: only medoids and items are shared by the cache. */
  readonly query: QueryKind;
  /** How the queries share the count. Default: 'turns'. */
  readonly merge: MergeRule;
  /**
   * Share of the candidates that one average over all interests gives, drawn or not, beside the queries of the interests.
   * Default: 0, none. Range: 0 to 1. Effect: higher goes over into the single-embedding model; none under the query
   * 'average', which is that already.
   */
  readonly averageShare: number;
  /**
   * The prior of that average. Unit: cosine. Default: what is given as `prior`, else 0. Range: ≥ 0. Effect: above `prior` the
   * average finds what is popular, and the interests what is not.
   */
  readonly averagePrior: number;
  /**
   * τ of a mixture. Unit: cosine. Default: 0.1. Range: > 0. Effect: towards 0 the best query decides (the maximum), far
   * above 1 the mean over all queries does.
   */
  readonly temperature: number;
  /**
   * Strength of the popularity prior: the most popular item gains this much, others ln(1 + popularity) in proportion.
   * Unit: cosine. Default: 0. Range: ≥ 0. Effect: at 0 only likeness counts, from about 2 on little but popularity.
   */
  readonly prior: number;
  /**
   * Candidates come from this share of the catalog, the most popular ones. Default: 1, all. Range: > 0 to 1. Effect:
   * lower finds what is in demand and hides the tail.
   */
  readonly popularShare: number;
  /**
   * What a candidate loses per unit of its greatest cosine to one that was picked before (maximal marginal relevance,
   * Carbonell and Goldstein 1998, doi:10.1145/290941.291025). Default: 0, off. Range: 0 to 10. Effect: higher spreads
   * the candidates of each query.
   */
  readonly diversity: number;
}
