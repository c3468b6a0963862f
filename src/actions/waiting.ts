import { expectVersion } from '../disk/codec.js';
import type { Directory, Table } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import type { UserKey } from '../model/item.js';
import { compareKeys, type Row, userBytes } from './blocks.js';
import type { RowList } from './rows.js';

/** What there is of it. */
interface WaitingState {
  /** So many consecutive users are a range; chosen when there are no rows. */
  readonly width: number;
  /** Rows in all pieces. */
  readonly rows: number;
  /** Counts the changes of the table. */
  readonly version: number;
}

const noRows: WaitingState = { width: 1, rows: 0, version: 0 };

const version = 1;
const headBytes = 8;
const rowHeadBytes = 6;
const everybody = 2 ** 32;
/** Into how many ranges users are divided when the first rows come. */
const ranges = 128;
const leastWidth = 16;

/**
 * Accepted actions that are not in blocks yet. In blocks, a step with actions of users all over costs a page of the store
 * for each of them; here it costs one for each range of consecutive users. A range is moved into blocks whole, when many of
 * its users have something new and their pages lie side by side.
 *
 * Table `waiting`, one piece per step and range. Key: range u32, seq u64 of the newest change of the step, big-endian.
 * Value: version u8 = 1, 3 zero bytes, bytes of the piece u32; each row, in key order: length of its key u16, of its value u32, key, value;
 * little-endian.
 */
export class WaitingRows {
  private readonly directory: Directory;
  /** For the writer: the keys of all rows, as of change `knownAt` of the table. */
  private readonly keys = new Set<string>();
  private knownAt = -1;
  /** Where the next range to be moved is looked for. */
  private turn = 0;

  constructor(directory: Directory) {
    this.directory = directory;
  }

  /** How many rows there are. */
  count(): number {
    return this.state()?.rows ?? 0;
  }

  /** Rows of users `from … to−1`, in key order. */
  read(from: UserKey, to: UserKey): Row[] {
    const state = this.state();
    if (!state || state.rows === 0 || to <= from) return [];
    const rows: Row[] = [];
    const [first, last] = [Math.floor(from / state.width), Math.floor((to - 1) / state.width)];
    this.eachPiece(first, last, (piece) =>
      eachRow(piece, from, to, (start, valueAt, end) => {
        const own = Buffer.from(bytesOf(piece, start, end));
        rows.push({ key: own.subarray(0, valueAt - start), value: own.subarray(valueAt - start) });
      }),
    );
    return rows.sort((a, b) => compareKeys(a.key, b.key));
  }

  /** Whether a row with this key is there. Call `know` before. */
  has(rows: RowList, row: number): boolean {
    return this.keys.size > 0 && this.keys.has(nameOf(rows.key(row)));
  }

  /** Adds stamped rows that are not there, given in key order. `users`: how many numbers are given. Call inside `write`. */
  put(rows: RowList, order: readonly number[], seq: number, users: number): void {
    this.know();
    const before = this.state() ?? noRows;
    const state = before.rows > 0 ? before : { ...before, width: widthFor(users) };
    const rangeOf = (place: number): number => Math.floor(rows.users[order[place]] / state.width);
    for (let from = 0; from < order.length; ) {
      let to = from + 1;
      while (to < order.length && rangeOf(to) === rangeOf(from)) to++;
      this.table().putSync(pieceKey(rangeOf(from), seq), encodePiece(rows, order.slice(from, to)));
      from = to;
    }
    for (const row of order) this.keys.add(nameOf(rows.key(row)));
    this.change(state, order.length);
  }

  /** Takes out all rows of the next range in turn, into `into`. Call inside `write`. */
  takeRange(into: RowList): void {
    this.know();
    const range = this.rangeFrom(this.turn) ?? this.rangeFrom(0);
    if (range === null) return;
    this.turn = range + 1;
    const seqs: number[] = [];
    this.eachPiece(range, range, (piece, seq) => {
      seqs.push(seq);
      eachRow(piece, 0, everybody, (start, valueAt, end) => {
        const key = bytesOf(piece, start, valueAt);
        this.keys.delete(nameOf(key));
        into.add(key, bytesOf(piece, valueAt, end));
      });
    });
    for (const seq of seqs) this.table().removeSync(pieceKey(range, seq));
    this.change(this.state() ?? noRows, -into.length);
  }

  /** Removes rows by their keys; `removed` hears of each that was there. Call inside `write`. */
  remove(keys: readonly Buffer[], removed: (key: Buffer) => void): void {
    const state = this.state();
    if (!state || state.rows === 0) return;
    const names = new Set(keys.map(nameOf));
    const pieces: { readonly key: Buffer; readonly left: Buffer | null; readonly gone: Buffer[] }[] = [];
    for (const range of new Set(keys.map((key) => Math.floor(key.readUInt32BE(0) / state.width))))
      this.eachPiece(range, range, (piece, seq) => {
        const kept = [bytesOf(piece, 0, headBytes)];
        const gone: Buffer[] = [];
        eachRow(piece, 0, everybody, (start, valueAt, end) => {
          const key = bytesOf(piece, start, valueAt);
          if (names.has(nameOf(key))) gone.push(Buffer.from(key));
          else kept.push(bytesOf(piece, start - rowHeadBytes, end));
        });
        const left = kept.length > 1 ? withHead(Buffer.concat(kept)) : null;
        if (gone.length > 0) pieces.push({ key: pieceKey(range, seq), left, gone });
      });
    let count = 0;
    for (const { key, left, gone } of pieces) {
      if (left) this.table().putSync(key, left);
      else this.table().removeSync(key);
      count += gone.length;
      gone.forEach(removed);
    }
    if (count > 0) this.change(state, -count);
    this.forget();
  }

