import type { ActionLog } from '../actions/log.js';
import type { IdTable } from '../disk/ids.js';
import { PinnersageError } from '../errors.js';
import type { ActionPage, StoredUserAction } from '../model/serving.js';
import { checkCount } from './guard.js';

/** What is stored of a user's actions, with ids, newest first, a page at a time. */
export function actionPage(
  log: ActionLog,
  items: IdTable,
  userId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): ActionPage {
  checkCount('limit', limit);
  const user = log.users.find(userId);
  if (user === null) return { userId, actions: [], nextCursor: null };
  const before = cursor === undefined ? undefined : cursorKey(cursor, user);
  const types = log.types.list();
  const page = [...log.newest(user, limit + 1, before)];
  const shown = page.slice(0, limit);
  const last = shown.at(-1);
  return {
    userId,
    actions: shown.map((action): StoredUserAction => {
      const { eventId, weight, extras, seq } = action;
      return {
        itemId: items.idOf(action.item),
        type: types[action.type].name,
        timestamp: new Date(action.time).toISOString(),
        ...(eventId === null ? {} : { eventId }),
        ...(weight === 1 ? {} : { weight }),
        ...extras,
        seq,
        ingestedAt: new Date(action.ingestedAt).toISOString(),
      };
    }),
    nextCursor: page.length > limit && last ? Buffer.from(last.key.subarray(4)).toString('base64url') : null,
  };
}

/** The key without its user, so that a cursor says nothing of numbers. */
function cursorKey(cursor: string, user: number): Uint8Array {
  const rest = Buffer.from(cursor, 'base64url');
  if (rest.length < 7 || rest.toString('base64url') !== cursor)
    throw new PinnersageError('option-invalid', `cursor: got "${cursor}", expected the nextCursor of a page`);
  const key = Buffer.alloc(4 + rest.length);
  key.writeUInt32BE(user, 0);
  rest.copy(key, 4);
  return key;
}
