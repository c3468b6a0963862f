import type { ActionLog } from '../actions/log.js';
import { createRng } from '../math/rng.js';
import type { ProfileStore } from '../store/profiles.js';
import { checkSeed } from './guard.js';
import { requireGeneration } from './recommend.js';

export interface SampleUsersOptions {
  readonly count: number;
  readonly seed: number;
  readonly minInterests?: number;
  /** Default: the active space. */
  readonly space?: string;
}

export function sampleUsers(
  log: ActionLog,
  store: ProfileStore,
  { count, seed, minInterests = 1 }: SampleUsersOptions,
): string[] {
  requireGeneration(store);
  checkSeed(seed);
  const rng = createRng(seed);
  const order = Uint32Array.from({ length: log.users.count() }, (_, user) => user);
  const found: string[] = [];
  for (let left = order.length; left > 0 && found.length < count; left--) {
    const place = rng.below(left);
    const user = order[place];
    order[place] = order[left - 1];
    if ((store.get(user)?.interests.length ?? 0) >= minInterests) found.push(log.users.idOf(user));
  }
  return found;
}
