import { expectVersion } from '../disk/codec.js';
import { PinnersageError, shown } from '../errors.js';
import type { Action } from '../model/action.js';
import type { JsonValue } from '../model/item.js';

/**
 * How an action lies in the log.
 *
 * Key: user u32, time u48 (epoch ms), then what tells two events of one user and millisecond apart: 1 and the event
 * id, or 0, item u32 and type u16. All big-endian, so that byte order is (user, time) order and the key is the
 * event's identity: a second index is not needed.
 * Value: version u8, flags u8, type u16, item u32, seq f64, ingestedAt f64, weight f32, then extras as JSON.
 */
export interface ActionRecord {
  readonly user: number;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly item: number;
  /** Code of the action type. */
  readonly type: number;
  readonly weight: number;
  readonly eventId: string | null;
  readonly extras: ActionExtras | null;
}

export type ActionExtras = Pick<Action, 'recommendationId' | 'position' | 'context'>;

const version = 1;
/** Version and flags, as one number. */
export const valueHead = version;
export const fixedBytes = 28;
/** Places in a value. Sequence number and time of ingestion are stamped when the action is accepted. */
export const valuePlaces = { type: 2, item: 4, seq: 8, ingestedAt: 16, weight: 24 } as const;
export const byItem = 0;
const byEventId = 1;
/** Bytes of a key after the time, where the event has no id. */
export const itemRestBytes = 7;

/** Where an action lies: [user, time]. */
export const prefixBytes = 10;

export function encodeKey(record: ActionRecord): Buffer {
  const { eventId } = record;
  const idBytes = eventId === null ? itemRestBytes - 1 : Buffer.byteLength(eventId);
  const key = Buffer.allocUnsafe(prefixBytes + 1 + idBytes);
  key.writeUInt32BE(record.user, 0);
  key.writeUIntBE(record.time, 4, 6);
  if (eventId === null) writeItemRest(key, record.item, record.type, prefixBytes);
  else {
    key[prefixBytes] = byEventId;
    key.write(eventId, prefixBytes + 1);
  }
  return key;
}

function writeItemRest(key: Buffer, item: number, type: number, at: number): void {
  key[at] = byItem;
  key.writeUInt32BE(item, at + 1);
  key.writeUInt16BE(type, at + 5);
}

/** What follows the time in the key of an event without id. */
export function itemRest(item: number, type: number): Buffer {
  const rest = Buffer.allocUnsafe(itemRestBytes);
  writeItemRest(rest, item, type, 0);
  return rest;
}

export function encodeValue({ type, item, weight, extras }: ActionRecord): Buffer {
  return encodeFixed(type, item, weight, extras === null ? '' : JSON.stringify(extras));
}

/** A value that is not stamped yet. */
export function encodeFixed(type: number, item: number, weight: number, extras = ''): Buffer {
  const value = Buffer.allocUnsafe(fixedBytes + Buffer.byteLength(extras));
  value.writeUInt16LE(valueHead, 0);
  value.writeUInt16LE(type, valuePlaces.type);
  value.writeUInt32LE(item, valuePlaces.item);
  stamp(value, 0, 0);
  value.writeFloatLE(weight, valuePlaces.weight);
  value.write(extras, fixedBytes);
  return value;
}

/** Writes the acceptance of an action into its encoded value, which begins at `at`. */
export function stamp(value: Buffer, seq: number, ingestedAt: number, at = 0): void {
  value.writeDoubleLE(seq, at + valuePlaces.seq);
  value.writeDoubleLE(ingestedAt, at + valuePlaces.ingestedAt);
}

/** An action with numbers in place of ids, as stored. */
export interface StoredAction extends ActionRecord {
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly ingestedAt: number;
}

