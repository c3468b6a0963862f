import type { ActionLog } from '../actions/log.js';
import type { LoadedSpace } from '../catalog/space.js';
import type { IdTable } from '../disk/ids.js';
import { PinnersageError } from '../errors.js';
import type { Interest, LeftOut } from '../model/profile.js';
import type { UserInterest, UserInterests } from '../model/serving.js';
import { interestsAt, type LiveBasis, type LiveProfiles, type LiveUser } from './live.js';

export interface InterestsOptions {
  /** Whether each interest names its items. Default: false. */
  readonly members?: boolean;
  /** Default: the active space. */
  readonly space?: string;
  /** The clock, epoch ms: later actions do not count, importances decay to it. Default: the batch, or the newest action since. */
  readonly nowMs?: number;
}

export interface InterestsReport extends UserInterests {
  /** Where there are no interests: why the user's actions made none, each counted under the first reason that applies. */
  readonly leftOut?: LeftOut;
}

/** @throws `user-unknown`. */
export function userInterests(
  items: IdTable,
  log: ActionLog,
  profiles: LiveProfiles,
  space: LoadedSpace,
  userId: string,
  { members = false, nowMs }: InterestsOptions,
): InterestsReport {
  const user = log.users.find(userId);
  if (user === null)
    throw new PinnersageError('user-unknown', `got user "${userId}", of whom the log holds no action`);
  const basis = profiles.basis(space);
  const live = profiles.of(user, space, nowMs ?? Number.MAX_SAFE_INTEGER, basis);
  const found = presentInterests(items, userId, live, basis, nowMs ?? live.asOf, members);
  if (found.interests.length > 0) return found;
  return { ...found, leftOut: profiles.leftOut(user, space, Date.parse(found.asOf), basis) };
}

export function presentInterests(
  items: IdTable,
  userId: string,
  live: LiveUser,
  { options }: LiveBasis,
  nowMs: number,
  members: boolean,
): UserInterests {
  const asOf = Math.max(live.asOf, nowMs);
  return {
    userId,
    asOf: new Date(asOf).toISOString(),
    source: live.source,
    interests: interestsAt(live, asOf, options.lambda).map((interest) => present(items, interest, members)),
  };
}

function present(items: IdTable, interest: Interest, members: boolean): UserInterest {
  return {
    interestId: interest.id,
    medoid: items.idOf(interest.medoid),
    importance: interest.importance,
    size: interest.size,
    lastActionAt: new Date(interest.lastActionAt).toISOString(),
    ...(members ? { members: Array.from(interest.members, (item) => items.idOf(item)) } : {}),
  };
}
