import { PinnersageError } from '../errors.js';
import { deriveSeed } from '../math/hash.js';
import { createRng } from '../math/rng.js';
import { type ActionType, dayMs, type Role, type UserLog } from '../model/action.js';
import type { ItemKey, UserKey } from '../model/item.js';
import { type LogTable, userLogOf, usersOf } from './log.js';
import { maxRefits, type ProtocolOptions, testShare } from './options.js';

/** Steps in time, and the stretches of them between two fits of the global models. */
export interface Timetable {
  /** Epoch ms of the first step. Step s holds fromMs + s · stepMs ≤ t < fromMs + (s + 1) · stepMs. */
  readonly fromMs: number;
  readonly stepMs: number;
  readonly steps: number;
  /** First step of every period, rising from 0. */
  readonly periods: readonly number[];
}

/** The last instant that is known before step s: epoch times are whole milliseconds. */
export function cutOf({ fromMs, stepMs }: Timetable, step: number): number {
  return fromMs + step * stepMs - 1;
}

/** Why nothing, or less than wanted, could be evaluated. */
export interface Plan {
  readonly timetable: Timetable;
  /** The users that are walked, by rising number. */
  readonly users: readonly UserKey[];
  /** Users with something to foretell and something to foretell it from. */
  readonly eligible: number;
  /** Users with an action to foretell in the test period, and no usable one before any of them. */
  readonly withoutHistory: number;
}

/** What decides whether an action is something to foretell. */
export interface TargetRules {
  readonly types: readonly ActionType[];
  /** Per item number: 1 where it could be a candidate, refinement aside (it has a vector and was not deleted). */
  readonly returnable: Uint8Array;
  /** Per item number: 1 where it has a vector and so makes a point. */
  readonly embedded: Uint8Array;
  readonly windowDays: number | 'all';
  readonly repeatItems: boolean;
}

/** One step of one user with something to foretell. */
export interface UserStep {
  readonly step: number;
  /** Distinct items, in order of time. */
  readonly targets: readonly ItemKey[];
  /** Distinct items that were shown in the step and not acted on in it. */
  readonly shown: readonly ItemKey[];
  /** Whether an interest action on an item with a vector lies in the window before the step. */
  readonly hasHistory: boolean;
}

/** @throws `option-invalid` where there is no time before the test period, or none in it. */
export function makeTimetable(
  table: LogTable,
  types: readonly ActionType[],
  options: ProtocolOptions,
): Timetable {
  const stepMs = options.stepDays * dayMs;
  if (!Number.isInteger(stepMs))
    throw new PinnersageError(
      'option-invalid',
      `stepDays: got ${options.stepDays}, expected whole milliseconds`,
    );
  const { oldest, newest } = spanOf(table, types);
  const wanted = options.fromMs ?? newest - testShare * (newest - oldest);
  const floor = Math.floor(wanted / stepMs) * stepMs;
  const fromMs = options.fromMs === undefined && floor <= oldest ? floor + stepMs : floor;
  const toMs = options.toMs ?? newest + 1;
  if (!(fromMs > oldest) || !(toMs > fromMs) || !(newest >= fromMs))
    throw new PinnersageError(
      'option-invalid',
      `nothing to evaluate: interest actions span ${iso(oldest)} to ${iso(newest)}, and a test period from ` +
        `${iso(fromMs)} to ${iso(toMs)} leaves none before it or none in it; expected actions at different times ` +
        `(see --from, --to, and --step for a log of few days)`,
    );
  const steps = Math.ceil((toMs - fromMs) / stepMs);
  const refitSteps =
    options.refitDays === undefined
      ? Math.ceil(steps / maxRefits)
      : Math.max(1, Math.round(options.refitDays / options.stepDays));
  const periods = Array.from({ length: Math.ceil(steps / refitSteps) }, (_, i) => i * refitSteps);
  if (periods.length > maxRefits)
    throw new PinnersageError(
      'option-invalid',
      `refitDays: got ${options.refitDays}, which is ${periods.length} fits in this test period; expected at most ${maxRefits}`,
    );
  return { fromMs, stepMs, steps, periods };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** First and last interest action of all. @throws `file-empty`. */
export function spanOf(table: LogTable, types: readonly ActionType[]): { oldest: number; newest: number } {
  let oldest = Number.POSITIVE_INFINITY;
  let newest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < table.times.length; i++) {
    if (types[table.types[i]].role !== 'interest') continue;
    oldest = Math.min(oldest, table.times[i]);
    newest = Math.max(newest, table.times[i]);
  }
  if (newest < oldest)
    throw new PinnersageError(
      'file-empty',
      'the log holds no interest actions; run "pinnersage import actions FILE"',
    );
  return { oldest, newest };
}