  /** After a transaction that threw. */
  forget(): void {
    this.knownAt = -1;
  }

  private state(): WaitingState | null {
    return this.directory.readMeta<WaitingState>('waiting');
  }

  private change({ width, rows, version: before }: WaitingState, added: number): void {
    this.directory.writeMeta('waiting', { width, rows: rows + added, version: before + 1 });
    this.knownAt = before + 1;
  }

  /** Reads what is there, unless it is known: others may have changed it. */
  know(): void {
    const now = this.state()?.version ?? 0;
    if (now === this.knownAt) return;
    this.keys.clear();
    if (this.count() > 0)
      this.eachPiece(0, 0xffffffff, (piece) =>
        eachRow(piece, 0, everybody, (start, valueAt) =>
          this.keys.add(nameOf(bytesOf(piece, start, valueAt))),
        ),
      );
    this.knownAt = now;
  }

  /** The first range from `start` on that has rows, or null. */
  private rangeFrom(start: number): number | null {
    for (const key of this.table().getKeys({ start: pieceKey(start, 0), limit: 1 }))
      return key.readUInt32BE(0);
    return null;
  }

  /** Pieces of ranges `first … last`: read each before the visitor returns, and read nothing else meanwhile. */
  private eachPiece(first: number, last: number, visit: (piece: DataView, seq: number) => void): void {
    this.table();
    const end = last === 0xffffffff ? Buffer.alloc(16, 0xff) : pieceKey(last + 1, 0);
    this.directory.borrow('waiting')({ start: pieceKey(first, 0), end }, (entry) => {
      const { key, keyAt, value, valueLength } = entry;
      if (valueLength === 0 || value.getUint8(0) !== version)
        expectVersion(
          Buffer.of(valueLength > 0 ? value.getUint8(0) : 0),
          version,
          'piece of waiting actions',
        );
      visit(new DataView(value.buffer, value.byteOffset, valueLength), Number(key.getBigUint64(keyAt + 4)));
    });
  }

  private table(): Table {
    const { waiting } = this.directory.tables;
    if (waiting) return waiting;
    throw new PinnersageError(
      'directory-newer',
      `${this.directory.path}: actions wait in a table that was not there when it was opened; open it again`,
    );
  }
}

function widthFor(users: number): number {
  return Math.max(leastWidth, Math.ceil(users / ranges));
}

const nameOf = (key: Buffer): string => key.toString('latin1');

function pieceKey(range: number, seq: number): Buffer {
  const key = Buffer.allocUnsafe(12);
  key.writeUInt32BE(range);
  key.writeBigUInt64BE(BigInt(seq), 4);
  return key;
}

function withHead(piece: Buffer): Buffer {
  piece.writeUInt32LE(version, 0);
  piece.writeUInt32LE(piece.length, 4);
  return piece;
}

function encodePiece(rows: RowList, order: readonly number[]): Buffer {
  const { bytes, starts, valueStarts, ends } = rows;
  const size = order.reduce((sum, row) => sum + rowHeadBytes + ends[row] - starts[row], headBytes);
  const piece = withHead(Buffer.allocUnsafe(size));
  let at = headBytes;
  for (const row of order) {
    piece.writeUInt16LE(valueStarts[row] - starts[row], at);
    piece.writeUInt32LE(ends[row] - valueStarts[row], at + 2);
    bytes.copy(piece, at + rowHeadBytes, starts[row], ends[row]);
    at += rowHeadBytes + ends[row] - starts[row];
  }
  return piece;
}

const bytesOf = (piece: DataView, start: number, end: number): Buffer =>
  Buffer.from(piece.buffer, piece.byteOffset + start, end - start);

/** Rows of users `from … to−1`: the key at `start … valueAt`, the value up to `end`. */
function eachRow(
  piece: DataView,
  from: UserKey,
  to: UserKey,
  visit: (start: number, valueAt: number, end: number) => void,
): void {
  const length = piece.byteLength;
  if (length < headBytes || piece.getUint32(4, true) !== length) throw damaged(length);
  for (let at = headBytes; at < length; ) {
    const start = at + rowHeadBytes;
    if (start + userBytes > length) throw damaged(length);
    const valueAt = start + piece.getUint16(at, true);
    at = valueAt + piece.getUint32(at + 2, true);
    if (at > length) throw damaged(length);
    const user = piece.getUint32(start);
    if (user >= to) return;
    if (user >= from) visit(start, valueAt, at);
  }
}

function damaged(length: number): PinnersageError {
  return new PinnersageError(
    'data-damaged',
    `a stored piece of waiting actions of ${length} bytes is not whole`,
  );
}
