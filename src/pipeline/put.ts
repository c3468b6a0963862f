import { actionRefusal, type RawAction } from '../actions/accept.js';
import { encodeKey, encodeValue } from '../actions/codec.js';
import { Erased } from '../actions/erased.js';
import { toRecords } from '../actions/import.js';
import type { ActionLog } from '../actions/log.js';
import { erasedUserRefusal, type UserUpsert, upsertUsers, userIdRefusal } from '../actions/users.js';
import type { Catalog, ItemUpsert } from '../catalog/catalog.js';
import { itemIdRefusal, metadataOf, prepareVector } from '../catalog/check.js';
import { spaceNamed } from '../catalog/space.js';
import type { Directory } from '../disk/directory.js';
import type { IdTable } from '../disk/ids.js';
import { shown } from '../errors.js';
import type { Refusal } from '../files/table.js';
import { type Action, leastTimeMs } from '../model/action.js';
import type { Item } from '../model/item.js';
import type { User } from '../model/user.js';
import { checkArray, isObject } from './guard.js';

/** What became of an array of items, actions or users: `rejected` names the place in the array. */
export interface PutReport {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly { readonly index: number; readonly code: string; readonly message: string }[];
}

/** `space`: the active one, or 'default', where it is not given. */
export function putItems(catalog: Catalog, items: readonly Item[], space?: string): PutReport {
  const table = catalog.spaceTable();
  const name = space ?? table.active ?? 'default';
  let record = spaceNamed(table, name);
  const rejected: { index: number; code: string; message: string }[] = [];
  const upserts: ItemUpsert[] = [];
  checkArray('items', items);
  items.forEach((item, index) => {
    const normalized = record?.normalized ?? true;
    const upsert = prepareItem(item, record?.dim ?? null, normalized);
    if ('reason' in upsert) {
      rejected.push({ index, code: upsert.reason, message: upsert.detail });
      return;
    }
    const { vector } = upsert;
    if (vector) record ??= catalog.spaceForWriting(name, vector.length, normalized, 'put by the library');
    upserts.push(upsert);
  });
  const { written, unchanged } = catalog.upsert(upserts, record);
  return { accepted: written, duplicates: unchanged, rejected };
}

function prepareItem(item: Item, dim: number | null, normalized: boolean): ItemUpsert | Refusal {
  if (!isObject(item)) return notAnObject(item);
  const { itemId, embedding, metadata } = item;
  const refusal = itemIdRefusal(itemId ?? null);
  if (refusal) return refusal;
  const fields = metadata === undefined ? { metadata: null } : metadataOf(metadata);
  if ('reason' in fields) return fields;
  if (embedding === undefined || embedding === null) return { itemId, ...fields, vector: null };
  if (!Array.isArray(embedding) && !ArrayBuffer.isView(embedding))
    return {
      reason: 'vector-unparsable',
      detail: `embedding: got ${shown(embedding)}, expected a list of numbers`,
    };
  const prepared = prepareVector(embedding, dim, normalized);
  return 'reason' in prepared ? prepared : { itemId, ...fields, ...prepared };
}

function notAnObject(got: unknown): Refusal {
  return { reason: 'not-an-object', detail: `got ${shown(got)}, expected an object` };
}

export function putUsers(directory: Directory, table: IdTable, users: readonly User[]): PutReport {
  const rejected: { index: number; code: string; message: string }[] = [];
  const upserts: UserUpsert[] = [];
  checkArray('users', users);
  const refusalOf = erasedUserRefusal(directory, table);
  users.forEach((user, index) => {
    const upsert = prepareUser(user, refusalOf);
    if ('reason' in upsert) rejected.push({ index, code: upsert.reason, message: upsert.detail });
    else upserts.push(upsert);
  });
  const { written, unchanged } = upsertUsers(directory, table, upserts);
  return { accepted: written, duplicates: unchanged, rejected };
}

