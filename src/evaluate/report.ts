import type { Estimate } from './bootstrap.js';

/** The contender that is the same for everybody. */
export const popularityName = 'popularity';

/** Ends the names of copies that are re-ranked by exposure. */
export const rerankedSuffix = '+exposure';

/** What `evaluate` found, as its JSON has it: no clock, no machine, so the same command gives the same bytes. */
export interface EvaluationReport {
  readonly protocol: ProtocolReport;
  readonly baseline: string;
  readonly contenders: readonly ContenderReport[];
  /** Relevance and diversity by the number of interests asked. */
  readonly curve: readonly CurvePoint[];
  readonly orderings: readonly Ordering[];
  /** Per calibrated space: what was chosen beside the best single embedding of the same calibration. */
  readonly calibrated: readonly CalibratedComparison[];
  readonly segments: readonly Segmentation[];
  /** What won, where, and how surely. */
  readonly words: readonly string[];
  readonly notes: readonly string[];
}

export interface ProtocolReport {
  readonly space: string;
  readonly dim: number;
  /** Items that candidates may come from. */
  readonly catalog: number;
  readonly alpha: number;
  readonly lambda: number;
  readonly windowDays: number | 'all';
  /** ISO 8601: first instant of the test period, and its end. */
  readonly from: string;
  readonly to: string;
  readonly stepDays: number;
  readonly refits: number;
  readonly budgets: readonly number[];
  /** The budget of all figures that do not name one. */
  readonly budget: number;
  readonly relevanceCosine: number;
  readonly repeatItems: boolean;
  readonly rankAgainst: 'impressions' | 'sampled';
  readonly negatives: number;
  readonly seed: number;
  readonly resamples: number;
  readonly users: number;
  readonly eligibleUsers: number;
  readonly usersWithoutHistory: number;
  /** (user, step) pairs that averages are over, and those of the ranking task. */
  readonly steps: number;
  readonly rankedSteps: number;
  readonly coldSteps: number;
  readonly targets: number;
  /** Mean cosine distance of random pairs of items: diversity is in units of it. */
  readonly randomDistance: number;
  /**
   * Where these users lie on the map of `bench regimes`: interests of the median user, and mean cosine of an item to the mean
   * of its interest, at the alpha of that map; null where that cannot be told.
   */
  readonly regime: { readonly interests: number | null; readonly cosine: number | null };
  /** Sources of models that carry no date, so that a leak through them could not be noticed. */
  readonly undated: readonly string[];
}

export interface ContenderReport {
  readonly name: string;
  readonly about: string;
  readonly draws: number;
  readonly knowsFuture: boolean;
  readonly metrics: { readonly [metric: string]: Estimate };
  /** This contender minus the baseline, paired by user. */
  readonly differences: { readonly [metric: string]: Estimate };
  /** Per cent over the last item, as the paper has it; null where that scores 0. */
  readonly lifts: { readonly [metric: string]: Estimate | null };
  /** At the main budget, over all lists. */
  readonly exposure: { readonly coverage: number; readonly gini: number };
}

export interface CurvePoint {
  /** Interests asked. */
  readonly e: number | 'all';
  readonly relevance: Estimate;
  readonly diversity: Estimate;
}

export interface CalibratedComparison {
  readonly space: string;
  readonly contender: string;
  readonly against: string;
  /** The single embedding was kept: there is nothing between them. */
  readonly isSame: boolean;
  /** Recall at no budget more than .02 below, at the lower end of the interval. */
  readonly keepsRecall: boolean;
  /** Metrics on which the whole interval lies above 0, and below. */
  readonly betterOn: readonly string[];
  readonly worseOn: readonly string[];
  /** Chosen less single, paired, by metric. */
  readonly differences: { readonly [metric: string]: Estimate };
}

export type Verdict = 'holds' | 'fails' | 'unclear';

export interface Ordering {
  readonly claim: string;
  readonly metric: string;
  readonly verdict: Verdict;
  /** What the claim says is greater minus what it says is smaller. */
  readonly difference: Estimate;
  /** The single embedding that was compared, where the claim is about the best of several. */
  readonly against: string | null;
}

export interface Segmentation {
  /** activity, interests, diversity, age, or an attribute. */
  readonly by: string;
  readonly groups: readonly SegmentGroup[];
  /** Per contender: between the best and the worst served group with enough users. */
  readonly gaps: readonly SegmentGap[];
}

export interface SegmentGroup {
  readonly name: string;
  readonly users: number;
  readonly steps: number;
  readonly contenders: { readonly [name: string]: { readonly [metric: string]: Estimate } };
}

export interface SegmentGap {
  readonly contender: string;
  readonly metric: string;
  readonly best: string;
  readonly worst: string;
  readonly gap: Estimate;
}
