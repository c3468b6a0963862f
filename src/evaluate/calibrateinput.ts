import { ActionLog } from '../actions/log.js';
import { Catalog } from '../catalog/catalog.js';
import type { Directory } from '../disk/directory.js';
import { dayMs } from '../model/action.js';
import type { CalibrateOptions } from './calibratereport.js';
import type { EvaluationInput } from './evaluation.js';
import { loadLog } from './log.js';
import type { FittedSpace } from './models.js';
import { testShare } from './options.js';
import { spanOf } from './plan.js';
import { refitOf } from './refit.js';

const defaultUsers = 400;
const refits = 3;
const periodShare = 0.2;
/** The validation period: what is foretold must lie before every test. */
export function periodOf(
  directory: Directory,
  { fromMs, untilMs, stepDays = 1 }: CalibrateOptions,
): Pick<EvaluationInput, 'fromMs' | 'toMs' | 'refitDays'> {
  const log = new ActionLog(directory);
  const { oldest, newest } = spanOf(loadLog(log), log.types.list());
  const stepMs = stepDays * dayMs;
  const span = newest - oldest;
  const end = untilMs ?? Math.floor((newest - testShare * span) / stepMs) * stepMs;
  const start = fromMs ?? Math.max(end - periodShare * span, oldest + 1);
  return {
    fromMs: start,
    toMs: end,
    refitDays: Math.max(stepDays, Math.ceil((end - start) / refits / dayMs)),
  };
}

/** Vectors of a cut are made once for all walks. */
export function rememberedFits(
  directory: Directory,
  name: string | undefined,
): ((cutMs: number) => FittedSpace) | null {
  const refit = refitOf(directory, new Catalog(directory).load(name));
  if (refit === null) return null;
  const made = new Map<number, FittedSpace>();
  return (cutMs: number): FittedSpace => {
    const kept = made.get(cutMs) ?? refit(cutMs);
    made.set(cutMs, kept);
    return kept;
  };
}

export function protocolOf({
  space,
  stepDays,
  users = defaultUsers,
  seed,
}: CalibrateOptions): Partial<EvaluationInput> {
  return {
    users,
    ...(space === undefined ? {} : { space }),
    ...(stepDays === undefined ? {} : { stepDays }),
    ...(seed === undefined ? {} : { seed }),
  };
}
