import type { ActionLog } from '../actions/log.js';
import type { Catalog } from '../catalog/catalog.js';
import type { LoadedSpace } from '../catalog/space.js';
import type { Directory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import type { ActionTypes } from '../model/action.js';
import { type AlphaChoice, liveRows, type SpaceInfo } from '../model/item.js';
import { startingAlpha } from '../profile/alpha.js';
import { defaultProfileOptions, type ProfileOptions, validateOptions } from '../profile/options.js';
import { checkObject, checkOneOf } from './guard.js';

/** What a data directory is configured with; alpha belongs to its space instead. */
export type Settings = Omit<ProfileOptions, 'alpha'>;

/** The options that shape stored profiles: those of a batch hold until the next one. */
export type ShapingOptions = Pick<
  ProfileOptions,
  'alpha' | 'windowDays' | 'lambda' | 'repeats' | 'maxItemsPerUser'
>;

export function shapingOptions(options: ProfileOptions): ShapingOptions {
  const { alpha, windowDays, lambda, repeats, maxItemsPerUser } = options;
  return { alpha, windowDays, lambda, repeats, maxItemsPerUser };
}

export const settingNames = Object.keys(defaultProfileOptions) as readonly (keyof Settings)[];

/** What was configured over what calibration chose for the space over the defaults. */
export function readSettings(directory: Directory, space?: Pick<SpaceInfo, 'calibration'>): Settings {
  return { ...defaultProfileOptions, ...calibrated(space), ...configured(directory) };
}

const nothingStated: Partial<Settings> = {};

/** The settings that somebody has stated; the same object while they are the same. */
export function configured(directory: Directory): Partial<Settings> {
  return directory.readMeta<Partial<Settings>>('settings') ?? nothingStated;
}

function calibrated(space?: Pick<SpaceInfo, 'calibration'>): Partial<Settings> {
  if (!space?.calibration) return {};
  const { lambda, popularityLambda, windowDays } = space.calibration;
  return { lambda, popularityLambda, windowDays };
}

export function writeSettings(directory: Directory, changes: Partial<Settings>): Settings {
  checkObject('settings', changes);
  for (const name of Object.keys(changes)) checkOneOf('setting', name, settingNames);
  const stored = { ...configured(directory), ...changes };
  const settings = { ...defaultProfileOptions, ...stored };
  validateOptions({ ...settings, alpha: 1 });
  directory.write(() => directory.writeMeta('settings', stored));
  return settings;
}

/**
 * The threshold of a space: as given for this run, else as stored with it, else by the starting rule of algorithm.md §2,
 * which is then stored with the space.
 * @throws `option-invalid` where an unnormalised space has none.
 */
export function alphaFor(catalog: Catalog, space: LoadedSpace, given: number | undefined): AlphaChoice {
  if (given !== undefined) return { value: given, origin: 'user' };
  const alpha = alphaOf(space);
  if (!space.info.alpha) catalog.setAlpha(space.info.name, alpha);
  return alpha;
}

const starting = new WeakMap<ArrayBufferLike, AlphaChoice>();

/** The threshold that is stored with a space, else that of the starting rule. @throws as `alphaFor`. */
export function alphaOf(space: LoadedSpace): AlphaChoice {
  if (space.info.alpha) return space.info.alpha;
  if (!space.info.normalized)
    throw new PinnersageError(
      'option-invalid',
      `space "${space.info.name}" is not normalised, so its merge threshold, a squared distance, must be stated: "config set alpha A", or "batch --alpha A"`,
    );
  const known = starting.get(space.vectors.buffer);
  if (known) return known;
  const alpha = startingAlpha(space.vectors, space.dim, liveRows(space));
  starting.set(space.vectors.buffer, alpha);
  return alpha;
}

export function declaredTypes(log: ActionLog): ActionTypes {
  return Object.fromEntries(log.types.list().map(({ name, role, weight }) => [name, { role, weight }]));
}
