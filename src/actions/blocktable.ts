import { u32Key } from '../disk/codec.js';
import type { Table } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import { compareKeys, eachRow, encodeBlock, endKey, headBytes, isOpen, mostBytes, rowsOf } from './blocks.js';
import { holds, MergedRows } from './merge.js';
import type { RowList } from './rows.js';

/** What becomes of one block, or of a place where there was none: consecutive rows of `MergedRows`. */
interface Change {
  readonly user: number;
  readonly before: Buffer | null;
  readonly from: number;
  readonly to: number;
  /** Whether all new rows come after those that were there. */
  readonly isAppended: boolean;
  /** Whether it is about the user's newest block. */
  readonly isNewest: boolean;
}

/** The block that a key belongs to, its bytes until the next read, and the first key of the user's next block. */
interface Place {
  readonly key: Buffer | null;
  readonly block: Buffer | null;
  readonly end: Buffer | null;
}

/** A user's newest block: its key, and the time of its last action. */
interface Newest {
  readonly key: Buffer;
  readonly until: number;
}

/** Of how many users the place of the newest block is remembered. */
export const mostKnown = 400_000;

/** The blocks of a log, changed row by row. */
export class BlockTable {
  private readonly table: Table;
  private readonly merged = new MergedRows();
  private changes: Change[] = [];
  /** Where each user's newest block is, as of the change `knownAt` of the log: most actions belong there. */
  private readonly newest = new Map<number, Newest>();
  private knownAt = -1;

  constructor(table: Table) {
    this.table = table;
  }

  /** Looks up the newest blocks of users to whom rows will be added. `seq`: number of the log's last change. */
  expect(users: Iterable<number>, seq: number): void {
    this.knowAt(seq);
    for (const user of users) {
      const newest = this.newest.has(user) ? null : this.newestOf(user);
      if (newest) this.newest.set(user, newest);
    }
  }

  /** A change of the log that is not about blocks: number `seq` after `before`. */
  keep(before: number, seq: number): void {
    if (this.knownAt === before) this.knownAt = seq;
  }

  /** Whether a row with this key is there. `seq`: number of the log's last change. */
  has(rows: RowList, row: number, seq: number): boolean {
    const user = rows.users[row];
    this.expect([user], seq);
    const newest = this.newest.get(user);
    if (!newest || rows.times[row] > newest.until) return false;
    const block = this.blockBefore(newest.key, user, rows.key(row));
    return block !== null && holds(block, rows, row);
  }

  /** Forgets what was known unless the log is the same. */
  private knowAt(seq: number): void {
    if (seq !== this.knownAt || this.newest.size > mostKnown) this.newest.clear();
    this.knownAt = seq;
  }

  /**
   * Prepares adding the rows that are not there yet; `order`: their places in key order. Returns them as they will lie in
   * blocks, to be completed before `write`. `seq`: number of the log's last change.
   */
  add(rows: RowList, order: Uint32Array, seq: number): MergedRows {
    this.knowAt(seq);
    this.changes = [];
    this.merged.clear(rows.length);
    for (let from = 0; from < order.length; ) {
      const user = rows.users[order[from]];
      const { key, block, end } = this.at(user, rows.key(order[from]));
      let to = from + 1;
      while (to < order.length && rows.users[order[to]] === user && isBefore(rows.key(order[to]), end)) to++;
      const first = this.merged.starts.length;
      const found = this.merged.merge(block, rows, order, from, to);
      if (found) {
        const rowsOfIt = { from: first, to: this.merged.starts.length };
        this.changes.push({ user, before: key, ...rowsOfIt, ...found, isNewest: end === null });
      }
      from = to;
    }
    return this.merged;
  }

  /** Writes what `add` has prepared, which is change `seq` of the log. */
  write(seq: number): void {
    const { merged } = this;
    this.knownAt = -1; // until everything is written
    let last = this.lastKey();
    for (const { user, before, from, to, isAppended, isNewest } of this.changes) {
      const parts = split(merged, from, to, isAppended);
      let { key } = merged.at(from, user);
      if (before && !before.equals(key)) this.table.removeSync(before);
      for (let part = 0; part < parts.length - 1; part++) {
        if (part > 0) key = merged.at(parts[part], user).key;
        const isLast = last === null || compareKeys(key, last) > 0;
        this.put(key, merged.blockOf(parts[part], parts[part + 1]), isLast);
        if (isLast) last = key;
      }
      if (isNewest) this.newest.set(user, { key, until: merged.at(to - 1, user).time });
    }
    this.changes = [];
    this.knownAt = seq;
  }

  /** After a transaction that threw. */
  forget(): void {
    this.newest.clear();
  }

