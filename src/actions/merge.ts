import { eachRow, headBytes, rowHeadBytes, userBytes, writeHead } from './blocks.js';
import type { RowList } from './rows.js';

const firstBytes = 1 << 20;

/**
 * The rows that blocks will hold, one after the other as they lie in blocks, in memory that is used again: new ones can
 * be completed before they are written. Before the rows of each block there is room for its head.
 */
export class MergedRows {
  bytes = Buffer.allocUnsafeSlow(firstBytes);
  /** Of each row of the blocks. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** Of each row that was added: where its value lies, or 0 where the row is not new. */
  valueAt = new Uint32Array(0);
  private used = 0;
  private block: Buffer | null = null;
  private view: DataView = new DataView(new ArrayBuffer(0));

  /** `added`: how many rows will be. */
  clear(added: number): void {
    this.used = 0;
    this.starts.length = 0;
    this.ends.length = 0;
    this.valueAt = new Uint32Array(added);
  }

  /**
   * Merges the rows of a block (null where there is none) with those at the places `from … to−1` of `order`, which belong to
   * it. Of equal keys the one that is there stays, then the one that comes first. Leaves nothing behind where no row is new.
   * Returns whether all new rows follow those that were there, or null where none is new.
   */
  merge(
    block: Buffer | null,
    rows: RowList,
    order: Uint32Array,
    from: number,
    to: number,
  ): { readonly isAppended: boolean } | null {
    const { used } = this;
    const firstRow = this.starts.length;
    this.reserve(block, rows, order, from, to);
    this.used += headBytes;
    let next = from;
    let isAppended = true;
    let isAnyNew = false;
    const take = (): void => {
      const row = order[next++];
      if (next - 1 > from && rows.compare(order[next - 2], row) === 0) return;
      isAnyNew = true;
      this.append(rows, row);
    };
    if (block) {
      const view = this.viewOf(block);
      let copied = headBytes;
      eachRow(view, block.length, ({ keyAt, valueAt, valueLength }) => {
        const start = keyAt + userBytes - rowHeadBytes;
        while (next < to) {
          const compared = compareThere(view, block, keyAt, valueAt, rows, order[next]);
          if (compared < 0) break;
          if (compared === 0) next++;
          else {
            this.copy(block, copied, start);
            copied = start;
            isAppended = false;
            take();
          }
        }
        this.starts.push(this.used + start - copied);
        this.ends.push(this.used + valueAt + valueLength - copied);
      });
      this.copy(block, copied, block.length);
    }
    while (next < to) take();
    if (isAnyNew) return { isAppended };
    this.used = used;
    this.starts.length = firstRow;
    this.ends.length = firstRow;
    return null;
  }

  /** Rows `from … to−1` as a block, in this memory. Its head covers the end of the row before: ask for blocks in order. */
  blockOf(from: number, to: number): Buffer {
    const block = this.bytes.subarray(this.starts[from] - headBytes, this.ends[to - 1]);
    writeHead(block, to - from);
    return block;
  }

  /** The key of a row. */
  keyOf(row: number, user: number): Buffer {
    const length = this.bytes.readUInt16LE(this.starts[row]);
    const key = Buffer.allocUnsafe(userBytes + length);
    key.writeUInt32BE(user, 0);
    const at = this.starts[row] + rowHeadBytes;
    this.bytes.copy(key, userBytes, at, at + length);
    return key;
  }

  /** The time of a row, epoch ms. */
  timeOf(row: number): number {
    return this.bytes.readUIntBE(this.starts[row] + rowHeadBytes, 6);
  }

  private append(rows: RowList, row: number): void {
    const { starts, valueStarts, ends } = rows;
    const keyStart = starts[row] + userBytes;
    const at = this.used;
    this.bytes.writeUInt16LE(valueStarts[row] - keyStart, at);
    this.bytes.writeUInt32LE(ends[row] - valueStarts[row], at + 2);
    rows.bytes.copy(this.bytes, at + rowHeadBytes, keyStart, ends[row]);
    this.used = at + rowHeadBytes + ends[row] - keyStart;
    this.valueAt[row] = this.used - (ends[row] - valueStarts[row]);
    this.starts.push(at);
    this.ends.push(this.used);
  }

  private copy(block: Buffer, from: number, to: number): void {
    block.copy(this.bytes, this.used, from, to);
    this.used += to - from;
  }

  private reserve(
    block: Buffer | null,
    { starts, ends }: RowList,
    order: Uint32Array,
    from: number,
    to: number,
  ): void {
    let needed = this.used + headBytes + (block?.length ?? 0);
    for (let i = from; i < to; i++) needed += rowHeadBytes + ends[order[i]] - starts[order[i]];
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.used));
    this.bytes = grown;
  }

  /** The store hands out the same memory again and again. */
  private viewOf(block: Buffer): DataView {
    if (block !== this.block) this.view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    this.block = block;
    return this.view;
  }
}

/** Whether a block of its user holds a row with the key of this one. */
export function holds(block: Buffer, rows: RowList, row: number): boolean {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  let isThere = false;
  eachRow(view, block.length, ({ keyAt, valueAt }) => {
    isThere ||= compareThere(view, block, keyAt, valueAt, rows, row) === 0;
  });
  return isThere;
}

/** Key order of a row of a block against a new one of the same user. */
function compareThere(
  view: DataView,
  block: Buffer,
  keyAt: number,
  keyEnd: number,
  rows: RowList,
  row: number,
): number {
  const time = view.getUint16(keyAt + userBytes) * 2 ** 32 + view.getUint32(keyAt + userBytes + 2);
  const byTime = time - rows.times[row];
  return byTime !== 0 ? byTime : rows.compareRest(row, block, keyAt, keyEnd);
}
