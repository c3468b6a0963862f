import { PinnersageError, shown } from '../errors.js';
import { hashHex } from '../math/hash.js';
import type { ActionTypes } from '../model/action.js';

/** Everything that shapes interests and how they are sampled. */
export interface ProfileOptions {
  /**
   * Two clusters merge while their merge height is at most this. Unit: squared distance. Range: > 0. No default: it
   * belongs to an embedding space (`startingAlpha` gives a first value). Effect: higher means fewer, broader
   * interests. Source: algorithm.md §2.
   */
  readonly alpha: number;
  /**
   * How far back actions count: the window is (asOf − windowDays, asOf]. Unit: days of 86,400,000 ms. Default: 90.
   * Range: > 0, or 'all'. Effect: longer keeps older interests alive. Source: algorithm.md §1.
   */
  readonly windowDays: number | 'all';
  /**
   * Decay of importance. Unit: per day of age. Default: 0.01, a half-life of 69 days. Range: ≥ 0. Effect: 0 counts
   * actions, 0.1 is strongly recent. Source: algorithm.md §3.
   */
  readonly lambda: number;
  /**
   * Decay of an item's popularity, which the prior and the fallback go by. Unit: per day of age. Default: 'lambda', the
   * decay of importance. Range: ≥ 0. Effect: higher follows what is in demand now; one of its own costs the batch another
   * scan of the log. Source: ours.
   */
  readonly popularityLambda: number | 'lambda';
  /**
   * Interests sampled per request, the paper's e. Unit: interests. Default: 3. Range: integer ≥ 1. Effect: more gives
   * broader candidates, with fewer from each. Source: algorithm.md §4.
   */
  readonly medoids: number;
  /**
   * Whether an item acted on w times is one point of size 1 or of size w. Default: 'distinct'. Effect: under 'count'
   * much-repeated items resist merging. Source: algorithm.md §2.
   */
  readonly repeats: 'distinct' | 'count';
  /**
   * Most distinct items of one user that are clustered: those with the newest last action. Unit: items. Default:
   * 20,000. Range: integer ≥ 1. Effect: bounds time and memory, which are quadratic in it; what falls out is counted.
   * Source: ours.
   */
  readonly maxItemsPerUser: number;
  /**
   * Up to this many distinct items in the window an online update reclusters all of it, above it overlays the stored
   * clusters. Unit: items. Default: 2,000. Range: integer ≥ 0. Effect: higher is exact for more users and slower for
   * heavy ones. Source: algorithm.md §5.
   */
  readonly onlineExactItems: number;
  /**
   * New actions the overlay takes; one more asks for that user's full recompute. Unit: actions. Default: 20. Range:
   * integer ≥ 0. Effect: higher recomputes less often and drifts further. Source: algorithm.md §5.
   */
  readonly onlineActions: number;
}

export const defaultProfileOptions: Omit<ProfileOptions, 'alpha'> = {
  windowDays: 90,
  lambda: 0.01,
  popularityLambda: 'lambda',
  medoids: 3,
  repeats: 'distinct',
  maxItemsPerUser: 20_000,
  onlineExactItems: 2_000,
  onlineActions: 20,
};

/** The decay of popularity, per day. */
export function popularityDecay({ lambda, popularityLambda }: ProfileOptions): number {
  return popularityLambda === 'lambda' ? lambda : popularityLambda;
}

/** Defaults where an option is not given; refuses what is out of range. */
export function resolveOptions(
  given: Partial<ProfileOptions> & Pick<ProfileOptions, 'alpha'>,
): ProfileOptions {
  const options = { ...defaultProfileOptions, ...given };
  validateOptions(options);
  return options;
}

export function validateOptions(options: ProfileOptions): void {
  const { alpha, windowDays, lambda, medoids, repeats } = options;
  if (!(Number.isFinite(alpha) && alpha > 0)) refuse('alpha', alpha, 'a finite squared distance > 0');
  if (windowDays !== 'all' && !(Number.isFinite(windowDays) && windowDays > 0))
    refuse('windowDays', windowDays, "a finite number of days > 0, or 'all'");
  if (!(Number.isFinite(lambda) && lambda >= 0)) refuse('lambda', lambda, 'a finite decay per day ≥ 0');
  const { popularityLambda } = options;
  if (popularityLambda !== 'lambda' && !(Number.isFinite(popularityLambda) && popularityLambda >= 0))
    refuse('popularityLambda', popularityLambda, "a finite decay per day ≥ 0, or 'lambda'");
  if (!isCount(medoids, 1)) refuse('medoids', medoids, 'an integer ≥ 1');
  if (repeats !== 'distinct' && repeats !== 'count') refuse('repeats', repeats, "'distinct' or 'count'");
  if (!isCount(options.maxItemsPerUser, 1))
    refuse('maxItemsPerUser', options.maxItemsPerUser, 'an integer ≥ 1');
  if (!isCount(options.onlineExactItems, 0))
    refuse('onlineExactItems', options.onlineExactItems, 'an integer ≥ 0');
  if (!isCount(options.onlineActions, 0)) refuse('onlineActions', options.onlineActions, 'an integer ≥ 0');
}

export function validateActionTypes(types: ActionTypes): void {
  for (const [name, { role, weight }] of Object.entries(types)) {
    if (role !== 'interest' && role !== 'exclude' && role !== 'impression')
      refuse(`role of action type '${name}'`, role, "'interest', 'exclude' or 'impression'");
    if (!(Number.isFinite(weight) && weight >= 0))
      refuse(`weight of action type '${name}'`, weight, 'a finite number ≥ 0');
  }
}

/**
 * Digest of every option that shapes a stored profile: alpha, window, decay, repeats, the cap on items, and the
 * action types that make points with their weights. Options of sampling and of the online update leave it alone, and
 * so do the order in which types are declared and types of other roles.
 */
export function configHash(options: ProfileOptions, types: ActionTypes): string {
  const { alpha, windowDays, lambda, repeats, maxItemsPerUser } = options;
  const interest = Object.entries(types)
    .filter(([, type]) => type.role === 'interest')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, type]) => [name, type.weight]);
  return hashHex('profile', alpha, windowDays, lambda, repeats, maxItemsPerUser, ...interest);
}

function isCount(value: number, lowest: number): boolean {
  return Number.isSafeInteger(value) && value >= lowest;
}

function refuse(name: string, got: unknown, expected: string): never {
  throw new PinnersageError('option-invalid', `${name}: got ${shown(got)}, expected ${expected}`);
}
