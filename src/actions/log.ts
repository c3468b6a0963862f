import type { BorrowedScan, EntryVisitor } from '../disk/borrow.js';
import { u32Key } from '../disk/codec.js';
import type { Directory, Table } from '../disk/directory.js';
import { IdTable } from '../disk/ids.js';
import type { UserLog } from '../model/action.js';
import type { UserKey } from '../model/item.js';
import { compareKeys, endKey, type Row, rowsOf, timeKey } from './blocks.js';
import { BlockTable, mostKnown } from './blocktable.js';
import { createColumns, decodeAction, type LogColumns, type StoredAction, stamp } from './codec.js';
import { byUser, joined, scanJoined } from './join.js';
import { Marking, UserMarks } from './marks.js';
import { RowList } from './rows.js';
import { ActionTypeTable } from './types.js';
import { WaitingRows } from './waiting.js';

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
/** From so many on, as many are moved as come: reading a user's log takes longer with them. */
const mostWaiting = 200_000;

/** The durable action log, in (user, time) order. */
export class ActionLog {
  readonly users: IdTable;
  readonly types: ActionTypeTable;
  readonly marks: UserMarks;
  private readonly directory: Directory;
  private readonly table: Table;
  private readonly blocks: BlockTable;
  private readonly waiting: WaitingRows;
  private readonly rows = new RowList();
  private readonly borrowed: BorrowedScan;

