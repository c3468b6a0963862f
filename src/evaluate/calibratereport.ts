import type { AlphaChoice, Calibration } from '../model/item.js';
import type { Recipe } from '../model/recipe.js';
import type { Estimate } from './bootstrap.js';
import type { Finding } from './calibratewords.js';
import type { WalkOptions } from './walk.js';

export interface CalibrateOptions extends Omit<WalkOptions, 'sources'> {
  /** Default: the active one. */
  readonly space?: string;
  /** Start of the validation period, epoch ms. Default: a fifth of the time span before its end. */
  readonly fromMs?: number;
  /** Its end, exclusive. Default: where the default test period of `evaluate` begins, four fifths into the time span. */
  readonly untilMs?: number;
  /** Unit: days. Default: 1. Range: > 0. */
  readonly stepDays?: number;
  /** Users taken. Default: 400. Range: integer ≥ 1. */
  readonly users?: number;
  /** Fixes users, draws and resamples. Default: 0. */
  readonly seed?: number;
  /** Default: as configured. */
  readonly windowDays?: number | 'all';
  /** What is looked for at the main budget. Default: 'recall'. */
  readonly metric?: CalibrationMetric;
  /** Whether the choice is stored. Default: true. */
  readonly store?: boolean;
  readonly onNote?: (note: string) => void;
}

export const calibrationMetrics = ['recall', 'relevance', 'ndcg', 'hit'] as const;
export type CalibrationMetric = (typeof calibrationMetrics)[number];

/** One setting that was tried, and its means over (user, step). */
export interface Tried {
  readonly stage: string;
  readonly name: string;
  readonly alpha: number | null;
  readonly lambda: number | null;
  readonly popularityLambda: number;
  readonly recipe: Recipe | null;
  readonly metrics: { readonly [metric: string]: number };
}

export interface CalibrationReport {
  readonly space: string;
  readonly generation: number;
  /** ISO 8601; the end is exclusive. */
  readonly from: string;
  readonly until: string;
  readonly seed: number;
  readonly users: number;
  readonly steps: number;
  readonly budget: number;
  readonly metric: string;
  readonly alpha: AlphaChoice;
  readonly choice: Calibration;
  /** Names of the settings in `surface`: what was chosen, the best single embedding, the best of several. */
  readonly chosen: string;
  readonly single: string;
  readonly several: string;
  /** Several less single, paired, with 95 % intervals. */
  readonly comparison: { readonly [metric: string]: Estimate };
  readonly surface: readonly Tried[];
  readonly findings: readonly Finding[];
}
