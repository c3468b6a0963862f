import type { BorrowedEntry, BorrowedScan } from '../disk/borrow.js';
import { u32Key } from '../disk/codec.js';
import type { Directory, Table } from '../disk/directory.js';
import { IdTable } from '../disk/ids.js';
import type { UserLog } from '../model/action.js';
import type { UserKey } from '../model/item.js';
import { compareKeys, eachRow, endKey, isBlock, rowsOf, timeKey } from './blocks.js';
import { BlockTable, mostKnown } from './blocktable.js';
import {
  appendColumns,
  createColumns,
  decodeAction,
  type LogColumns,
  type StoredAction,
  stamp,
} from './codec.js';
import { UserMarks } from './marks.js';
import { RowList } from './rows.js';
import { ActionTypeTable } from './types.js';

/** From `encodeKey` and `encodeValue`. */
export interface EncodedAction {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** The columns of the user that is visited, and of the one whose first action is known. */
export type ScanMemory = readonly [LogColumns, LogColumns];

export function scanMemory(actions = 1024): ScanMemory {
  return [createColumns(actions), createColumns(actions)];
}

const expectStep = 50;

/** The durable action log, in (user, time) order. */
export class ActionLog {
  readonly users: IdTable;
  readonly types: ActionTypeTable;
  readonly marks: UserMarks;
  private readonly directory: Directory;
  private readonly table: Table;
  private readonly blocks: BlockTable;
  private readonly rows = new RowList();
  private readonly borrowed: BorrowedScan;

  constructor(directory: Directory) {
    this.directory = directory;
    this.table = directory.tables.actions;
    this.blocks = new BlockTable(this.table);
    this.borrowed = directory.borrow('actions');
    this.users = new IdTable(directory, 'user');
    this.types = new ActionTypeTable(directory);
    this.marks = new UserMarks(directory);
  }

  /** Forget what was remembered, after a transaction that threw. */
  forget(): void {
    this.users.forget();
    this.types.forget();
    this.blocks.forget();
  }

  /** Sequence number of the newest accepted action; 0 where there is none. */
  maxSeq(): number {
    return this.directory.readMeta<number>('maxSeq') ?? 0;
  }

  /** Time of the newest action of all, or null where there is none. */
  newestTime(): number | null {
    return this.directory.readMeta<number>('newestTime');
  }

  count(): number {
    return this.directory.readMeta<number>('actionCount') ?? 0;
  }

  /** Finds out where actions of these users will go, ahead of `put` and its transaction, in which it costs more. */
  expect(userIds: readonly string[]): void {
    const users = new Set<UserKey>();
    for (const id of userIds) {
      const user = this.users.find(id);
      if (user !== null) users.add(user);
    }
    this.blocks.expect(users, this.maxSeq());
  }

  /**
   * The same for as many users as are remembered, a few at each step: after a start the end of every log may lie on the
   * disk alone.
   */
  *expectAll(): Generator<void, void> {
    const users = Math.min(this.users.count(), mostKnown);
    for (let from = 0; from < users; from += expectStep) {
      const to = Math.min(users, from + expectStep);
      this.blocks.expect(
        Array.from({ length: to - from }, (_, i) => from + i),
        this.maxSeq(),
      );
      yield;
    }
  }

  /**
   * Stores encoded actions that are not there yet. Fastest in key order. Call inside `Directory.write`.
   * Returns, per entry, whether it was new. An entry need be valid only until the next one is asked for.
   */
  put(entries: Iterable<EncodedAction>, ingestedAt: number): boolean[] {
    const { rows } = this;
    rows.clear();
    for (const { key, value } of entries) rows.add(key, value);
    const before = this.maxSeq();
    const { bytes, valueAt } = this.blocks.add(rows, rows.order(), before);
    const fresh = new Array<boolean>(rows.length).fill(false);
    let seq = before;
    let newest = this.newestTime() ?? 0;
    const marks = new Marking();
    for (let row = 0; row < rows.length; row++) {
      if (valueAt[row] === 0) continue;
      fresh[row] = true;
      stamp(bytes, ++seq, ingestedAt, valueAt[row]);
      marks.add(rows.users[row], seq);
      newest = Math.max(newest, rows.times[row]);
    }
    if (seq === before) return fresh;
    this.blocks.write(seq);
    this.marks.put(marks.finish(), before, seq, this.users.count());
    this.directory.writeMeta('maxSeq', seq);
    this.directory.writeMeta('newestTime', newest);
    this.directory.writeMeta('actionCount', this.count() + seq - before);
    return fresh;
  }

