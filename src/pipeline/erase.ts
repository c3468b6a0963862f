import { Erased } from '../actions/erased.js';
import type { ActionLog } from '../actions/log.js';
import type { Directory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import type { Erasure } from '../model/serving.js';
import { forgetProfiles } from '../store/forget.js';
import type { RecommendationLog } from '../store/recommendations.js';

/**
 * Removes everything of a user for good, in one durable step: actions, attributes, profiles of all generations, logged
 * recommendations and the id itself. What stays is a keyed hash and the instant, so that actions up to then are refused
 * (`user-erased`), and the user's part in sums over all users until the next batch. Freed pages keep their bytes until
 * they are used again or `compact` rewrites the files.
 * @throws `user-unknown`.
 */
export function eraseUser(
  directory: Directory,
  log: ActionLog,
  recommendations: RecommendationLog,
  userId: string,
  nowMs: number,
): Erasure {
  const user = log.users.find(userId);
  if (user === null)
    throw new PinnersageError(
      'user-unknown',
      'got a user of whom nothing is known, expected one who is stored',
    );
  try {
    return directory.write(() => {
      const keys = [...log.keysOf(user)];
      log.remove(keys);
      forgetProfiles(directory, user);
      const recommended = recommendations.removeUser(user);
      log.users.erase(userId, user);
      new Erased(directory).add(userId, nowMs);
      return {
        userId,
        erasedAt: new Date(nowMs).toISOString(),
        actions: keys.length,
        recommendations: recommended,
      };
    });
  } finally {
    log.users.forget();
  }
}