export function makePlan(
  table: LogTable,
  timetable: Timetable,
  rules: TargetRules,
  options: ProtocolOptions,
): Plan {
  const eligible: UserKey[] = [];
  let withoutHistory = 0;
  for (let user = 0; user < usersOf(table); user++) {
    const steps = stepsOf(userLogOf(table, user), timetable, rules);
    if (steps.some(({ hasHistory }) => hasHistory)) eligible.push(user);
    else if (steps.length > 0) withoutHistory++;
  }
  const users = sample(eligible, options.users, options.seed).sort((a, b) => a - b);
  return { timetable, users, eligible: eligible.length, withoutHistory };
}

function sample(from: readonly UserKey[], count: number, seed: number): UserKey[] {
  const rng = createRng(deriveSeed('evaluate users', seed));
  const left = [...from];
  for (let i = 0; i < Math.min(count, left.length); i++) {
    const j = i + rng.below(left.length - i);
    [left[i], left[j]] = [left[j], left[i]];
  }
  return left.slice(0, count);
}

/** Whether an item with an action of this role is never returned afterwards. */
export function isBarring(role: Role, repeatItems: boolean): boolean {
  return role === 'exclude' || (role === 'interest' && !repeatItems);
}

/**
 * The steps of one user with something to foretell, in order.
 * Convention: a target is a distinct item with an interest action in the step that could come back: an item the user
 * acted on before the step is none, because production never returns it, unless `repeatItems`; what was excluded
 * before the step never is one.
 */
export function stepsOf(log: UserLog, { fromMs, stepMs, steps }: Timetable, rules: TargetRules): UserStep[] {
  const { types, returnable, embedded, windowDays, repeatItems } = rules;
  const found: UserStep[] = [];
  const barred = new Set<ItemKey>();
  let lastUsable = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < log.length; ) {
    const step = Math.floor((log.times[row] - fromMs) / stepMs);
    const startMs = fromMs + step * stepMs;
    if (step >= steps) break;
    let end = row + 1;
    if (step >= 0) while (end < log.length && log.times[end] < startMs + stepMs) end++;
    const acted = new Set<ItemKey>();
    const shown = new Set<ItemKey>();
    let newest = lastUsable;
    for (let i = row; i < end; i++) {
      const { role } = types[log.types[i]];
      (role === 'impression' ? shown : acted).add(log.items[i]);
      if (role === 'interest' && embedded[log.items[i]] === 1) newest = log.times[i];
    }
    if (step >= 0) {
      const targets = interestsIn(log, row, end, types).filter(
        (item) => returnable[item] === 1 && !barred.has(item),
      );
      const hasHistory =
        windowDays === 'all'
          ? lastUsable > Number.NEGATIVE_INFINITY
          : lastUsable > startMs - 1 - windowDays * dayMs;
      if (targets.length > 0)
        found.push({
          step,
          targets,
          shown: [...shown].filter((item) => !acted.has(item) && embedded[item] === 1),
          hasHistory,
        });
    }
    for (let i = row; i < end; i++)
      if (isBarring(types[log.types[i]].role, repeatItems)) barred.add(log.items[i]);
    lastUsable = newest;
    row = end;
  }
  return found;
}

function interestsIn(log: UserLog, from: number, to: number, types: readonly ActionType[]): ItemKey[] {
  const items = new Set<ItemKey>();
  for (let i = from; i < to; i++) if (types[log.types[i]].role === 'interest') items.add(log.items[i]);
  return [...items];
}