  /**
   * Visits users `from … to−1` in order, each with all its actions as columns, which are used again: read them before
   * the visitor returns. `memory`: for who scans often.
   */
  scan(
    from: UserKey,
    to: UserKey,
    visit: (user: UserKey, log: UserLog) => void,
    memory: ScanMemory = scanMemory(),
  ): void {
    let [columns, next] = memory;
    columns.length = 0;
    let user = -1;
    this.borrowed({ start: u32Key(from), end: endKey(to) }, (entry) => {
      const owner = entry.key.getUint32(entry.keyAt);
      if (owner === user || user === -1) {
        user = owner;
        appendEntry(columns, entry);
        return;
      }
      // The entry is gone as soon as the visitor reads anything of the directory: it is taken over first.
      next.length = 0;
      appendEntry(next, entry);
      visit(user, columns);
      [columns, next] = [next, columns];
      user = owner;
    });
    if (columns.length > 0) visit(user, columns);
  }

  userLog(user: UserKey): UserLog {
    let found: UserLog = createColumns(0);
    const keep = (_: UserKey, log: UserLog): void => {
      found = log;
    };
    this.scan(user, user + 1, keep, scanMemory(64));
    return found;
  }

  /** Every action, in (user, time) order. */
  *all(): Iterable<StoredAction> {
    for (const entry of this.table.getRange({}))
      for (const { key, value } of rowsOf(entry)) yield decodeAction(key, value);
  }

  /** Keys of the actions before an instant (epoch ms), in order, as the log is when the first is asked for. */
  *keysBefore(ms: number): Iterable<Uint8Array> {
    const users = this.users.count();
    for (let user = 0; user < users; user++) {
      const end = timeKey(user, ms);
      for (const entry of this.table.getRange({ start: u32Key(user), end }))
        for (const { key } of rowsOf(entry)) if (compareKeys(key, end) < 0) yield key;
    }
  }

  /** One user's actions, newest first: at most `limit`, of those before the one with the key `before`. */
  *newest(
    user: UserKey,
    limit: number,
    before?: Uint8Array,
  ): Iterable<StoredAction & { readonly key: Uint8Array }> {
    const start = before ? asBuffer(before) : endKey(user + 1);
    let left = limit;
    for (const entry of this.table.getRange({ start, end: u32Key(user), reverse: true })) {
      for (const { key, value } of rowsOf(entry).reverse()) {
        if (left === 0) return;
        if (before && Buffer.compare(key, before) >= 0) continue;
        left--;
        yield { key, ...decodeAction(key, value) };
      }
    }
  }

  /** Keys of one user's actions, in order. */
  *keysOf(user: UserKey): Iterable<Uint8Array> {
    for (const entry of this.table.getRange({ start: u32Key(user), end: endKey(user + 1) }))
      for (const { key } of rowsOf(entry)) yield key;
  }

  /** Removes actions by their keys. What was accepted keeps its numbers; a removal has one too. Call inside `Directory.write`. */
  remove(keys: readonly Uint8Array[]): void {
    const before = this.maxSeq();
    const marks = new Marking();
    let removed = 0;
    this.blocks.remove(Array.from(keys, asBuffer).sort(compareKeys), (key) => {
      removed++;
      marks.add(key.readUInt32BE(0), before + 1);
    });
    if (removed === 0) return;
    this.directory.writeMeta('maxSeq', before + 1);
    this.marks.put(marks.finish(), before, before + 1, this.users.count());
    const left = this.count() - removed;
    this.directory.writeMeta('actionCount', left);
    if (left === 0) this.directory.writeMeta('newestTime', null);
  }

  /** One user's actions with everything that was stored of them, by rising time. */
  *actions(user: UserKey): Iterable<StoredAction> {
    for (const entry of this.table.getRange({ start: u32Key(user), end: endKey(user + 1) }))
      for (const { key, value } of rowsOf(entry)) yield decodeAction(key, value);
  }
}

/** The newest number per user; entries come mostly user by user. */
class Marking {
  private readonly marks = new Map<UserKey, number>();
  private user = -1;
  private seq = 0;

  add(user: UserKey, seq: number): void {
    if (user !== this.user && this.user >= 0) this.marks.set(this.user, this.seq);
    this.user = user;
    this.seq = seq;
  }

  finish(): ReadonlyMap<UserKey, number> {
    if (this.user >= 0) this.marks.set(this.user, this.seq);
    return this.marks;
  }
}

/** Takes over an entry of the table: a block, or an action by itself. */
function appendEntry(columns: LogColumns, { key, keyAt, value, valueLength }: Readonly<BorrowedEntry>): void {
  if (valueLength === 0 || !isBlock(value.getUint8(0))) {
    appendColumns(columns, key, keyAt, value, 0, valueLength);
    return;
  }
  eachRow(value, valueLength, (row) =>
    appendColumns(columns, value, row.keyAt, value, row.valueAt, row.valueLength),
  );
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
