import { memoryOf, timeOfKey } from './blocks.js';
import { prefixBytes } from './codec.js';

const firstBytes = 1 << 16;
const firstRows = 1 << 10;

/**
 * Encoded actions of one step, in memory that is used again: of each its key, then its value. What is added is copied, so
 * that the giver may use its own memory again.
 */
export class RowList {
  bytes = Buffer.allocUnsafeSlow(firstBytes);
  view = memoryOf(this.bytes).view;
  length = 0;
  starts = new Uint32Array(firstRows);
  /** Where the value begins, and where it ends. */
  valueStarts = new Uint32Array(firstRows);
  ends = new Uint32Array(firstRows);
  users = new Uint32Array(firstRows);
  times = new Float64Array(firstRows);

  clear(): void {
    this.length = 0;
  }

  add(key: Uint8Array, value: Uint8Array): void {
    const row = this.length;
    const start = row === 0 ? 0 : this.ends[row - 1];
    const end = start + key.length + value.length;
    if (end > this.bytes.length) this.growBytes(end);
    if (row === this.starts.length) this.growRows();
    this.bytes.set(key, start);
    this.bytes.set(value, start + key.length);
    this.starts[row] = start;
    this.valueStarts[row] = start + key.length;
    this.ends[row] = end;
    this.users[row] = this.view.getUint32(start);
    this.times[row] = timeOfKey(this.view, start);
    this.length++;
  }

  /** In the list's own memory. */
  key(row: number): Buffer {
    return this.bytes.subarray(this.starts[row], this.valueStarts[row]);
  }

  /** Byte order of the keys, which is that of the store. Most differ in user or time, and numbers are compared faster. */
  compare(a: number, b: number): number {
    const byUser = this.users[a] - this.users[b];
    if (byUser !== 0) return byUser;
    const byTime = this.times[a] - this.times[b];
    return byTime !== 0 ? byTime : this.compareRest(b, this.restOf(a));
  }

  /** What follows user and time, of a key elsewhere against that of a row. */
  compareRest(row: number, other: Buffer): number {
    return other.compare(this.bytes, this.starts[row] + prefixBytes, this.valueStarts[row]);
  }

  private restOf(row: number): Buffer {
    return this.bytes.subarray(this.starts[row] + prefixBytes, this.valueStarts[row]);
  }

  /** The places of the rows in key order, those of equal keys as they came. */
  order(): Uint32Array {
    const order = Uint32Array.from({ length: this.length }, (_, row) => row);
    for (let row = 1; row < this.length; row++)
      if (this.compare(row - 1, row) > 0) return order.sort((a, b) => this.compare(a, b) || a - b);
    return order;
  }

  private growBytes(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes);
    this.bytes = grown;
    this.view = memoryOf(grown).view;
  }

  private growRows(): void {
    const more = <T extends Uint32Array | Float64Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    const rows = 2 * this.length;
    this.starts = more(this.starts, new Uint32Array(rows));
    this.valueStarts = more(this.valueStarts, new Uint32Array(rows));
    this.ends = more(this.ends, new Uint32Array(rows));
    this.users = more(this.users, new Uint32Array(rows));
    this.times = more(this.times, new Float64Array(rows));
  }
}
