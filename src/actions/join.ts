import type { BorrowedEntry, EntryVisitor } from '../disk/borrow.js';
import { viewOf } from '../disk/codec.js';
import type { UserLog } from '../model/action.js';
import type { UserKey } from '../model/item.js';
import {
  appendBlock,
  appendRow,
  compareKeys,
  eachRow,
  isBlock,
  type Row,
  restOfKey,
  timeOfKey,
  userBytes,
} from './blocks.js';
import { appendColumns, type LogColumns, makeRoom, prefixBytes } from './codec.js';

/** Rows of each user, newest first, users in order. */
export type WaitingByUser = ReadonlyMap<UserKey, Row[]>;

/** `rows`: in key order. */
export function byUser(rows: readonly Row[]): WaitingByUser {
  const users = new Map<UserKey, Row[]>();
  for (const row of rows) {
    const user = row.key.readUInt32BE(0);
    const own = users.get(user);
    if (own) own.push(row);
    else users.set(user, [row]);
  }
  for (const own of users.values()) own.reverse();
  return users;
}

/** Two runs of rows as one, both in key order (`sign` 1) or against it (−1). */
export function* joined(stored: Iterable<Row>, waiting: readonly Row[], sign: 1 | -1 = 1): Iterable<Row> {
  let next = 0;
  for (const row of stored) {
    while (next < waiting.length && sign * compareKeys(waiting[next].key, row.key) < 0) yield waiting[next++];
    yield row;
  }
  yield* waiting.slice(next);
}

/**
 * Visits users in order, each with the actions of the table, which `scan` goes through in key order, and those that wait.
 * The columns are used again: read them before the visitor returns. Uses `waiting` up.
 */
export function scanJoined(
  scan: (visit: EntryVisitor) => void,
  waiting: WaitingByUser,
  visit: (user: UserKey, log: UserLog) => void,
  memory: readonly [LogColumns, LogColumns],
): void {
  let [columns, next] = memory;
  columns.length = 0;
  let user = -1;
  const owners = [...waiting.keys()];
  let place = 0;
  const finish = (one: UserKey): void => {
    for (const own = waiting.get(one) ?? []; own.length > 0; ) appendWaiting(columns, own);
    if (columns.length > 0) visit(one, columns);
  };
  /** Of `user`, then of those before `owner` of whom nothing is in the table. */
  const finishBefore = (owner: UserKey): void => {
    if (user >= 0) finish(user);
    for (; place < owners.length && owners[place] < owner; place++) {
      if (owners[place] <= user) continue;
      columns.length = 0;
      finish(owners[place]);
    }
  };
  scan((entry) => {
    const owner = entry.key.getUint32(entry.keyAt);
    if (owner === user) {
      appendEntry(columns, entry, waiting.get(owner));
      return;
    }
    // The entry is gone as soon as the visitor reads anything of the directory: it is taken over first.
    next.length = 0;
    appendEntry(next, entry, waiting.get(owner));
    finishBefore(owner);
    [columns, next] = [next, columns];
    user = owner;
  });
  finishBefore(Number.POSITIVE_INFINITY);
}

/** Takes over an entry of the table, a block or an action by itself, with what waits before each of its actions. */
function appendEntry(
  columns: LogColumns,
  { key, keyAt, keyEnd, value, valueLength }: Readonly<BorrowedEntry>,
  waiting: Row[] | undefined,
): void {
  if (valueLength === 0 || !isBlock(value.getUint8(0))) {
    const restAt = keyAt + prefixBytes;
    const rest = (): Buffer => Buffer.from(key.buffer, key.byteOffset + restAt, keyEnd - restAt);
    appendBefore(columns, waiting, timeOfKey(key, keyAt), rest);
    makeRoom(columns, 1);
    appendColumns(columns, key, keyAt + userBytes, value, 0, valueLength);
    return;
  }
  if (!waiting || waiting.length === 0) {
    appendBlock(columns, value, valueLength);
    return;
  }
  eachRow(value, valueLength, (place) => {
    appendBefore(columns, waiting, place.time, () => restOfKey(value, place));
    makeRoom(columns, 1);
    appendRow(columns, value, place);
  });
}

/** Those before an action of the same user; `rest`: what follows the time in its key. */
function appendBefore(
  columns: LogColumns,
  waiting: Row[] | undefined,
  time: number,
  rest: () => Buffer,
): void {
  while (waiting && waiting.length > 0 && isBefore(waiting[waiting.length - 1].key, time, rest))
    appendWaiting(columns, waiting);
}

function isBefore(key: Buffer, time: number, rest: () => Buffer): boolean {
  const byTime = key.readUIntBE(userBytes, 6) - time;
  return byTime !== 0 ? byTime < 0 : key.compare(rest(), undefined, undefined, prefixBytes) < 0;
}

/** The next one of the user's. */
function appendWaiting(columns: LogColumns, waiting: Row[]): void {
  const row = waiting.pop();
  if (!row) return;
  makeRoom(columns, 1);
  appendColumns(columns, viewOf(row.key), userBytes, viewOf(row.value), 0, row.value.length);
}
