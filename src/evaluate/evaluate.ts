import { ActionLog } from '../actions/log.js';
import { findUser } from '../actions/users.js';
import { openDirectory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import type { Metadata, SpaceInfo } from '../model/item.js';
import type { ContenderSource } from './contender.js';
import type { BuiltInChoice } from './contenders/builtin.js';
import { calibratedContenders, calibratedNames } from './contenders/recipe.js';
import { loadContenders } from './desk.js';
import { besideEvaluation, type EvaluationInput, prepareEvaluation } from './evaluation.js';
import { checkOptions } from './optionnames.js';
import { builtInContenders } from './options.js';
import type { EvaluationReport } from './report.js';
import { defaultBaseline, type SummaryOptions, summarize } from './summary.js';
import { besideOutcome, type WalkOptions, walkForward } from './walk.js';

export interface EvaluateOptions extends EvaluationInput, SummaryOptions, Omit<WalkOptions, 'sources'> {
  /** Names of built-in contenders. Default: all of them. */
  readonly contenders?: readonly string[];
  /** Adds copies of some contenders that are re-ranked by exposure. Default: 0, none. Range: ≥ 0. */
  readonly exposureStrength?: number;
  /** Contenders of one's own, beside them. */
  readonly modules?: readonly ContenderSource[];
}

/** What is compared of a space beside: one embedding, several, and what serves by default. */
const besideNames: BuiltInChoice['names'] = [
  'last',
  'average-0.01',
  'centroid-0.01',
  'medoid-0.01',
  'medoid-0.01-sampled',
];

/**
 * Walks a data directory's log forward and compares ways to serve its users; changes nothing on disk. The same options
 * on the same data give the same report, whatever the number of threads.
 * @throws `option-invalid`, `leak`, `space-missing`, `file-empty`, `interrupted`.
 */
export async function evaluate(path: string, options: EvaluateOptions = {}): Promise<EvaluationReport> {
  checkOptions('evaluate', options);
  const { baseline, segments = [], contenders, exposureStrength, modules = [], ...rest } = options;
  const { workers, onProgress, signal, ...input } = rest;
  const names = contenders?.filter((name) => !calibratedNames.includes(name));
  const args: BuiltInChoice = defined({ names, exposureStrength });
  const directory = await openDirectory(path, { mode: 'read' });
  try {
    const evaluation = prepareEvaluation(directory, input);
    const calibrated = calibratedSources(evaluation.space.info, contenders, exposureStrength);
    const sources = [{ ...builtInContenders, args }, ...calibrated, ...modules];
    const taking = (await loadContenders(sources)).map(({ name }) => name);
    const chosen = chosenBaseline(taking, baseline);
    const { users } = new ActionLog(directory);
    const attributesOf = (user: number): Metadata => findUser(users, users.idOf(user))?.attributes ?? {};
    checkSegments(segments, evaluation.plan.users, attributesOf);
    const walking = defined({ workers, onProgress, signal });
    let outcome = await walkForward(evaluation, { sources, ...walking });
    for (const space of input.beside ?? []) {
      const other = besideEvaluation(evaluation, space, input);
      const own = [
        { ...builtInContenders, args: { names: besideNames } },
        ...calibratedSources(other.space.info, undefined),
      ];
      outcome = besideOutcome(outcome, await walkForward(other, { sources: own, ...walking }), space);
    }
    return summarize(evaluation, outcome, chosen, segments, attributesOf);
  } finally {
    await directory.close();
  }
}

/** What calibration chose, where there is a calibration and its contenders are wanted. */
function calibratedSources(
  space: SpaceInfo,
  wanted: readonly string[] | undefined,
  exposureStrength?: number,
): ContenderSource[] {
  const names = calibratedNames.filter((name) => wanted?.includes(name) ?? true);
  const source = calibratedContenders(space, names, exposureStrength);
  if (source) return [source];
  if (wanted === undefined || names.length === 0) return [];
  throw new PinnersageError(
    'option-invalid',
    `contender: got "${names[0]}", but space "${space.name}" has no calibration; run "pinnersage calibrate" first`,
  );
}

function chosenBaseline(names: readonly string[], wanted: string | undefined): string {
  if (wanted === undefined) return names.includes(defaultBaseline) ? defaultBaseline : names[0];
  if (names.includes(wanted)) return wanted;
  throw new PinnersageError('option-invalid', `baseline: got "${wanted}", expected ${names.join(', ')}`);
}

/** @throws `option-invalid` where nobody has the attribute: a misspelt name would be one group of all. */
function checkSegments(
  segments: readonly string[],
  users: readonly number[],
  attributesOf: (user: number) => Metadata,
): void {
  for (const name of segments) {
    if (users.length === 0 || users.some((user) => attributesOf(user)[name] !== undefined)) continue;
    const known = [...new Set(users.flatMap((user) => Object.keys(attributesOf(user))))].sort();
    const expected = known.length > 0 ? known.join(', ') : 'attributes from "pinnersage import users"';
    throw new PinnersageError(
      'option-invalid',
      `segment: got "${name}", which no user has; expected ${expected}`,
    );
  }
}

type Defined<T> = { [field in keyof T]?: Exclude<T[field], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
