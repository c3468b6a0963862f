import { availableParallelism } from 'node:os';
import { PinnersageError } from '../errors.js';
import type { UserKey } from '../model/item.js';
import type { ContenderSource } from './contender.js';
import { loadContenders } from './desk.js';
import { type OpenDesk, openDesks } from './desks.js';
import type { Evaluation } from './evaluation.js';
import { guardModels, type Provenance } from './guard.js';
import type { Layout } from './layout.js';
import type { PeriodData } from './models.js';
import { cutOf, type Plan } from './plan.js';
import type { UserSums } from './walker.js';

export interface WalkOptions {
  readonly sources: readonly ContenderSource[];
  /** Threads. Default: one per core, at most one per 16 users. Speed only. */
  readonly workers?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface ContenderInfo {
  readonly name: string;
  readonly about: string;
  readonly draws: number;
  readonly knowsFuture: boolean;
}

/** Sums per user over all steps, from which every mean, interval and segment is computed. */
export interface Outcome {
  readonly contenders: readonly ContenderInfo[];
  readonly layout: Layout;
  readonly plan: Plan;
  /** By rising user number; those without a single step are left out. */
  readonly users: readonly UserSums[];
  /** Steps in which nothing usable lay in the user's window. */
  readonly coldSteps: number;
  /** Per contender and item number: how often it was among the candidates at the main budget, over all draws. */
  readonly exposures: readonly Float64Array[];
  /** What global models were computed from, over all periods. */
  readonly sources: readonly Provenance[];
}

const usersPerWorker = 16;
const usersPerTask = 8;

/** Walks every user of the plan through the test period with every contender. */
export async function walkForward(evaluation: Evaluation, options: WalkOptions): Promise<Outcome> {
  const { plan, rules } = evaluation;
  const infos = (await loadContenders(options.sources)).map(
    ({ name, about, draws = 1, knowsFuture = false }) => ({
      name,
      about,
      draws,
      knowsFuture,
    }),
  );
  const workers = Math.min(
    options.workers ?? availableParallelism(),
    Math.ceil(plan.users.length / usersPerWorker),
  );
  const desks = await openDesks(
    workers,
    { ...evaluation.deskInput, sources: options.sources },
    evaluation.directory,
  );
  try {
    const total = plan.timetable.periods.length * plan.users.length;
    const sums = new SumTable(total, options.onProgress);
    const sources: Provenance[] = [];
    for (const [p, period] of evaluation.periods()) {
      checkPeriod(evaluation, p, period);
      sources.push(...period.sources);
      await walkPeriod(evaluation, desks, p, period, sums, options.signal);
    }
    const exposures = addUp(
      (await Promise.all(desks.map((desk) => desk.do({ kind: 'finish' })))) as Float64Array[][],
    );
    const { users, coldSteps } = sums.finish();
    return { contenders: infos, layout: rules.layout, plan, users, coldSteps, exposures, sources };
  } finally {
    await Promise.all(desks.map((desk) => desk.close()));
  }
}

/** @throws `leak`. */
export function checkPeriod({ plan }: Evaluation, p: number, period: PeriodData): void {
  const cutMs = cutOf(plan.timetable, plan.timetable.periods[p]);
  guardModels(cutMs, [{ what: 'the cut of the global models', newestMs: period.cutMs }, ...period.sources]);
}

async function walkPeriod(
  { plan, userId }: Evaluation,
  desks: readonly OpenDesk[],
  p: number,
  period: PeriodData,
  sums: SumTable,
  signal?: AbortSignal,
): Promise<void> {
  const { periods, steps } = plan.timetable;
  const range = [periods[p], periods[p + 1] ?? steps] as const;
  await Promise.all(desks.map((desk) => desk.do({ kind: 'period', period, steps: range })));
  let next = 0;
  const serve = async (desk: OpenDesk): Promise<void> => {
    while (next < plan.users.length) {
      if (signal?.aborted) throw new PinnersageError('interrupted', 'interrupted; nothing was changed');
      const users = plan.users
        .slice(next, next + usersPerTask)
        .map((user) => ({ user, userId: userId(user) }));
      next += usersPerTask;
      sums.add((await desk.do({ kind: 'users', users })) as readonly UserSums[]);
      await new Promise(setImmediate); // lets Ctrl-C through
    }
  };
  await Promise.all(desks.map(serve));
}

/**
 * The contenders of another space beside those of the first, under names that say whose they are. Both walked the same plan,
 * so the same users come in the same order.
 */
export function besideOutcome(first: Outcome, other: Outcome, space: string): Outcome {
  return {
    ...first,
    contenders: [
      ...first.contenders,
      ...other.contenders.map((one) => ({
        ...one,
        name: `${one.name}@${space}`,
        about: `${one.about}; in space "${space}"`,
      })),
    ],
    users: first.users.map((user, i) => ({
      ...user,
      sums: Float64Array.of(...user.sums, ...other.users[i].sums),
    })),
    exposures: [...first.exposures, ...other.exposures],
    sources: [...first.sources, ...other.sources],
  };
}

/** Adds up the periods of each user, in their order, whichever thread is done first. */
class SumTable {
  private readonly users = new Map<UserKey, UserSums>();
  private readonly total: number;
  private readonly onProgress: WalkOptions['onProgress'];
  private done = 0;

  constructor(total: number, onProgress: WalkOptions['onProgress']) {
    this.total = total;
    this.onProgress = onProgress;
  }

  add(more: readonly UserSums[]): void {
    for (const one of more) {
      const before = this.users.get(one.user);
      this.users.set(one.user, before ? together(before, one) : one);
    }
    this.done += more.length;
    this.onProgress?.(this.done, this.total);
  }

  finish(): { users: UserSums[]; coldSteps: number } {
    const all = [...this.users.values()].sort((a, b) => a.user - b.user);
    return {
      users: all.filter(({ steps }) => steps > 0),
      coldSteps: all.reduce((sum, { cold }) => sum + cold, 0),
    };
  }
}

function together(a: UserSums, b: UserSums): UserSums {
  return {
    user: a.user,
    steps: a.steps + b.steps,
    ranked: a.ranked + b.ranked,
    targets: a.targets + b.targets,
    cold: a.cold + b.cold,
    facts: a.steps > 0 ? a.facts : b.facts,
    sums: a.sums.map((x, i) => x + b.sums[i]),
  };
}

/** Counts are whole numbers: their sum does not depend on which thread counted what. */
function addUp(perDesk: readonly (readonly Float64Array[])[]): Float64Array[] {
  return perDesk[0].map((_, c) => {
    const sum = new Float64Array(perDesk[0][c].length);
    for (const desk of perDesk) for (let item = 0; item < sum.length; item++) sum[item] += desk[c][item];
    return sum;
  });
}
