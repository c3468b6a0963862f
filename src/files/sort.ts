import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PinnersageError } from '../errors.js';
import { indexBytes, SortBlock } from './sortblock.js';
import { type Run, RunHeap, RunReader, writeRun } from './sortrun.js';

export interface SortOptions {
  /** Directory for what does not fit into memory; it must exist. */
  readonly tempDir: string;
  /** Memory for records, bytes, 1 MiB to 4 GiB: speed only. 128 MiB by default. */
  readonly memoryBytes?: number;
}

export interface SortedRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const defaultMemoryBytes = 128 << 20;
const leastMemoryBytes = 1 << 20;
const greatestMemoryBytes = 2 ** 32;
const leastReadBytes = 64 << 10;
/** Share of the memory for the bytes of records; the rest is for their index. */
const bytesShare = 0.6;

interface SpillFile {
  readonly file: number;
  readonly dir: string;
}

/**
 * External merge sort of records {key, value} of any length: `add` them in any order, then iterate over `records`
 * in the byte order of their keys, equal keys in the order they were added. What does not fit into memory is
 * written as sorted runs to one temporary file and merged in a single pass. All work is synchronous.
 *
 * O(n log n) time; `memoryBytes` in memory, and once the records (+ 8 bytes each) on disk if they do not fit.
 * The file is gone when the records were read, when the loop over them ends early or throws, and after `close`;
 * where the system allows it, it has no name from the beginning, so that a killed process leaves nothing either.
 */
export class ExternalSort {
  readonly #tempDir: string;
  readonly #memoryBytes: number;
  #block: SortBlock | undefined;
  #spill: SpillFile | undefined;
  readonly #runs: Run[] = [];
  #count = 0;

  constructor(options: SortOptions) {
    this.#tempDir = options.tempDir;
    this.#memoryBytes = options.memoryBytes ?? defaultMemoryBytes;
    if (!(this.#memoryBytes >= leastMemoryBytes && this.#memoryBytes <= greatestMemoryBytes)) {
      const expected = `expected ${leastMemoryBytes} to ${greatestMemoryBytes} bytes of memory for sorting`;
      throw new PinnersageError('option-invalid', `${expected}, got ${this.#memoryBytes}`);
    }
    const bytes = Math.floor(this.#memoryBytes * bytesShare);
    this.#block = new SortBlock(bytes, Math.floor((this.#memoryBytes - bytes) / indexBytes));
  }

  /** Records added so far. */
  get count(): number {
    return this.#count;
  }

  /** Copies both. */
  add(key: Uint8Array, value: Uint8Array): void {
    const block = this.#open();
    if (!block.fits(key.length + value.length)) this.#spillBlock(block);
    block.add(key, value);
    this.#count++;
  }

  /** Once, after the last `add`. The arrays of a record are valid until the next one is asked for. */
  *records(): Generator<SortedRecord, void> {
    try {
      const block = this.#open();
      if (this.#spill === undefined) {
        this.#block = undefined;
        yield* recordsOf(block);
        return;
      }
      if (block.count > 0) this.#spillBlock(block);
      this.#block = undefined;
      yield* this.#merged(this.#spill.file);
    } finally {
      this.close();
    }
  }

  /** Drops all records and removes the temporary file. May be called at any time, and again. */
  close(): void {
    this.#block = undefined;
    if (this.#spill === undefined) return;
    const { file, dir } = this.#spill;
    this.#spill = undefined;
    closeSync(file);
    rmSync(dir, { recursive: true, force: true });
  }

  #open(): SortBlock {
    if (this.#block !== undefined) return this.#block;
    throw new PinnersageError('internal', 'a sort is used after its records were read or it was closed');
  }

  #spillBlock(block: SortBlock): void {
    this.#spill ??= createSpill(this.#tempDir);
    this.#runs.push(writeRun(this.#spill.file, this.#runs.at(-1)?.to ?? 0, block));
    block.clear();
  }

  *#merged(file: number): Generator<SortedRecord, void> {
    const readBytes = Math.max(leastReadBytes, Math.floor(this.#memoryBytes / 2 / this.#runs.length));
    const heap = new RunHeap(this.#runs.map((run) => new RunReader(file, run, readBytes)));
    for (let top = heap.top; top !== undefined; top = heap.top) {
      const { bytes, keyStart, keyEnd, valueEnd } = top;
      yield { key: bytes.subarray(keyStart, keyEnd), value: bytes.subarray(keyEnd, valueEnd) };
      heap.advance();
    }
  }
}

function* recordsOf(block: SortBlock): Generator<SortedRecord, void> {
  for (const record of block.sorted()) {
    const start = block.starts[record];
    const keyEnd = start + block.keyLengths[record];
    const end = keyEnd + block.valueLengths[record];
    yield { key: block.bytes.subarray(start, keyEnd), value: block.bytes.subarray(keyEnd, end) };
  }
}

function createSpill(tempDir: string): SpillFile {
  const dir = mkdtempSync(join(tempDir, 'sort-'));
  const file = openSync(join(dir, 'runs'), 'wx+');
  if (process.platform !== 'win32') rmSync(dir, { recursive: true });
  return { file, dir };
}
