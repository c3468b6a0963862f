import { viewOf } from '../disk/codec.js';
import { PinnersageError } from '../errors.js';
import type { UserKey } from '../model/item.js';
import { profileEnd, roundUp, slotIn } from './codec.js';

/**
 * Users whose profiles lie in one entry of the store, under the number of the first, one after another and each from a
 * multiple of 8 on: to store an entry costs more than to copy what is in it. Older versions stored each user under the own
 * number, which reads as an entry of one.
 */
const bundleUsers = 16;

/** The number under which the profile of a user lies. */
export const bundleOf = (user: UserKey): UserKey => user - slotOf(user);

/** The numbers under which it may lie: the last in what an older version stored. */
export const placesOf = (user: UserKey): readonly UserKey[] =>
  slotOf(user) === 0 ? [user] : [bundleOf(user), user];

/** The user's place from there on, which the profile names. */
export const slotOf = (user: UserKey): number => user % bundleUsers;

/** Where each profile of the entry under `first` begins and ends, by rising user. @throws `data-damaged`. */
export function eachProfile(
  first: UserKey,
  bytes: DataView,
  visit: (user: UserKey, start: number, end: number) => void,
): void {
  for (let start = 0, end = 0; start < bytes.byteLength; start = roundUp(end)) {
    end = profileEnd(bytes, start);
    if (end > bytes.byteLength)
      throw new PinnersageError('data-damaged', `profiles: the entry of user ${first} is not whole`);
    visit(first + slotIn(bytes, start), start, end);
  }
}

/** The user's part of an entry; null where it has none. @throws `data-damaged`. */
export function profileIn(first: UserKey, bytes: Buffer, user: UserKey): Buffer | null {
  let found: Buffer | null = null;
  eachProfile(first, viewOf(bytes), (other, start, end) => {
    if (other === user) found = bytes.subarray(start, end);
  });
  return found;
}

/** An entry without the user's part: the same where it has none, empty where it has nothing else. @throws `data-damaged`. */
export function without(first: UserKey, bytes: Buffer, user: UserKey): Buffer {
  let left = bytes;
  eachProfile(first, viewOf(bytes), (other, start, end) => {
    if (other === user) left = Buffer.concat([bytes.subarray(0, start), bytes.subarray(roundUp(end))]);
  });
  return left;
}

/** The key of what lies under a number. */
export function profileKey(generation: number, first: UserKey): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeUInt32BE(generation, 0);
  key.writeUInt32BE(first, 4);
  return key;
}