export function decodeAction(key: Buffer, value: Buffer): StoredAction {
  expectVersion(value, version, 'action');
  if (value.length < fixedBytes || key.length <= prefixBytes) throw tooShort(value.length);
  return {
    user: key.readUInt32BE(0),
    time: key.readUIntBE(4, 6),
    eventId: key[prefixBytes] === byEventId ? key.toString('utf8', prefixBytes + 1) : null,
    type: value.readUInt16LE(valuePlaces.type),
    item: value.readUInt32LE(valuePlaces.item),
    seq: value.readDoubleLE(valuePlaces.seq),
    ingestedAt: value.readDoubleLE(valuePlaces.ingestedAt),
    weight: value.readFloatLE(valuePlaces.weight),
    extras:
      value.length > fixedBytes ? (JSON.parse(value.toString('utf8', fixedBytes)) as ActionExtras) : null,
  };
}

function tooShort(length: number): PinnersageError {
  return new PinnersageError(
    'data-damaged',
    `a stored action has ${length} bytes, expected at least ${fixedBytes}`,
  );
}

/** The columns that clustering needs, straight from the stored bytes: the hot loop of the batch. */
export interface LogColumns {
  length: number;
  items: Uint32Array;
  times: Float64Array;
  types: Uint16Array;
  weights: Float32Array;
  seqs: Float64Array;
}

export function createColumns(capacity: number): LogColumns {
  return {
    length: 0,
    items: new Uint32Array(capacity),
    times: new Float64Array(capacity),
    types: new Uint16Array(capacity),
    weights: new Float32Array(capacity),
    seqs: new Float64Array(capacity),
  };
}

/** Takes over an action: `timeAt`: where its time begins in its key; `valueAt`: where its value does. */
export function appendColumns(
  columns: LogColumns,
  key: DataView,
  timeAt: number,
  value: DataView,
  valueAt: number,
  valueLength: number,
): void {
  if (valueLength < fixedBytes || value.getUint8(valueAt) !== version)
    refuseValue(value, valueAt, valueLength);
  const i = columns.length++;
  columns.times[i] = key.getUint16(timeAt) * 2 ** 32 + key.getUint32(timeAt + 2);
  columns.types[i] = value.getUint16(valueAt + valuePlaces.type, true);
  columns.items[i] = value.getUint32(valueAt + valuePlaces.item, true);
  columns.seqs[i] = value.getFloat64(valueAt + valuePlaces.seq, true);
  columns.weights[i] = value.getFloat32(valueAt + valuePlaces.weight, true);
}

function refuseValue(value: DataView, at: number, length: number): never {
  if (length > 0) expectVersion(Buffer.of(value.getUint8(at)), version, 'action');
  throw tooShort(length);
}

/** Room for so many more rows, which `appendColumns` asks for. */
export function makeRoom(columns: LogColumns, rows: number): void {
  if (columns.length + rows <= columns.items.length) return;
  const bigger = createColumns(Math.max(2 * columns.items.length, columns.length + rows));
  bigger.items.set(columns.items);
  bigger.times.set(columns.times);
  bigger.types.set(columns.types);
  bigger.weights.set(columns.weights);
  bigger.seqs.set(columns.seqs);
  Object.assign(columns, { ...bigger, length: columns.length });
}

function isFlat(value: unknown): boolean {
  return value === null || value === undefined || ['string', 'number', 'boolean'].includes(typeof value);
}

/** Context of an action: flat JSON of at most 1 KiB. null where it may be stored, else what is wrong. */
export function contextProblem(context: JsonValue): string | null {
  if (context === null || typeof context !== 'object' || Array.isArray(context) || context instanceof Date)
    return `got ${shown(context)}, expected an object of flat JSON`;
  const unfit = Object.entries(context).find(([, value]) => !isFlat(value));
  if (unfit)
    return `got ${shown(unfit[1])} as ${shown(unfit[0])}, expected text, a number, true, false or null`;
  const bytes = Buffer.byteLength(JSON.stringify(context));
  return bytes > 1024 ? `got a context of ${bytes} bytes, expected at most 1024` : null;
}
