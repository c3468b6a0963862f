import type { Filter } from './filter.js';
import type { InterestSource } from './profile.js';

/** An interest that was drawn for a request (algorithm.md §4). */
export interface SampledInterest {
  readonly interestId: string;
  /** Item id of the medoid. */
  readonly medoid: string;
  /** The interest's share of the first draw. */
  readonly probability: number;
}

export interface Candidate {
  readonly itemId: string;
  /** To seven decimals: the cosine to the medoid it was found by; the decayed popularity under a fallback. */
  readonly score: number;
  /** null under a fallback. */
  readonly interestId: string | null;
  /** The user's own items of that interest nearest to this one, nearest first. */
  readonly because?: readonly string[];
}

/** `online`: interests that no batch has seen yet; `popularity`: none at all, so what many people like. */
export type Fallback = 'online' | 'popularity';

export interface Recommendation {
  readonly recommendationId: string;
  readonly userId: string;
  readonly seed: number;
  /** Where the user's interests come from. */
  readonly source: InterestSource;
  /** How far down the ladder for newcomers the answer is; null where the last batch knew the user. */
  readonly fallback: Fallback | null;
  /** The named filter that was applied, or null. */
  readonly pool: string | null;
  /** The filter of the request, or null. */
  readonly filter: Filter | null;
  /** Probability of the ordered draw of interests that was made; 1 under a fallback. */
  readonly propensity: number;
  readonly interests: readonly SampledInterest[];
  readonly items: readonly Candidate[];
}
