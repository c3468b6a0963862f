import type { ActionLog } from '../actions/log.js';
import { hashHex, hexOf } from '../math/hash.js';
import type { ActionTypes } from '../model/action.js';
import type { EmbeddingTable, UserKey } from '../model/item.js';
import { configHash, type ProfileOptions } from '../profile/options.js';
import { runBasis } from '../profile/reuse.js';
import { leftOutReasons, type ProfileView } from '../store/codec.js';
import type { Generation } from '../store/profiles.js';

/** A generation whose profiles hold for the next one too, but for users of whom something has changed. */
export interface Continuation {
  readonly before: Generation;
  /** Items whose vector is another one than then. */
  readonly replaced: ReadonlySet<number>;
  /** Whether there are items with a vector that had none. */
  readonly hasAdded: boolean;
  /** The number under which profiles stay where they are; null where the new generation is written whole. */
  readonly base: number | null;
}

/** Rises when a change of the code stores other profiles for the same users, clusters apart. */
const profileVersion = 1;

/** A generation over a base is replaced by a whole one when more than this part of the users lies above the base. */
const mostAboveBase = 0.25;

/** A digest of all that decides stored profiles, beside each user's log, the vectors and the clock. */
export function conditionsOf(
  space: { readonly name: string; readonly generation: number },
  options: ProfileOptions,
  types: ActionTypes,
): string {
  const basis = hexOf(runBasis(space.name, space.generation, options));
  return hashHex('profiles', profileVersion, configHash(options, types), basis);
}

/** null where every user has to be looked at: other conditions, a clock that went back, an older version's data. */
export function continuationOf(
  before: Generation | null,
  now: { readonly conditions: string; readonly asOf: number; readonly maxSeq: number },
  { itemOfRow }: EmbeddingTable,
  log: ActionLog,
): Continuation | null {
  if (!before || before.conditions !== now.conditions || before.asOf > now.asOf) return null;
  const { rows = 0, base = null, written = 0 } = before;
  if (rows > itemOfRow.length || !log.marks.coverSince(before.maxSeq, now.maxSeq)) return null;
  const appended = new Set(itemOfRow.subarray(rows));
  const replaced = new Set<number>();
  if (appended.size > 0)
    for (const item of itemOfRow.subarray(0, rows)) if (appended.has(item)) replaced.add(item);
  const isHigh = written > mostAboveBase * log.users.count();
  return {
    before,
    replaced,
    hasAdded: appended.size > replaced.size,
    base: base === null ? before.number : isHigh ? null : base,
  };
}

const ofUnembedded = leftOutReasons.indexOf('unembedded');

/** Whether a stored profile is still what a batch as of `asOf` would store, the user's log being the same. */
export function stillHolds(
  profile: ProfileView,
  { replaced, hasAdded }: Continuation,
  asOf: number,
): boolean {
  // A millisecond's margin: the window's ends are not always whole ones.
  if (profile.changesAt - 1 <= asOf) return false;
  if (hasAdded && profile.leftOut(ofUnembedded) > 0) return false;
  let holds = true;
  if (replaced.size > 0)
    profile.eachMember((item) => {
      if (replaced.has(item)) holds = false;
    });
  return holds;
}

/** Users of `from … to−1` whose log has changed since: 1 at their place. */
export function changedUsers(log: ActionLog, maxSeq: number, from: UserKey, to: UserKey): Uint8Array {
  const changed = new Uint8Array(to - from);
  for (const { user } of log.marks.of(from, to, maxSeq)) changed[user - from] = 1;
  return changed;
}
