import {
  eachRow,
  headBytes,
  memoryOf,
  type RowPlace,
  restOfKey,
  rowAt,
  rowHeadBytes,
  stampRow,
  writeHead,
  writeRow,
} from './blocks.js';
import type { RowList } from './rows.js';

const firstBytes = 1 << 20;

/**
 * The rows that blocks will hold, one after the other as they lie in blocks, in memory that is used again: new ones can
 * be completed before they are written. Before the rows of each block there is room for its head.
 */
export class MergedRows {
  private memory = memoryOf(Buffer.allocUnsafeSlow(firstBytes));
  /** Of each row of the blocks. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** Of each row that was added: where it lies, or 0 where it is not new. */
  private addedAt = new Uint32Array(0);
  private used = 0;
  private block: Buffer | null = null;
  private view: DataView = new DataView(new ArrayBuffer(0));

  /** `added`: how many rows will be. */
  clear(added: number): void {
    this.used = 0;
    this.starts.length = 0;
    this.ends.length = 0;
    this.addedAt = new Uint32Array(added);
  }

  /** Whether a row that was added is new. */
  isNew(row: number): boolean {
    return this.addedAt[row] > 0;
  }

  /** Writes the acceptance of a new row that was added. */
  stamp(row: number, seq: number, ingestedAt: number): void {
    stampRow(this.memory, this.addedAt[row], seq, ingestedAt);
  }

  /**
   * Merges the rows of a block of this version (null where there is none) with those at the places `from … to−1` of `order`, which belong to
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
      eachRow(view, block.length, (place) => {
        const { start, end } = place;
        while (next < to) {
          const compared = compareThere(view, place, rows, order[next]);
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
        this.ends.push(this.used + end - copied);
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
    const block = this.memory.bytes.subarray(this.starts[from] - headBytes, this.ends[to - 1]);
    writeHead(block, to - from);
    return block;
  }

  /** The key and the time (epoch ms) of a row. */
  at(row: number, user: number): { readonly key: Buffer; readonly time: number } {
    return rowAt(this.memory, this.starts[row], user);
  }

  private append(rows: RowList, row: number): void {
    const { starts, valueStarts, ends } = rows;
    const at = this.used;
    this.used = writeRow(this.memory, at, rows, starts[row], valueStarts[row], ends[row]);
    this.addedAt[row] = at;
    this.starts.push(at);
    this.ends.push(this.used);
  }

  private copy(block: Buffer, from: number, to: number): void {
    block.copy(this.memory.bytes, this.used, from, to);
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
    const { bytes } = this.memory;
    if (needed <= bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * bytes.length));
    grown.set(bytes.subarray(0, this.used));
    this.memory = memoryOf(grown);
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
  eachRow(view, block.length, (place) => {
    isThere ||= compareThere(view, place, rows, row) === 0;
  });
  return isThere;
}

/** Key order of a row of a block against a new one of the same user. */
function compareThere(view: DataView, place: Readonly<RowPlace>, rows: RowList, row: number): number {
  const byTime = place.time - rows.times[row];
  return byTime !== 0 ? byTime : rows.compareRest(row, restOfKey(view, place));
}
