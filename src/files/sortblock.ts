/** Runs of so many records are sorted by insertion before they are merged. */
const insertionRun = 8;
/** Bytes of index per record: offset, two lengths, two words of prefix, order and its copy. */
export const indexBytes = 28;

/** Order of bytes as unsigned numbers, a prefix before what it begins. Starts and ends are positions. */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const length = Math.min(aEnd - aStart, bEnd - bStart);
  for (let i = 0; i < length; i++) {
    const difference = a[aStart + i] - b[bStart + i];
    if (difference !== 0) return difference;
  }
  return aEnd - aStart - (bEnd - bStart);
}

/** Four bytes of a key as a big-endian number, zeros behind its end. */
function wordAt(key: Uint8Array, at: number): number {
  const word =
    ((key[at] ?? 0) << 24) | ((key[at + 1] ?? 0) << 16) | ((key[at + 2] ?? 0) << 8) | (key[at + 3] ?? 0);
  return word >>> 0;
}

/** Records in memory: bytes one after the other, and an index that is sorted instead of them. */
export class SortBlock {
  bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly keyLengths: Uint32Array;
  readonly valueLengths: Uint32Array;
  count = 0;
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;
  #order: Uint32Array;
  #spare: Uint32Array;
  #used = 0;

  constructor(bytes: number, records: number) {
    this.bytes = new Uint8Array(bytes);
    this.starts = new Uint32Array(records);
    this.keyLengths = new Uint32Array(records);
    this.valueLengths = new Uint32Array(records);
    this.#high = new Uint32Array(records);
    this.#low = new Uint32Array(records);
    this.#order = new Uint32Array(records);
    this.#spare = new Uint32Array(records);
  }

  /** Whether a record of so many bytes still goes in; a record larger than the whole goes into an empty block. */
  fits(size: number): boolean {
    return this.count === 0 || (this.count < this.starts.length && this.#used + size <= this.bytes.length);
  }

  add(key: Uint8Array, value: Uint8Array): void {
    const record = this.count++;
    const end = this.#used + key.length + value.length;
    if (end > this.bytes.length) this.bytes = new Uint8Array(end);
    this.starts[record] = this.#used;
    this.keyLengths[record] = key.length;
    this.valueLengths[record] = value.length;
    this.#high[record] = wordAt(key, 0);
    this.#low[record] = wordAt(key, 4);
    this.bytes.set(key, this.#used);
    this.bytes.set(value, this.#used + key.length);
    this.#used = end;
  }

  clear(): void {
    this.count = 0;
    this.#used = 0;
  }

  /** The records in key order, equal keys in the order they were added. Valid until the next call. */
  sorted(): Uint32Array {
    for (let i = 0; i < this.count; i++) this.#order[i] = i;
    for (let from = 0; from < this.count; from += insertionRun) {
      this.#insertionSort(from, Math.min(from + insertionRun, this.count));
    }
    for (let width = insertionRun; width < this.count; width *= 2) {
      for (let from = 0; from < this.count; from += 2 * width) {
        this.#merge(from, Math.min(from + width, this.count), Math.min(from + 2 * width, this.count));
      }
      [this.#order, this.#spare] = [this.#spare, this.#order];
    }
    return this.#order.subarray(0, this.count);
  }

  #insertionSort(from: number, to: number): void {
    const order = this.#order;
    for (let i = from + 1; i < to; i++) {
      const record = order[i];
      let at = i;
      for (; at > from && this.#isAfter(order[at - 1], record); at--) order[at] = order[at - 1];
      order[at] = record;
    }
  }

  /** Merges two neighbouring sorted ranges of the order into the spare one. */
  #merge(from: number, middle: number, to: number): void {
    const order = this.#order;
    const spare = this.#spare;
    let left = from;
    let right = middle;
    for (let at = from; at < to; at++) {
      const takeRight = right < to && (left >= middle || this.#isAfter(order[left], order[right]));
      spare[at] = takeRight ? order[right++] : order[left++];
    }
  }

  /** The first eight bytes decide as two numbers; only where they are equal the keys are looked at. */
  #isAfter(a: number, b: number): boolean {
    if (this.#high[a] !== this.#high[b]) return this.#high[a] > this.#high[b];
    if (this.#low[a] !== this.#low[b]) return this.#low[a] > this.#low[b];
    const { bytes, starts, keyLengths } = this;
    const aEnd = starts[a] + keyLengths[a];
    const bEnd = starts[b] + keyLengths[b];
    return compareBytes(bytes, starts[a], aEnd, bytes, starts[b], bEnd) > 0;
  }
}
