import type { Filter } from './filter.js';

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
  /** Cosine to the medoid it was found by; the decayed popularity under a fallback. */
  readonly score: number;
  /** null under a fallback. */
  readonly interestId: string | null;
  /** The user's own items of that interest nearest to this one, nearest first. */
  readonly because?: readonly string[];
}

export interface Recommendation {
  readonly recommendationId: string;
  readonly userId: string;
  readonly seed: number;
  /** Why the list is not personal, or null where it is. */
  readonly fallback: 'popularity' | null;
  /** The named filter that was applied, or null. */
  readonly pool: string | null;
  /** The filter of the request, or null. */
  readonly filter: Filter | null;
  /** Probability of the ordered draw of interests that was made; 1 under a fallback. */
  readonly propensity: number;
  readonly interests: readonly SampledInterest[];
  readonly items: readonly Candidate[];
}
