import { expectVersion, u32Key } from '../disk/codec.js';
import { PinnersageError } from '../errors.js';
import { appendColumns, type LogColumns, makeRoom, prefixBytes } from './codec.js';

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
export const headBytes = 4;
export const rowHeadBytes = 6;
export const userBytes = 4;
/** Two fit in a page of the store; larger values would have pages of their own. */
export const mostBytes = 1900;

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

/** Takes over all rows of a block: `eachRow` in the loop that reads whole logs. */
export function appendBlock(columns: LogColumns, block: DataView, length: number): void {
  const rows = length < headBytes ? 0 : block.getUint16(2, true);
  makeRoom(columns, rows);
  let at = headBytes;
  for (let left = rows; left > 0; left--) {
    const keyLength = at + rowHeadBytes <= length ? block.getUint16(at, true) : length;
    const valueAt = at + rowHeadBytes + keyLength;
    const valueLength = valueAt <= length ? block.getUint32(at + 2, true) : length;
    const end = valueAt + valueLength;
    if (end > length) throw damaged(length);
    appendColumns(columns, block, at + rowHeadBytes, block, valueAt, valueLength);
    at = end;
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

export function writeHead(block: Buffer, rows: number): void {
  block[0] = blockVersion;
  block[1] = 0;
  block.writeUInt16LE(rows, 2);
}

export function encodeBlock(rows: readonly Row[]): Buffer {
  const block = Buffer.allocUnsafe(rows.reduce((sum, row) => sum + bytesOf(row), headBytes));
  writeHead(block, rows.length);
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
