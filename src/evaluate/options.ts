import { PinnersageError } from '../errors.js';
import type { ContenderSource } from './contender.js';

/** How the log is walked and what is asked of every contender. */
export interface ProtocolOptions {
  /**
   * First instant of the test period, epoch ms. Default: the last 20 % of the time between the oldest and the newest
   * interest action. It is moved back to a whole step.
   */
  readonly fromMs?: number;
  /** End of the test period, exclusive. Default: behind the newest action. */
  readonly toMs?: number;
  /** One step of the walk. Unit: days of 86,400,000 ms, counted from 1970 (UTC). Default: 1. Range: > 0. */
  readonly stepDays: number;
  /** Between two fits of the global models. Unit: days. Default: a tenth of the test period. At most ten fits. */
  readonly refitDays?: number;
  /** Users taken, drawn evenly from those with something to foretell. Default: 1,000. Range: integer ≥ 1. */
  readonly users: number;
  /** Fixes the users, every draw, the sampled negatives and the bootstrap. Default: 0. */
  readonly seed: number;
  /** Numbers of candidates to look at. Default: by the size of the catalog (`defaultBudgets`). */
  readonly budgets?: readonly number[];
  /** The one that tables and figures are about. Default: the one of `budgets` nearest to 1 % of the catalog. */
  readonly budget?: number;
  /** From this cosine to a candidate on, an item counts as relevant. Default: 0.8. Range: −1 to 1. */
  readonly relevanceCosine: number;
  /** Whether items the user has acted on before are to be foretold and may come back. Default: false, as production does. */
  readonly repeatItems: boolean;
  /** Negatives per item in the ranking task. Default: 20. Range: integer ≥ 1. */
  readonly negatives: number;
}

export const defaultProtocol = {
  stepDays: 1,
  users: 1_000,
  seed: 0,
  relevanceCosine: 0.8,
  repeatItems: false,
  negatives: 20,
} as const satisfies Partial<ProtocolOptions>;

export const testShare = 0.2;
export const maxRefits = 10;

/** What is looked at where the catalog does not forbid it. */
const curve = [10, 20, 50, 100, 200, 400];
/** A budget beyond this share of the catalog flatters everything. */
const largestShare = 0.05;
const mainShare = 0.01;

export interface Budgets {
  /** Rising. */
  readonly all: readonly number[];
  /** Place in `all` of the one that tables are about. */
  readonly main: number;
}

/** Candidates per user: 10 to 400, none above 5 % of the catalog; the main one is the nearest to 1 % of it, by ratio. */
export function budgetsFor(
  catalogSize: number,
  { budgets, budget }: Pick<ProtocolOptions, 'budgets' | 'budget'>,
): Budgets {
  const fitting = curve.filter((count) => count <= largestShare * catalogSize);
  const usual = fitting.length > 0 ? fitting : [Math.max(1, Math.floor(largestShare * catalogSize))];
  const asked = [...(budgets ?? usual), ...(budget === undefined ? [] : [budget])];
  const all = [...new Set(asked)].sort((a, b) => a - b);
  const bad = all.find((count) => !Number.isSafeInteger(count) || count < 1);
  if (bad !== undefined) refuse('budget', bad, 'an integer ≥ 1');
  const distance = (count: number): number => Math.abs(Math.log(count / (mainShare * catalogSize)));
  const wanted = budget ?? all.reduce((best, count) => (distance(count) < distance(best) ? count : best));
  return { all, main: all.indexOf(wanted) };
}

/** Defaults where an option is not given; refuses what is out of range. */
export function resolveProtocol(given: Partial<ProtocolOptions>): ProtocolOptions {
  const options = { ...defaultProtocol, ...given };
  const { stepDays, refitDays, users, seed, relevanceCosine, negatives } = options;
  if (!(Number.isFinite(stepDays) && stepDays > 0))
    refuse('stepDays', stepDays, 'a finite number of days > 0');
  if (refitDays !== undefined && !(Number.isFinite(refitDays) && refitDays > 0))
    refuse('refitDays', refitDays, 'a finite number of days > 0');
  if (!Number.isSafeInteger(users) || users < 1) refuse('users', users, 'an integer ≥ 1');
  if (!Number.isSafeInteger(seed) || seed < 0) refuse('seed', seed, 'an integer from 0 to 2^53-1');
  if (!(relevanceCosine >= -1 && relevanceCosine <= 1)) refuse('relevanceCosine', relevanceCosine, '-1 to 1');
  if (!Number.isSafeInteger(negatives) || negatives < 1) refuse('negatives', negatives, 'an integer ≥ 1');
  return options;
}

export const builtInContenders: ContenderSource = {
  module: new URL('./contenders/builtin.js', import.meta.url).href,
};

function refuse(name: string, got: unknown, expected: string): never {
  throw new PinnersageError('option-invalid', `${name}: got ${String(got)}, expected ${expected}`);
}
