import { type Refusal as ActionRefusal, actionRefusal, type RawAction } from '../actions/accept.js';
import { encodeKey, encodeValue } from '../actions/codec.js';
import { toRecords } from '../actions/import.js';
import type { ActionLog } from '../actions/log.js';
import { type UserUpsert, upsertUsers, userIdRefusal } from '../actions/users.js';
import type { Catalog, ItemUpsert } from '../catalog/catalog.js';
import { itemIdRefusal, metadataOf, prepareVector } from '../catalog/check.js';
import type { Directory } from '../disk/directory.js';
import type { IdTable } from '../disk/ids.js';
import type { Action } from '../model/action.js';
import type { Item } from '../model/item.js';
import type { User } from '../model/user.js';

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
  let record = table.spaces[name] ?? null;
  const rejected: { index: number; code: string; message: string }[] = [];
  const upserts: ItemUpsert[] = [];
  items.forEach(({ itemId, embedding, metadata }, index) => {
    const normalized = record?.normalized ?? true;
    const prepared = embedding ? prepareVector(embedding, record?.dim ?? null, normalized) : null;
    const refusal = itemIdRefusal(itemId) ?? (prepared && 'reason' in prepared ? prepared : null);
    if (refusal) {
      rejected.push({ index, code: refusal.reason, message: refusal.detail });
      return;
    }
    const vector = prepared && 'vector' in prepared ? prepared.vector : null;
    if (vector) record ??= catalog.spaceForWriting(name, vector.length, normalized, 'put by the library');
    upserts.push({ itemId, metadata: metadata ? metadataOf(metadata) : null, vector });
  });
  const { written, unchanged } = catalog.upsert(upserts, record);
  return { accepted: written, duplicates: unchanged, rejected };
}

export function putUsers(directory: Directory, table: IdTable, users: readonly User[]): PutReport {
  const rejected: { index: number; code: string; message: string }[] = [];
  const upserts: UserUpsert[] = [];
  users.forEach(({ userId, attributes }, index) => {
    const refusal = userIdRefusal(userId);
    if (refusal) rejected.push({ index, code: refusal.reason, message: refusal.detail });
    else upserts.push({ userId, attributes: metadataOf(attributes) });
  });
  const { written, unchanged } = upsertUsers(directory, table, upserts);
  return { accepted: written, duplicates: unchanged, rejected };
}

/** `wallClockMs`: stamps what is accepted and tells what is in the future. */
export function appendActions(
  directory: Directory,
  log: ActionLog,
  items: IdTable,
  actions: readonly Action[],
  wallClockMs: number,
): PutReport {
  const rejected: { index: number; code: string; message: string }[] = [];
  const raw: RawAction[] = [];
  actions.forEach((action, index) => {
    const candidate = rawAction(action);
    const refusal: ActionRefusal | null = actionRefusal(candidate, { wallClockMs });
    if (refusal) rejected.push({ index, code: refusal.reason, message: refusal.detail });
    else raw.push(candidate);
  });
  const records = toRecords(directory, log, items, raw);
  const entries = records.map((record) => ({ key: encodeKey(record), value: encodeValue(record) }));
  const fresh = directory.write(() => log.put(entries, wallClockMs));
  const accepted = fresh.filter(Boolean).length;
  return { accepted, duplicates: fresh.length - accepted, rejected };
}

function rawAction(action: Action): RawAction {
  return {
    userId: action.userId ?? null,
    itemId: action.itemId ?? null,
    type: action.type ?? null,
    timestamp: Number.isInteger(action.timestamp) ? action.timestamp : Number.NaN,
    eventId: action.eventId ?? null,
    weight: action.weight ?? Number.NaN,
    recommendationId: action.recommendationId ?? null,
    position: action.position ?? Number.NaN,
    context: action.context,
  };
}