function prepareUser(user: User, refusalOf: (userId: string) => Refusal | null): UserUpsert | Refusal {
  if (!isObject(user)) return notAnObject(user);
  const refusal = userIdRefusal(user.userId ?? null) ?? refusalOf(user.userId);
  if (refusal) return refusal;
  const fields = metadataOf(user.attributes, 'attributes');
  return 'reason' in fields ? fields : { userId: user.userId, attributes: fields.metadata };
}

/** Arrays of actions of which each element was checked. */
export interface CheckedActions {
  /** What can be taken, of all arrays in order. */
  readonly actions: readonly RawAction[];
  /** Of each array: how many of them are its own, and what was refused. */
  readonly arrays: readonly { readonly taken: number; readonly rejected: PutReport['rejected'] }[];
}

/** Reads of the directory only who was erased. `wallClockMs`: tells what is in the future. */
export function checkActions(
  directory: Directory,
  arrays: readonly (readonly Action[])[],
  wallClockMs: number,
): CheckedActions {
  const accept = { wallClockMs, erasedAt: new Erased(directory).lookup() };
  const taken: RawAction[] = [];
  const checked = arrays.map((actions) => {
    const rejected: { index: number; code: string; message: string }[] = [];
    const before = taken.length;
    actions.forEach((action, index) => {
      const candidate = isObject(action) ? rawAction(action) : null;
      const refusal = candidate ? actionRefusal(candidate, accept) : notAnObject(action);
      if (refusal) rejected.push({ index, code: refusal.reason, message: refusal.detail });
      else if (candidate) taken.push(candidate);
    });
    return { taken: taken.length - before, rejected };
  });
  return { actions: taken, arrays: checked };
}

/**
 * Stores arrays of actions as one transaction, each with a report of its own; what stands in two of them is a duplicate in
 * the later one. `wallClockMs`: stamps what is accepted. `asideFrom`: as in `ActionLog.put`.
 */
export function storeActions(
  directory: Directory,
  log: ActionLog,
  items: IdTable,
  { actions, arrays }: CheckedActions,
  wallClockMs: number,
  asideFrom?: number,
): PutReport[] {
  const fresh = directory.write(() => {
    const records = toRecords(directory, log, items, actions);
    const entries = records.map((record) => ({ key: encodeKey(record), value: encodeValue(record) }));
    return log.put(entries, wallClockMs, asideFrom);
  });
  let at = 0;
  return arrays.map(({ taken, rejected }) => {
    const own = fresh.slice(at, at + taken);
    at += taken;
    const accepted = own.filter(Boolean).length;
    return { accepted, duplicates: taken - accepted, rejected };
  });
}

/** `wallClockMs`: stamps what is accepted and tells what is in the future. */
export function appendActions(
  directory: Directory,
  log: ActionLog,
  items: IdTable,
  actions: readonly Action[],
  wallClockMs: number,
): PutReport {
  checkArray('actions', actions);
  const checked = checkActions(directory, [actions], wallClockMs);
  return storeActions(directory, log, items, checked, wallClockMs)[0];
}

function rawAction(action: Action): RawAction {
  return {
    userId: action.userId ?? null,
    itemId: action.itemId ?? null,
    type: action.type ?? null,
    timestamp: timeOf(action.timestamp),
    eventId: action.eventId ?? null,
    weight: action.weight,
    recommendationId: action.recommendationId ?? null,
    position: action.position,
    context: action.context,
  };
}

function timeOf(time: unknown): number | Refusal {
  const isSeconds = typeof time === 'number' && time >= 0 && time < leastTimeMs;
  if (Number.isInteger(time) && !isSeconds) return time as number;
  const hint = isSeconds ? ' (this looks like seconds)' : '';
  return {
    reason: 'timestamp-unparsable',
    detail: `timestamp: got ${shown(time)}, expected epoch milliseconds${hint}`,
  };
}
