import { expectVersion, u32Key } from '../disk/codec.js';
import type { Table } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import { prefixBytes } from './codec.js';

/** An action as `encodeKey` and `encodeValue` made it. */
export interface Row {
  readonly key: Buffer;
  readonly value: Buffer;
}

/**
 * Actions lie in blocks: consecutive ones of one user, in key order, under the key of the first, so that a scan costs the
 * store one step for many actions. No two blocks overlap. Layout: version u8 = 2, 1 zero byte, rows u16; each row: length
 * of the key u16, of the value u32, the key without its user, the value. Little-endian. A value of version 1 is an action
 * by itself.
 */
const blockVersion = 2;
const headBytes = 4;
const rowHeadBytes = 6;
const userBytes = 4;
/** Two fit in a page of the store; larger values would have pages of their own. */
const mostBytes = 1900;

export const isBlock = (version: number): boolean => version === blockVersion;

export interface RowPlace {
  keyAt: number;
  valueAt: number;
  valueLength: number;
}

/** Where the rows of a block lie in it. `keyAt`: where the key would begin, its user included, which is not there. */
export function eachRow(block: DataView, length: number, visit: (place: Readonly<RowPlace>) => void): void {
  const place: RowPlace = { keyAt: 0, valueAt: 0, valueLength: 0 };
  let at = headBytes;
  for (let left = length < headBytes ? 0 : block.getUint16(2, true); left > 0; left--) {
    const keyLength = at + rowHeadBytes <= length ? block.getUint16(at, true) : length;
    place.keyAt = at + rowHeadBytes - userBytes;
    place.valueAt = at + rowHeadBytes + keyLength;
    place.valueLength = place.valueAt <= length ? block.getUint32(at + 2, true) : length;
    at = place.valueAt + place.valueLength;
    if (at > length) throw damaged(length);
    visit(place);
  }
  if (at !== length) throw damaged(length);
}

function damaged(length: number): PinnersageError {
  return new PinnersageError('data-damaged', `a stored block of actions of ${length} bytes is not whole`);
}

export function rowsOf({ key, value }: Row): Row[] {
  if (!isBlock(value[0])) {
    expectVersion(value, 1, 'action');
    return [{ key, value }];
  }
  const rows: Row[] = [];
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  eachRow(view, value.length, ({ keyAt, valueAt, valueLength }) => {
    const rest = value.subarray(keyAt + userBytes, valueAt);
    const whole = Buffer.concat([key.subarray(0, userBytes), rest]);
    rows.push({ key: whole, value: value.subarray(valueAt, valueAt + valueLength) });
  });
  return rows;
}

const bytesOf = ({ key, value }: Row): number => rowHeadBytes + key.length - userBytes + value.length;

export function encodeBlock(rows: readonly Row[]): Buffer {
  const block = Buffer.allocUnsafe(rows.reduce((sum, row) => sum + bytesOf(row), headBytes));
  block[0] = blockVersion;
  block[1] = 0;
  block.writeUInt16LE(rows.length, 2);
  let at = headBytes;
  for (const { key, value } of rows) {
    block.writeUInt16LE(key.length - userBytes, at);
    block.writeUInt32LE(value.length, at + 2);
    at += rowHeadBytes;
    key.copy(block, at, userBytes);
    at += key.length - userBytes;
    value.copy(block, at);
    at += value.length;
  }
  return block;
}

/** Byte order, which is that of the store. */
export function compareKeys(a: Buffer, b: Buffer): number {
  // Most keys differ in user or time: numbers are compared faster than bytes.
  const users = a.readUInt32BE(0) - b.readUInt32BE(0);
  if (users !== 0) return users;
  const times = a.readUIntBE(userBytes, 6) - b.readUIntBE(userBytes, 6);
  return times !== 0 ? times : Buffer.compare(a, b);
}

/** What becomes of the rows of one block, or of a place where there was none. */
interface Change {
  readonly before: Buffer | null;
  readonly rows: readonly Row[];
  /** Whether all new rows come after those that were there. */
  readonly isAppended: boolean;
}

/** The blocks of a log, changed row by row. */
export class Blocks {
  private readonly table: Table;

  constructor(table: Table) {
    this.table = table;
  }

