import type { ActionLog } from '../actions/log.js';
import type { IdTable } from '../disk/ids.js';
import { PinnersageError } from '../errors.js';
import type { Interest } from '../model/profile.js';
import type { UserInterest, UserInterests } from '../model/serving.js';
import { decayTo } from '../profile/sample.js';
import type { ProfileStore } from '../store/profiles.js';
import { requireGeneration } from './recommend.js';

export interface InterestsOptions {
  /** Whether each interest names its items. Default: false. */
  readonly members?: boolean;
  /** Default: the active space. */
  readonly space?: string;
  /** Decays the importances to this instant, epoch ms. Default: as of the batch. */
  readonly nowMs?: number;
}

/** @throws `user-unknown`, `no-profiles`. */
export function userInterests(
  items: IdTable,
  log: ActionLog,
  store: ProfileStore,
  userId: string,
  options: InterestsOptions,
): UserInterests {
  const user = log.users.find(userId);
  if (user === null)
    throw new PinnersageError('user-unknown', `got user "${userId}", of whom the log holds no action`);
  const generation = requireGeneration(store);
  const stored = store.get(user);
  const asOf = Math.max(generation.asOf, options.nowMs ?? generation.asOf);
  const profile = stored && decayTo(stored, asOf, generation.lambda);
  return {
    userId,
    asOf: new Date(asOf).toISOString(),
    source: 'batch',
    interests: (profile?.interests ?? []).map((interest) =>
      present(items, interest, options.members ?? false),
    ),
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
