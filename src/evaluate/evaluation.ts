import { ActionLog } from '../actions/log.js';
import { Catalog } from '../catalog/catalog.js';
import type { LoadedSpace } from '../catalog/space.js';
import type { Directory } from '../disk/directory.js';
import { liveRows, type SpaceInfo, type UserKey } from '../model/item.js';
import { readSettings } from '../pipeline/settings.js';
import { startingAlpha } from '../profile/alpha.js';
import { type ProfileOptions, resolveOptions } from '../profile/options.js';
import { resolveRecipe } from '../retrieve/recipe.js';
import type { SharedRecipe } from './contender.js';
import { calibrationSource } from './contenders/recipe.js';
import type { DeskInput } from './desk.js';
import type { Provenance } from './guard.js';
import { type Layout, layoutFor } from './layout.js';
import { type LogTable, loadLog } from './log.js';
import { type FittedSpace, fitPeriod, type PeriodData } from './models.js';
import { budgetsFor, type ProtocolOptions, resolveProtocol } from './options.js';
import { cutOf, makePlan, makeTimetable, type Plan } from './plan.js';
import { refitOf } from './refit.js';
import { reachable, sourcesOf } from './space.js';
import type { WalkRules } from './walker.js';

export interface EvaluationInput extends Partial<ProtocolOptions> {
  /** Default: the active one. */
  readonly space?: string;
  /** Spaces that are to be compared with it: what could come back in any of them is foretold. Default: none. */
  readonly beside?: readonly string[];
  /** Options of the profiles, over those that are stored. */
  readonly profile?: Partial<ProfileOptions>;
  /** Retrieval options that every contender gets. Default: none. */
  readonly shared?: SharedRecipe;
  /** Leaves out what was calibrated for the space: its own calibration must not see it. Default: false. */
  readonly uncalibrated?: boolean;
  /**
   * Vectors as they were known at a cut. Default: for a space that `embed` made from actions, made again with its options;
   * else the stored ones throughout.
   */
  readonly fitSpace?: (untilMs: number, log: LogTable) => FittedSpace;
}

/** One space of one log, ready to be walked: what calibration and the report share. */
export interface Evaluation {
  readonly directory: Directory;
  readonly space: LoadedSpace;
  readonly log: LogTable;
  readonly plan: Plan;
  readonly rules: WalkRules;
  readonly layout: Layout;
  /** The space in which relevance and diversity are measured, as it is stored. */
  readonly judge: string;
  readonly deskInput: Omit<DeskInput, 'sources'>;
  userId(user: UserKey): string;
  /** The global models of every period, each fitted when it is asked for. */
  periods(): Iterable<readonly [number, PeriodData]>;
}

/** Reads what an evaluation needs and decides what is foretold for whom. Changes nothing on disk. */
export function prepareEvaluation(directory: Directory, input: EvaluationInput): Evaluation {
  const catalog = new Catalog(directory);
  const actionLog = new ActionLog(directory);
  const protocol = resolveProtocol(protocolOf(input));
  const space = catalog.load(input.space);
  const log = loadLog(actionLog);
  const types = actionLog.types.list();
  const { shared = {}, beside = [] } = input;
  resolveRecipe(shared);
  const about = aboutOf(space, input);
  const options = optionsOf(directory, space, about, input);
  const idRank = catalog.ids.ranks();
  const timetable = makeTimetable(log, types, protocol);
  const { repeatItems } = protocol;
  const spaces = [space, ...beside.map((name) => catalog.load(name))];
  const targets = {
    types,
    ...reachable(spaces, idRank.length),
    windowDays: options.windowDays,
    repeatItems,
  };
  const plan = makePlan(log, timetable, targets, protocol);
  const layout = layoutFor(budgetsFor(liveItems(space), protocol));
  const history = { types, idRank, options, repeatItems, shared };
  const impressions = types.some(({ role }, code) => role === 'impression' && log.types.includes(code));
  const rankAgainst = impressions ? 'impressions' : 'sampled';
  const rules: WalkRules = { timetable, targets, history, layout, protocol, rankAgainst };
  const judge = space.info.name;
  return evaluationOf(
    { directory, space, log, plan, rules, layout, judge },
    about,
    actionLog,
    input.fitSpace,
  );
}

/** The same users, steps, items to foretell and yardstick in another space; its contenders are those of that space. */
export function besideEvaluation(evaluation: Evaluation, name: string, input: EvaluationInput): Evaluation {
  const { directory, rules } = evaluation;
  const space = new Catalog(directory).load(name);
  const about = aboutOf(space, input);
  const options = optionsOf(directory, space, about, input);
  const own = { ...rules, history: { ...rules.history, options } };
  return evaluationOf({ ...evaluation, space, rules: own }, about, new ActionLog(directory), undefined);
}

type Prepared = Omit<Evaluation, 'deskInput' | 'userId' | 'periods'>;

function evaluationOf(
  prepared: Prepared,
  about: SpaceInfo,
  actionLog: ActionLog,
  given: EvaluationInput['fitSpace'],
): Evaluation {
  const { directory, space, log, plan, rules, judge } = prepared;
  const { timetable } = plan;
  const fitSpace = given ?? refitOf(directory, space);
  return {
    ...prepared,
    deskInput: { path: directory.path, space: space.info.name, judge, log, rules },
    userId: (user) => actionLog.users.idOf(user),
    *periods() {
      for (const [p, first] of timetable.periods.entries()) {
        const cutMs = cutOf(timetable, first);
        const fitted = fitSpace?.(cutMs, log) ?? null;
        const stored: Provenance[] = fitted ? [] : sourcesOf(space);
        const period = fitPeriod(log, rules.history, cutMs, fitted?.table ?? space, fitted);
        yield [p, { ...period, sources: [...period.sources, ...stored, ...calibrationSource(about)] }];
      }
    },
  };
}

function aboutOf({ info }: LoadedSpace, { uncalibrated }: EvaluationInput): SpaceInfo {
  return uncalibrated ? withoutCalibration(info) : info;
}

function optionsOf(
  directory: Directory,
  space: LoadedSpace,
  about: SpaceInfo,
  { profile }: EvaluationInput,
): ProfileOptions {
  return resolveOptions({
    ...readSettings(directory, about),
    alpha: alphaOf(about, space),
    ...profile,
  });
}

function protocolOf({
  space: _,
  profile: __,
  fitSpace: ___,
  uncalibrated: ____,
  shared: _____,
  beside: ______,
  ...given
}: EvaluationInput): Partial<ProtocolOptions> {
  return given;
}

/** The space's own threshold, else that of the starting rule, which is not stored here. */
function alphaOf(about: SpaceInfo, space: LoadedSpace): number {
  const stored = about.alpha?.value;
  if (stored !== undefined) return stored;
  return startingAlpha(space.vectors, space.dim, liveRows(space)).value;
}

function withoutCalibration({ calibration: _, alpha, ...info }: SpaceInfo): SpaceInfo {
  return { ...info, alpha: alpha?.origin === 'calibrated' ? null : alpha };
}

function liveItems({ live }: LoadedSpace): number {
  return live.reduce((sum, row) => sum + row, 0);
}
