import { expectVersion, u32Key, viewOf } from '../disk/codec.js';
import { PinnersageError } from '../errors.js';
import {
  appendColumns,
  byItem,
  encodeFixed,
  fixedBytes,
  itemRest,
  itemRestBytes,
  type LogColumns,
  makeRoom,
  prefixBytes,
  stamp,
  valueHead,
  valuePlaces,
} from './codec.js';

/** An action as `encodeKey` and `encodeValue` made it. */
export interface Row {
  readonly key: Buffer;
  readonly value: Buffer;
}

/**
 * Actions lie in blocks: consecutive ones of one user, in key order, under the key of the first, so that a scan costs the
 * store one step for many actions. No two blocks overlap. Layout: version u8 = 3, 1 zero byte, rows u16; each row: form u8,
 * and then, of forms 0 and 1, which an action without event id and extras has: time u48, item u32, type u16, seq u48,
 * ingestedAt u48, of form 1 the weight f32, which of form 0 is 1; of form 2: length of the key u16, of the value u32, the key
 * without its user, the value. Little-endian. Version 2 was rows of form 2 that did not say so; a value of version 1 is an
 * action by itself.
 */
const blockVersion = 3;
const formlessVersion = 2;
export const headBytes = 4;
export const userBytes = 4;
const weighted = 1;
const whole = 2;
/** Bytes of forms 0 and 1. */
const packedBytes = [25, 29];
const timeAt = 1;
const itemAt = 7;
const typeAt = 11;
const seqAt = 13;
const ingestedAtAt = 19;
const weightAt = 25;
/** What is before the key of form 2. */
const wholeHeadBytes = 7;
/** A row takes at most so many bytes more than key and value. */
export const rowHeadBytes = wholeHeadBytes - userBytes;
/** Two fit in a page of the store; larger values would have pages of their own. */
export const mostBytes = 1900;

export const isBlock = (version: number): boolean => version === blockVersion || version === formlessVersion;
/** Whether rows can be added to the block: it is of this version. */
export const isOpen = (block: Buffer): boolean => block[0] === blockVersion;

/** One row of a block. */
export interface RowPlace {
  start: number;
  end: number;
  /** Epoch milliseconds. */
  time: number;
  /** Whether it is of form 2; only then the two below say anything. */
  isWhole: boolean;
  /** Where the key would begin, its user included, which is not there. */
  keyAt: number;
  valueAt: number;
}

const firstPlace = (): RowPlace => ({
  start: 0,
  end: headBytes,
  time: 0,
  isWhole: false,
  keyAt: 0,
  valueAt: 0,
});

/** Where the rows of a block lie in it. */
export function eachRow(block: DataView, length: number, visit: (place: Readonly<RowPlace>) => void): void {
  const place = firstPlace();
  const isOld = isFormless(block, length);
  for (let left = rowsIn(block, length); left > 0; left--) {
    goOn(place, block, length, isOld);
    visit(place);
  }
  if (place.end !== length) throw damaged(length);
}

/** Takes over all rows of a block: `eachRow` in the loop that reads whole logs. */
export function appendBlock(columns: LogColumns, block: DataView, length: number): void {
  const rows = rowsIn(block, length);
  const place = firstPlace();
  const isOld = isFormless(block, length);
  makeRoom(columns, rows);
  for (let left = rows; left > 0; left--) {
    goOn(place, block, length, isOld);
    appendRow(columns, block, place);
  }
  if (place.end !== length) throw damaged(length);
}

function rowsIn(block: DataView, length: number): number {
  return length < headBytes ? 0 : block.getUint16(2, true);
}

const isFormless = (block: DataView, length: number): boolean =>
  length > 0 && block.getUint8(0) === formlessVersion;

/** To the row that begins where the one before ends; `isOld`: it does not say its form. */
function goOn(place: RowPlace, block: DataView, length: number, isOld: boolean): void {
  const at = place.end;
  const form = isOld ? whole : at < length ? block.getUint8(at) : length;
  place.start = at;
  place.isWhole = form === whole;
  if (place.isWhole) findWhole(place, block, at + (isOld ? 0 : 1), length);
  else place.end = form <= weighted ? at + packedBytes[form] : length + 1;
  if (place.end > length) throw damaged(length);
  place.time = place.isWhole ? timeOfKey(block, place.keyAt) : readU48(block, at + timeAt);
}

