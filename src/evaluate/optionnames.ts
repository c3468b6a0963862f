import { checkNames, type OptionNames } from '../pipeline/guard.js';
import type { CalibrateOptions } from './calibratereport.js';
import type { EvaluateOptions } from './evaluate.js';

const walking = { workers: true, onProgress: true, signal: true } as const;
const both = { ...walking, space: true, fromMs: true, stepDays: true, users: true, seed: true } as const;

const names: {
  readonly evaluate: OptionNames<EvaluateOptions>;
  readonly calibrate: OptionNames<CalibrateOptions>;
} = {
  evaluate: {
    ...both,
    toMs: true,
    refitDays: true,
    budgets: true,
    budget: true,
    relevanceCosine: true,
    repeatItems: true,
    negatives: true,
    beside: true,
    profile: true,
    shared: true,
    uncalibrated: true,
    fitSpace: true,
    baseline: true,
    segments: true,
    contenders: true,
    exposureStrength: true,
    modules: true,
  },
  calibrate: { ...both, untilMs: true, windowDays: true, metric: true, store: true, onNote: true },
};

/** @throws `option-invalid` for an option that the function does not have. */
export function checkOptions(of: keyof typeof names, given: unknown): void {
  checkNames('options', given, names[of]);
}
