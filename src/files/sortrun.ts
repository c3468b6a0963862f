import { readSync, writeSync } from 'node:fs';
import { PinnersageError } from '../errors.js';
import { compareBytes, type SortBlock } from './sortblock.js';

/** A record in a run: length of the key, length of the value (u32 each), key, value. */
const headerBytes = 8;
const writeBytes = 1 << 20;

/** Where a sorted run lies in the file of runs. */
export interface Run {
  readonly from: number;
  readonly to: number;
}

/** Writes the records of a block in key order, from a position of the file on. */
export function writeRun(file: number, from: number, block: SortBlock): Run {
  let buffer = Buffer.allocUnsafe(writeBytes);
  let used = 0;
  let at = from;
  for (const record of block.sorted()) {
    const keyLength = block.keyLengths[record];
    const size = keyLength + block.valueLengths[record];
    if (used + headerBytes + size > buffer.length) {
      at = writeAll(file, buffer.subarray(0, used), at);
      used = 0;
      if (headerBytes + size > buffer.length) buffer = Buffer.allocUnsafe(headerBytes + size);
    }
    buffer.writeUInt32LE(keyLength, used);
    buffer.writeUInt32LE(size - keyLength, used + 4);
    const start = block.starts[record];
    buffer.set(block.bytes.subarray(start, start + size), used + headerBytes);
    used += headerBytes + size;
  }
  return { from, to: writeAll(file, buffer.subarray(0, used), at) };
}

function writeAll(file: number, bytes: Uint8Array, from: number): number {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, bytes.length - done, from + done);
  }
  return from + bytes.length;
}

/** A run read from front to back; `next` moves to its next record. */
export class RunReader {
  /** Bytes and places of the record the reader stands on. */
  bytes: Buffer;
  keyStart = 0;
  keyEnd = 0;
  valueEnd = 0;
  readonly #file: number;
  #at: number;
  readonly #end: number;
  #filled = 0;

  constructor(file: number, run: Run, bufferBytes: number) {
    this.#file = file;
    this.#at = run.from;
    this.#end = run.to;
    this.bytes = Buffer.allocUnsafe(Math.min(bufferBytes, run.to - run.from));
  }

  /** false at the end of the run. */
  next(): boolean {
    const start = this.valueEnd;
    if (start === this.#filled && this.#at === this.#end) return false;
    let from = this.#ensure(start, headerBytes);
    const keyLength = this.bytes.readUInt32LE(from);
    const size = headerBytes + keyLength + this.bytes.readUInt32LE(from + 4);
    from = this.#ensure(from, size);
    this.keyStart = from + headerBytes;
    this.keyEnd = this.keyStart + keyLength;
    this.valueEnd = from + size;
    return true;
  }

  /** Makes `size` bytes from `start` on available. Returns where they begin now. */
  #ensure(start: number, size: number): number {
    if (start + size <= this.#filled) return start;
    const rest = this.bytes.subarray(start, this.#filled);
    const target = size > this.bytes.length ? Buffer.allocUnsafe(size) : this.bytes;
    target.set(rest);
    this.bytes = target;
    this.#filled = rest.length;
    while (this.#filled < target.length && this.#at < this.#end) {
      const wanted = Math.min(target.length - this.#filled, this.#end - this.#at);
      const got = readSync(this.#file, target, this.#filled, wanted, this.#at);
      if (got === 0) throw new PinnersageError('data-damaged', 'a temporary file of the sort was cut short');
      this.#filled += got;
      this.#at += got;
    }
    return 0;
  }
}

/** The heads of sorted runs as a heap, the least key on top; of equal keys the one of the earlier run. */
export class RunHeap {
  readonly #readers: readonly RunReader[];
  /** Places in `#readers`. */
  readonly #heap: number[] = [];

  constructor(readers: readonly RunReader[]) {
    this.#readers = readers;
    for (let i = 0; i < readers.length; i++) if (readers[i].next()) this.#heap.push(i);
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  get top(): RunReader | undefined {
    return this.#heap.length > 0 ? this.#readers[this.#heap[0]] : undefined;
  }

  advance(): void {
    if (!this.#readers[this.#heap[0]].next()) {
      const last = this.#heap.pop();
      if (last === undefined || this.#heap.length === 0) return;
      this.#heap[0] = last;
    }
    this.#sink(0);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const item = heap[from];
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1], heap[child])) child++;
      if (!this.#isBefore(heap[child], item)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = item;
  }

  #isBefore(a: number, b: number): boolean {
    const [x, y] = [this.#readers[a], this.#readers[b]];
    const order = compareBytes(x.bytes, x.keyStart, x.keyEnd, y.bytes, y.keyStart, y.keyEnd);
    return order !== 0 ? order < 0 : a < b;
  }
}