/** `at`: of the lengths. */
function findWhole(place: RowPlace, block: DataView, at: number, length: number): void {
  const keyStart = at + 6;
  const keyLength = keyStart <= length ? block.getUint16(at, true) : length;
  place.keyAt = keyStart - userBytes;
  place.valueAt = keyStart + keyLength;
  place.end = place.valueAt + (place.valueAt <= length ? block.getUint32(at + 2, true) : length);
  if (keyLength < prefixBytes - userBytes) throw damaged(length);
}

/** The time in the key that begins at `keyAt`. */
export const timeOfKey = (view: DataView, keyAt: number): number =>
  view.getUint16(keyAt + userBytes) * 2 ** 32 + view.getUint32(keyAt + userBytes + 2);

const readU48 = (view: DataView, at: number): number =>
  view.getUint32(at, true) + view.getUint16(at + 4, true) * 2 ** 32;

/** Takes over an action, for which `makeRoom` made room. */
export function appendRow(columns: LogColumns, block: DataView, place: Readonly<RowPlace>): void {
  const { start: at, end, isWhole, keyAt, valueAt } = place;
  if (isWhole) {
    appendColumns(columns, block, keyAt + userBytes, block, valueAt, end - valueAt);
    return;
  }
  const i = columns.length++;
  columns.times[i] = place.time;
  columns.items[i] = block.getUint32(at + itemAt, true);
  columns.types[i] = block.getUint16(at + typeAt, true);
  columns.seqs[i] = readU48(block, at + seqAt);
  columns.weights[i] = weightOf(block, at);
}

const weightOf = (block: DataView, at: number): number =>
  block.getUint8(at) === weighted ? block.getFloat32(at + weightAt, true) : 1;

/** What follows the time in the key of a row. */
export function restOfKey(block: DataView, { start, isWhole, keyAt, valueAt }: Readonly<RowPlace>): Buffer {
  const restAt = keyAt + prefixBytes;
  if (isWhole) return Buffer.from(block.buffer, block.byteOffset + restAt, valueAt - restAt);
  return itemRest(block.getUint32(start + itemAt, true), block.getUint16(start + typeAt, true));
}

/** The key of a row of the user's. */
function keyOf(user: number, block: DataView, place: Readonly<RowPlace>): Buffer {
  const prefix = Buffer.allocUnsafe(prefixBytes);
  prefix.writeUInt32BE(user, 0);
  prefix.writeUIntBE(place.time, userBytes, 6);
  return Buffer.concat([prefix, restOfKey(block, place)]);
}

/** The value that was given with it. */
function storedValue(block: DataView, { start: at, end, isWhole, valueAt }: Readonly<RowPlace>): Buffer {
  if (isWhole) return Buffer.from(Buffer.from(block.buffer, block.byteOffset + valueAt, end - valueAt));
  const type = block.getUint16(at + typeAt, true);
  const value = encodeFixed(type, block.getUint32(at + itemAt, true), weightOf(block, at));
  stamp(value, readU48(block, at + seqAt), readU48(block, at + ingestedAtAt));
  return value;
}

/** The key and the time of the row of the user's that begins at `at`. */
export function rowAt(
  { bytes, view }: Memory,
  at: number,
  user: number,
): { readonly key: Buffer; readonly time: number } {
  const place = { ...firstPlace(), end: at };
  goOn(place, view, bytes.length, false);
  return { key: keyOf(user, view, place), time: place.time };
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
  const user = key.readUInt32BE(0);
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  eachRow(view, value.length, (place) =>
    rows.push({ key: keyOf(user, view, place), value: storedValue(view, place) }),
  );
  return rows;
}

/** Memory that is read and written in both ways: numbers are faster by the view, runs of bytes by the buffer. */
export interface Memory {
  readonly bytes: Buffer;
  readonly view: DataView;
}

export function memoryOf(bytes: Buffer): Memory {
  return { bytes, view: viewOf(bytes) };
}