  /** Removes rows by their keys, given in order; `removed` hears of each that was there. */
  remove(keys: readonly Buffer[], removed: (key: Buffer) => void): void {
    this.newest.clear();
    for (let from = 0; from < keys.length; ) {
      const user = keys[from].readUInt32BE(0);
      const { key, block, end } = this.at(user, keys[from]);
      const rows = key && block ? rowsOf({ key, value: copyOf(block) }) : [];
      let to = from + 1;
      while (to < keys.length && keys[to].readUInt32BE(0) === user && isBefore(keys[to], end)) to++;
      const gone = new Set(keys.slice(from, to).map((one) => one.toString('latin1')));
      const left = rows.filter((row) => !gone.has(row.key.toString('latin1')));
      for (const row of rows) if (gone.has(row.key.toString('latin1'))) removed(row.key);
      if (key && left.length < rows.length) {
        if (left.length === 0 || !left[0].key.equals(key)) this.table.removeSync(key);
        if (left.length > 0) this.table.putSync(left[0].key, encodeBlock(left));
      }
      from = to;
    }
  }

  /** The block where a key would be. `newest`: the key of the user's newest one. */
  private blockBefore(newest: Buffer, user: number, key: Buffer): Buffer | null {
    if (compareKeys(newest, key) <= 0) return this.blockAt(newest);
    for (const found of this.table.getRange({ start: key, end: u32Key(user), reverse: true, limit: 1 }))
      return asBlock(found.key, found.value);
    return null;
  }

  private blockAt(key: Buffer): Buffer | null {
    const block = this.table.getBinaryFast(key);
    return block ? asBlock(key, block) : null;
  }

  private at(user: number, key: Buffer): Place {
    const newest = this.newest.get(user)?.key ?? this.lastKey(user);
    if (!newest) return { key: null, block: null, end: null };
    if (compareKeys(newest, key) <= 0) {
      const block = this.blockAt(newest);
      if (block) return { key: newest, block, end: null };
    }
    const [before] = [...this.table.getRange({ start: key, end: u32Key(user), reverse: true, limit: 1 })];
    const after = [...this.table.getKeys({ start: key, end: endKey(user + 1), limit: 2 })];
    const end = after.find((found) => !found.equals(key)) ?? null;
    return { key: before?.key ?? null, block: before ? asBlock(before.key, before.value) : null, end };
  }

  private newestOf(user: number): Newest | null {
    const range = { start: endKey(user + 1), end: u32Key(user), reverse: true, limit: 1 };
    for (const { key, value } of this.table.getRange(range)) {
      const block = asBlock(key, value);
      let until = 0;
      eachRow(new DataView(block.buffer, block.byteOffset), block.length, ({ time }) => {
        until = time;
      });
      return { key, until };
    }
    return null;
  }

  /** The last key of a user, or of all. */
  private lastKey(user?: number): Buffer | null {
    const end = u32Key(user ?? 0);
    const start = endKey((user ?? 2 ** 32) + 1);
    for (const key of this.table.getKeys({ start, end, reverse: true, limit: 1 })) return key;
    return null;
  }

  /** Where the table grows at its end, appending fills its pages whole instead of by half. */
  private put(key: Buffer, block: Buffer, isLast: boolean): void {
    const stored: unknown = this.table.putSync(key, block, isLast ? { append: true } : {});
    if (stored !== true) throw new PinnersageError('internal', 'the store refused a block of actions');
  }
}

function isBefore(key: Buffer, end: Buffer | null): boolean {
  return end === null || compareKeys(key, end) < 0;
}

/** A block of this version, whatever was stored. */
function asBlock(key: Buffer, value: Buffer): Buffer {
  if (isOpen(value)) return value;
  return encodeBlock(rowsOf({ key, value: copyOf(value) }));
}

/** What the store lends has a length of its own. */
function copyOf(lent: Buffer): Buffer {
  return Buffer.from(lent.subarray(0, lent.length));
}

/**
 * Where the parts of bounded size begin that rows `from … to−1` become, and `to`: full ones where a log grows at its end,
 * else such that all have room for more.
 */
function split({ starts, ends }: MergedRows, from: number, to: number, isAppended: boolean): number[] {
  const total = ends[to - 1] - starts[from];
  const room = mostBytes - headBytes;
  if (total <= room) return [from, to];
  const limit = isAppended ? room : total / Math.ceil((2 * total) / room);
  const parts: number[] = [];
  let filled = Number.POSITIVE_INFINITY;
  for (let row = from; row < to; row++) {
    const bytes = ends[row] - starts[row];
    if (filled + bytes > limit) {
      parts.push(row);
      filled = 0;
    }
    filled += bytes;
  }
  return [...parts, to];
}
