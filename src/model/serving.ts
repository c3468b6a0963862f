import type { Action } from './action.js';
import type { Recommendation } from './candidate.js';
import type { Metadata } from './item.js';
import type { InterestSource } from './profile.js';

/** Requests and answers of a running server beyond those of a single recommendation. Ids, not numbers; times ISO 8601. */

/** An interest with ids in place of numbers. */
export interface UserInterest {
  readonly interestId: string;
  /** Item id of the medoid. */
  readonly medoid: string;
  /** Σ weight · exp(−λ · age in days) at `asOf`. */
  readonly importance: number;
  /** Distinct items, or actions under `repeats: count`. */
  readonly size: number;
  /** ISO 8601. */
  readonly lastActionAt: string;
  /** Item ids, by first action. */
  readonly members?: readonly string[];
}

export interface UserInterests {
  readonly userId: string;
  /** ISO 8601: the instant the importances are for. */
  readonly asOf: string;
  readonly source: InterestSource;
  /** By falling importance. */
  readonly interests: readonly UserInterest[];
}

export interface Neighbor {
  readonly itemId: string;
  /** 1 − ‖q − x‖²/2: the cosine of unit vectors. */
  readonly score: number;
}

export interface ItemNeighbors {
  readonly itemId: string;
  /** Nearest first, without the item itself. */
  readonly items: readonly Neighbor[];
}

/** An action as it is handed out again. */
export interface StoredUserAction extends Omit<Action, 'userId' | 'timestamp'> {
  /** ISO 8601. */
  readonly timestamp: string;
  /** Order of acceptance. */
  readonly seq: number;
  /** ISO 8601. */
  readonly ingestedAt: string;
}

export interface ActionPage {
  readonly userId: string;
  /** Newest first. */
  readonly actions: readonly StoredUserAction[];
  /** For the next page; null at the end. */
  readonly nextCursor: string | null;
}

/** What a ranker gets of one item for one user. */
export interface RankedItem {
  readonly itemId: string;
  /** Highest cosine to any interest's medoid: the paper's ranking score. null where item or user has no vector. */
  readonly score: number | null;
  /** The interest of that highest cosine. */
  readonly interestId: string | null;
  /** Its share of the user's importance. */
  readonly share: number | null;
  /** Σ share · cosine over all interests. */
  readonly weightedScore: number | null;
  /** Whether the user has acted on the item. */
  readonly seen: boolean;
}

export interface RankReport {
  readonly userId: string;
  readonly source: InterestSource;
  /** By falling score, ties as given; items without one last. */
  readonly items: readonly RankedItem[];
}

export interface UserEmbedding {
  readonly interestId: string;
  readonly medoid: string;
  readonly importance: number;
  /** Share of the importances of all interests. */
  readonly share: number;
  /** The medoid's vector, `dim` numbers. */
  readonly vector: readonly number[];
}

export interface UserEmbeddings {
  readonly userId: string;
  readonly asOf: string;
  readonly source: InterestSource;
  readonly space: string;
  readonly spaceGeneration: number;
  readonly dim: number;
  readonly embeddings: readonly UserEmbedding[];
}

/** A recommendation as it was answered and logged. */
export interface LoggedRecommendation extends Recommendation {
  /** ISO 8601. */
  readonly at: string;
  readonly configHash: string;
  readonly space: string;
  readonly spaceGeneration: number;
  /** Generation of profiles; 0 where none had been written. */
  readonly generation: number;
  /** Newest action that the answer knew of its user. */
  readonly maxSeq: number;
}

/** Everything that is kept of a user. */
export interface UserExport {
  readonly userId: string;
  readonly attributes: Metadata;
  readonly actions: readonly StoredUserAction[];
  readonly interests: UserInterests;
  readonly recommendations: readonly LoggedRecommendation[];
}

export interface Erasure {
  readonly userId: string;
  /** ISO 8601: actions up to this instant are refused from now on (`user-erased`). */
  readonly erasedAt: string;
  readonly actions: number;
  readonly recommendations: number;
}