export function writeHead(block: Buffer, rows: number): void {
  block[0] = blockVersion;
  block[1] = 0;
  block.writeUInt16LE(rows, 2);
}

export function encodeBlock(rows: readonly Row[]): Buffer {
  const most = rows.reduce(
    (sum, { key, value }) => sum + rowHeadBytes + key.length + value.length,
    headBytes,
  );
  const block = memoryOf(Buffer.allocUnsafe(most));
  writeHead(block.bytes, rows.length);
  let end = headBytes;
  for (const { key, value } of rows) {
    const from = memoryOf(Buffer.concat([key, value]));
    end = writeRow(block, end, from, 0, key.length, from.bytes.length);
  }
  return block.bytes.subarray(0, end);
}

/**
 * Writes the action with the key at `keyAt … valueAt` of `from` and the value up to `valueEnd` as a row that begins at `at`.
 * Returns where the row ends.
 */
export function writeRow(
  block: Memory,
  at: number,
  from: Memory,
  keyAt: number,
  valueAt: number,
  valueEnd: number,
): number {
  const { bytes, view } = block;
  if (isPlain(from.view, keyAt, valueAt, valueEnd)) return writePacked(view, at, from.view, keyAt, valueAt);
  const keyStart = keyAt + userBytes;
  bytes[at] = whole;
  view.setUint16(at + 1, valueAt - keyStart, true);
  view.setUint32(at + 3, valueEnd - valueAt, true);
  from.bytes.copy(bytes, at + wholeHeadBytes, keyStart, valueEnd);
  return at + wholeHeadBytes + valueEnd - keyStart;
}

function writePacked(block: DataView, at: number, from: DataView, keyAt: number, valueAt: number): number {
  const weight = from.getFloat32(valueAt + valuePlaces.weight, true);
  const form = weight === 1 ? 0 : weighted;
  block.setUint8(at, form);
  block.setUint32(at + timeAt, from.getUint32(keyAt + userBytes + 2), true);
  block.setUint16(at + timeAt + 4, from.getUint16(keyAt + userBytes), true);
  block.setUint32(at + itemAt, from.getUint32(valueAt + valuePlaces.item, true), true);
  block.setUint16(at + typeAt, from.getUint16(valueAt + valuePlaces.type, true), true);
  setU48(block, at + seqAt, from.getFloat64(valueAt + valuePlaces.seq, true));
  setU48(block, at + ingestedAtAt, from.getFloat64(valueAt + valuePlaces.ingestedAt, true));
  if (form === weighted) block.setFloat32(at + weightAt, weight, true);
  return at + packedBytes[form];
}

/** Whether an action has nothing that the forms without key and value do not hold. */
function isPlain(from: DataView, keyAt: number, valueAt: number, valueEnd: number): boolean {
  const restAt = keyAt + prefixBytes;
  return (
    valueEnd - valueAt === fixedBytes &&
    valueAt - restAt === itemRestBytes &&
    from.getUint8(restAt) === byItem &&
    from.getUint32(restAt + 1) === from.getUint32(valueAt + valuePlaces.item, true) &&
    from.getUint16(restAt + 5) === from.getUint16(valueAt + valuePlaces.type, true) &&
    from.getUint16(valueAt, true) === valueHead &&
    isU48(from.getFloat64(valueAt + valuePlaces.seq, true)) &&
    isU48(from.getFloat64(valueAt + valuePlaces.ingestedAt, true))
  );
}

/** Writes the acceptance of an action into its row, which begins at `at`. `ingestedAt`: whole milliseconds. */
export function stampRow({ bytes, view }: Memory, at: number, seq: number, ingestedAt: number): void {
  if (bytes[at] === whole) {
    stamp(bytes, seq, ingestedAt, at + wholeHeadBytes + view.getUint16(at + 1, true));
    return;
  }
  setU48(view, at + seqAt, seq);
  setU48(view, at + ingestedAtAt, ingestedAt);
}

const isU48 = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** 48;

/** `value`: as `isU48` has it; each half is what is left of it modulo the half's range. */
function setU48(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true);
  view.setUint16(at + 4, value / 2 ** 32, true);
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