  constructor(directory: Directory) {
    this.directory = directory;
    this.table = directory.tables.actions;
    this.blocks = new BlockTable(this.table);
    this.waiting = new WaitingRows(directory);
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
    this.waiting.forget();
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
    this.waiting.know();
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
   * `asideFrom`: so many or more wait outside the blocks until `settle`, where they are read from as well. Default: none do.
   * Returns, per entry, whether it was new. An entry need be valid only until the next one is asked for.
   */
  put(
    entries: Iterable<EncodedAction>,
    ingestedAt: number,
    asideFrom: number = Number.POSITIVE_INFINITY,
  ): boolean[] {
    const { rows } = this;
    rows.clear();
    for (const { key, value } of entries) rows.add(key, value);
    this.waiting.know();
    const before = this.maxSeq();
    const fresh = new Array<boolean>(rows.length).fill(false);
    const seq =
      rows.length >= asideFrom
        ? this.putAside(fresh, before, ingestedAt)
        : this.putIntoBlocks(fresh, before, ingestedAt);
    if (seq === before) return fresh;
    let newest = this.newestTime() ?? 0;
    const marks = new Marking();
    let mark = before;
    for (let row = 0; row < rows.length; row++) {
      if (!fresh[row]) continue;
      marks.add(rows.users[row], ++mark);
      newest = Math.max(newest, rows.times[row]);
    }
    this.marks.put(marks.finish(), before, seq, this.users.count());
    this.directory.writeMeta('maxSeq', seq);
    this.directory.writeMeta('newestTime', newest);
    this.directory.writeMeta('actionCount', this.count() + seq - before);
    return fresh;
  }

  /** Numbers the new ones of `rows` from `before` on, as they came, and says which they are. Returns the last number. */
  private putIntoBlocks(fresh: boolean[], before: number, ingestedAt: number): number {
    const { rows, blocks, waiting } = this;
    const order = rows.order();
    const absent = waiting.count() > 0 ? order.filter((row) => !waiting.has(rows, row)) : order;
    const merged = blocks.add(rows, absent, before);
    let seq = before;
    for (let row = 0; row < rows.length; row++) {
      if (!merged.isNew(row)) continue;
      fresh[row] = true;
      merged.stamp(row, ++seq, ingestedAt);
    }
    if (seq > before) blocks.write(seq);
    return seq;
  }

  private putAside(fresh: boolean[], before: number, ingestedAt: number): number {
    const { rows, blocks, waiting } = this;
    const absent: number[] = [];
    let previous = -1;
    for (const row of rows.order()) {
      const isFirst = previous < 0 || rows.compare(previous, row) !== 0;
      previous = row;
      if (!isFirst || waiting.has(rows, row) || blocks.has(rows, row, before)) continue;
      absent.push(row);
      fresh[row] = true;
    }
    if (absent.length === 0) return before;
    let seq = before;
    for (let row = 0; row < rows.length; row++)
      if (fresh[row]) stamp(rows.bytes, ++seq, ingestedAt, rows.valueStarts[row]);
    waiting.put(rows, absent, seq, this.users.count());
    blocks.keep(before, seq);
    return seq;
  }

  /** Actions that are not in blocks yet. */
  waitingCount(): number {
    return this.waiting.count();
  }

  /** Whether so many wait that some have to be moved with every step. */
  isBehind(): boolean {
    return this.waiting.count() > mostWaiting;
  }

  /**
   * Moves the waiting actions of some consecutive users into the blocks; nobody sees a difference. Returns how many, 0 where
   * none wait. Where it is part of a `Directory.write` that throws, call `forget`.
   */
  settle(): number {
    const { rows, blocks, waiting, directory } = this;
    if (waiting.count() === 0) return 0;
    try {
      directory.write(() => {
        rows.clear();
        waiting.takeRange(rows);
        const seq = this.maxSeq();
        blocks.add(rows, rows.order(), seq);
        blocks.write(seq);
      });
    } catch (error) {
      this.forget();
      throw error;
    }
    return rows.length;
  }

  /** Moves all that wait now, step by step: each is a transaction, and other work goes on between them. */
  async settleAll(signal?: AbortSignal): Promise<void> {
    for (let left = this.waiting.count(); left > 0 && !signal?.aborted; ) {
      const moved = this.settle();
      if (moved === 0) return;
      left -= moved;
      await new Promise(setImmediate);
    }
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
    scanJoined(
      (visitEntry) => this.borrowed({ start: u32Key(from), end: endKey(to) }, visitEntry),
      byUser(this.waiting.read(from, to)),
      visit,
      memory,
    );
  }

  /**
   * Visits what is stored of users `from … to−1` as it lies there, in key order: blocks, or actions by themselves. False, and
   * nothing is visited, where some of their actions wait outside.
   */
  scanStored(from: UserKey, to: UserKey, visit: EntryVisitor): boolean {
    if (this.waiting.read(from, to).length > 0) return false;
    this.borrowed({ start: u32Key(from), end: endKey(to) }, visit);
    return true;
  }

  /** With a `memory`, it holds until that is used again. */
  userLog(user: UserKey, memory: ScanMemory = scanMemory(64)): UserLog {
    let found: UserLog = createColumns(0);
    const keep = (_: UserKey, log: UserLog): void => {
      found = log;
    };
    this.scan(user, user + 1, keep, memory);
    return found;
  }

  /** Every action, in (user, time) order. */
  *all(): Iterable<StoredAction> {
    for (const { key, value } of joined(eachRowOf(this.table.getRange({})), this.waiting.read(0, 2 ** 32)))
      yield decodeAction(key, value);
  }

  /** Keys of the actions before an instant (epoch ms), in order, as the log is when the first is asked for. */
  *keysBefore(ms: number): Iterable<Uint8Array> {
    const users = this.users.count();
    for (let user = 0; user < users; user++) {
      const end = timeKey(user, ms);
      const stored = eachRowOf(this.table.getRange({ start: u32Key(user), end }));
      for (const { key } of joined(stored, this.waiting.read(user, user + 1)))
        if (compareKeys(key, end) < 0) yield key;
    }
  }

  /** One user's actions, newest first: at most `limit`, of those before the one with the key `before`. */
  *newest(
    user: UserKey,
    limit: number,
    before?: Uint8Array,
  ): Iterable<StoredAction & { readonly key: Uint8Array }> {
    const start = before ? asBuffer(before) : endKey(user + 1);
    const stored = this.table.getRange({ start, end: u32Key(user), reverse: true });
    let left = limit;
    for (const { key, value } of joined(
      eachRowOf(stored, -1),
      this.waiting.read(user, user + 1).reverse(),
      -1,
    )) {
      if (left === 0) return;
      if (before && Buffer.compare(key, before) >= 0) continue;
      left--;
      yield { key, ...decodeAction(key, value) };
    }
  }

  /** Keys of one user's actions, in order. */
  *keysOf(user: UserKey): Iterable<Uint8Array> {
    for (const { key } of this.rowsOf(user)) yield key;
  }

  private rowsOf(user: UserKey): Iterable<Row> {
    const stored = eachRowOf(this.table.getRange({ start: u32Key(user), end: endKey(user + 1) }));
    return joined(stored, this.waiting.read(user, user + 1));
  }

  /** Removes actions by their keys. What was accepted keeps its numbers; a removal has one too. Call inside `Directory.write`. */
  remove(keys: readonly Uint8Array[]): void {
    const before = this.maxSeq();
    const marks = new Marking();
    let removed = 0;
    const sorted = Array.from(keys, asBuffer).sort(compareKeys);
    const isGone = (key: Buffer): void => {
      removed++;
      marks.add(key.readUInt32BE(0), before + 1);
    };
    this.waiting.remove(sorted, isGone);
    this.blocks.remove(sorted, isGone);
    if (removed === 0) return;
    this.directory.writeMeta('maxSeq', before + 1);
    this.marks.put(marks.finish(), before, before + 1, this.users.count());
    const left = this.count() - removed;
    this.directory.writeMeta('actionCount', left);
    if (left === 0) this.directory.writeMeta('newestTime', null);
  }

  /** One user's actions with everything that was stored of them, by rising time. */
  *actions(user: UserKey): Iterable<StoredAction> {
    for (const { key, value } of this.rowsOf(user)) yield decodeAction(key, value);
  }
}

/** `sign`: −1 where the entries come backwards. */
function* eachRowOf(entries: Iterable<Row>, sign: 1 | -1 = 1): Iterable<Row> {
  for (const entry of entries) yield* sign > 0 ? rowsOf(entry) : rowsOf(entry).reverse();
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
