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
const fixedBytes = 28;
const byItem = 0;
const byEventId = 1;
/** Offset of the sequence number inside a value: it is stamped when the action is accepted. */
const seqAt = 8;

/** Where an action lies: [user, time]. */
export const prefixBytes = 10;

export function encodeKey(record: ActionRecord): Buffer {
  const idBytes = record.eventId === null ? 6 : Buffer.byteLength(record.eventId);
  const key = Buffer.allocUnsafe(prefixBytes + 1 + idBytes);
  key.writeUInt32BE(record.user, 0);
  key.writeUIntBE(record.time, 4, 6);
  key[prefixBytes] = record.eventId === null ? byItem : byEventId;
  if (record.eventId !== null) key.write(record.eventId, prefixBytes + 1);
  else {
    key.writeUInt32BE(record.item, prefixBytes + 1);
    key.writeUInt16BE(record.type, prefixBytes + 5);
  }
  return key;
}

export function encodeValue(record: ActionRecord): Buffer {
  const extras = record.extras === null ? '' : JSON.stringify(record.extras);
  const value = Buffer.allocUnsafe(fixedBytes + Buffer.byteLength(extras));
  value[0] = version;
  value[1] = 0;
  value.writeUInt16LE(record.type, 2);
  value.writeUInt32LE(record.item, 4);
  stamp(value, 0, 0);
  value.writeFloatLE(record.weight, 24);
  value.write(extras, fixedBytes);
  return value;
}

/** Writes the acceptance of an action into its encoded value, which begins at `at`. */
export function stamp(value: Buffer, seq: number, ingestedAt: number, at = 0): void {
  value.writeDoubleLE(seq, at + seqAt);
  value.writeDoubleLE(ingestedAt, at + seqAt + 8);
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
    type: value.readUInt16LE(2),
    item: value.readUInt32LE(4),
    seq: value.readDoubleLE(seqAt),
    ingestedAt: value.readDoubleLE(seqAt + 8),
    weight: value.readFloatLE(24),
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
  columns.types[i] = value.getUint16(valueAt + 2, true);
  columns.items[i] = value.getUint32(valueAt + 4, true);
  columns.seqs[i] = value.getFloat64(valueAt + seqAt, true);
  columns.weights[i] = value.getFloat32(valueAt + 24, true);
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