  /**
   * Adds rows, given in key order, that are not there yet; `isNew` hears of each, in the same order, which it is. Nothing is
   * written before `write`, so that values may be completed in between.
   */
  add(rows: readonly Row[], isNew: (index: number, fresh: boolean) => void): Change[] {
    const changes: Change[] = [];
    for (let from = 0; from < rows.length; ) {
      const at = this.at(rows[from].key);
      let to = from + 1;
      while (to < rows.length && isBefore(rows[to].key, at.end, rows[from].key)) to++;
      const news = rows.slice(from, to);
      const { merged, isAppended } = merge(at.rows, news, (index, fresh) => isNew(from + index, fresh));
      if (merged.length > at.rows.length) changes.push({ before: at.key, rows: merged, isAppended });
      from = to;
    }
    return changes;
  }

  write(changes: readonly Change[]): void {
    for (const { before, rows, isAppended } of changes) {
      const parts = split(rows, isAppended);
      if (before && (parts.length === 0 || !before.equals(parts[0][0].key))) this.table.removeSync(before);
      for (const part of parts) this.table.putSync(part[0].key, encodeBlock(part));
    }
  }

  /** Removes rows by their keys, given in order; `removed` hears of each that was there. */
  remove(keys: readonly Buffer[], removed: (key: Buffer) => void): void {
    for (let from = 0; from < keys.length; ) {
      const { key, rows, end } = this.at(keys[from]);
      let to = from + 1;
      while (to < keys.length && isBefore(keys[to], end, keys[from])) to++;
      const gone = new Set(keys.slice(from, to).map((one) => one.toString('latin1')));
      const left = rows.filter((row) => !gone.has(row.key.toString('latin1')));
      for (const row of rows) if (gone.has(row.key.toString('latin1'))) removed(row.key);
      if (key && left.length < rows.length) this.write([{ before: key, rows: left, isAppended: true }]);
      from = to;
    }
  }

  /** The block that a key belongs to, if there is one, and the first key of the user's next one. */
  private at(key: Buffer): { key: Buffer | null; rows: Row[]; end: Buffer | null } {
    const user = key.subarray(0, userBytes);
    const [before] = [...this.table.getRange({ start: key, end: user, reverse: true, limit: 1 })];
    const range = { start: key, end: endKey(key.readUInt32BE(0) + 1) };
    const after = [...this.table.getKeys({ ...range, limit: 2 })];
    const end = after.find((found) => !found.equals(key)) ?? null;
    return { key: before?.key ?? null, rows: before ? rowsOf(before) : [], end };
  }
}

/** Whether a key belongs to the same place as the one before it: the same user's, and not yet the next block's. */
function isBefore(key: Buffer, end: Buffer | null, same: Buffer): boolean {
  return key.readUInt32BE(0) === same.readUInt32BE(0) && (end === null || compareKeys(key, end) < 0);
}

/** Both in key order. Of equal keys the one that is there stays, then the one that comes first. */
function merge(
  there: readonly Row[],
  news: readonly Row[],
  isNew: (index: number, fresh: boolean) => void,
): { merged: Row[]; isAppended: boolean } {
  const merged: Row[] = [];
  let next = 0;
  let isAppended = true;
  news.forEach((row, index) => {
    while (next < there.length && compareKeys(there[next].key, row.key) <= 0) merged.push(there[next++]);
    const last = merged.at(-1);
    const fresh = !last || compareKeys(last.key, row.key) !== 0;
    isNew(index, fresh);
    if (!fresh) return;
    merged.push(row);
    if (next < there.length) isAppended = false;
  });
  while (next < there.length) merged.push(there[next++]);
  return { merged, isAppended };
}

/** Rows in blocks of bounded size: full ones where a log grows at its end, else such that all have room for more. */
function split(rows: readonly Row[], isAppended: boolean): Row[][] {
  const total = rows.reduce((sum, row) => sum + bytesOf(row), 0);
  const room = mostBytes - headBytes;
  const limit = isAppended || total <= room ? room : total / Math.ceil((2 * total) / room);
  const parts: Row[][] = [];
  let filled = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    const bytes = bytesOf(row);
    if (filled + bytes > limit) {
      parts.push([]);
      filled = 0;
    }
    parts[parts.length - 1].push(row);
    filled += bytes;
  }
  return parts;
}

/** The first key after all of users < `to`. */
export function endKey(to: number): Buffer {
  return to > 0xffffffff ? Buffer.alloc(16, 0xff) : u32Key(to);
}

/** The first possible key of a user's actions at an instant (epoch ms) or later. */
export function timeKey(user: number, ms: number): Buffer {
  const key = Buffer.alloc(prefixBytes);
  key.writeUInt32BE(user, 0);
  key.writeUIntBE(Math.min(Math.max(0, Math.ceil(ms)), 2 ** 48 - 1), userBytes, 6);
  return key;
}
