import { type ActionLog, scanMemory } from '../actions/log.js';
import type { UserLog } from '../model/action.js';
import type { UserKey } from '../model/item.js';

/** The whole action log in memory, in (user, time) order, over shared arrays that worker threads read without a copy. */
export interface LogTable {
  /** User u's actions are rows `offsets[u]` up to, not including, `offsets[u + 1]`. */
  readonly offsets: Float64Array;
  readonly items: Uint32Array;
  /** Epoch milliseconds. */
  readonly times: Float64Array;
  readonly types: Uint16Array;
  readonly weights: Float32Array;
  readonly seqs: Float64Array;
}

/** Reads the log once. Memory: 26 bytes per action. */
export function loadLog(log: ActionLog): LogTable {
  const users = log.users.count();
  const actions = log.count();
  const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes * actions);
  const table = {
    offsets: new Float64Array(new SharedArrayBuffer(8 * (users + 1))),
    items: new Uint32Array(shared(4)),
    times: new Float64Array(shared(8)),
    types: new Uint16Array(shared(2)),
    weights: new Float32Array(shared(4)),
    seqs: new Float64Array(shared(8)),
  };
  let row = 0;
  let next = 0;
  log.scan(
    0,
    users,
    (user, { length, items, times, types, weights, seqs }) => {
      while (next <= user) table.offsets[next++] = row;
      table.items.set(items.subarray(0, length), row);
      table.times.set(times.subarray(0, length), row);
      table.types.set(types.subarray(0, length), row);
      table.weights.set(weights.subarray(0, length), row);
      table.seqs.set(seqs.subarray(0, length), row);
      row += length;
    },
    scanMemory(),
  );
  while (next <= users) table.offsets[next++] = row;
  return table;
}

export function usersOf(table: LogTable): number {
  return table.offsets.length - 1;
}

/** A user's actions up to an instant, as views: what is later is not in them. */
export function userLogUntil(table: LogTable, user: UserKey, untilMs: number): UserLog {
  const from = table.offsets[user];
  return viewOf(table, from, lastRow(table, from, table.offsets[user + 1], untilMs));
}

/** All of a user's actions, as views. */
export function userLogOf(table: LogTable, user: UserKey): UserLog {
  return viewOf(table, table.offsets[user], table.offsets[user + 1]);
}

function viewOf(table: LogTable, from: number, to: number): UserLog {
  return {
    length: to - from,
    items: table.items.subarray(from, to),
    times: table.times.subarray(from, to),
    types: table.types.subarray(from, to),
    weights: table.weights.subarray(from, to),
    seqs: table.seqs.subarray(from, to),
  };
}

/** The row after the last one that is not later than `untilMs`. */
function lastRow({ times }: LogTable, from: number, to: number, untilMs: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (times[middle] <= untilMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
