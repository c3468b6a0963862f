import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { syncDirectory } from '../disk/durable.js';
import { PinnersageError } from '../errors.js';
import { allocateVectors } from '../math/vectors.js';

/**
 * The vectors of one generation of a space: an append-only file of float32 rows and one of the item number of each
 * row. A replaced vector is a new row; the last row of an item counts. How many rows are valid is kept in the
 * catalog's metadata and committed after the rows are on disk, so a torn tail is never read and is overwritten by
 * the next append.
 */
export interface VectorFiles {
  readonly vectors: string;
  readonly items: string;
}

const headerBytes = 16;
const copyBytes = 1 << 23;
const vectorMagic = 0x50535631; // "PSV1": vectors
const itemMagic = 0x50534931; // "PSI1": item numbers

export function vectorFiles(root: string, spaceId: number, generation: number): VectorFiles {
  const folder = join(root, 'spaces', String(spaceId), String(generation));
  return { vectors: join(folder, 'vectors.f32'), items: join(folder, 'items.u32') };
}

/** Removes the files of all generations of a space before `first`. */
export function removeGenerations(root: string, spaceId: number, first: number): void {
  const folder = join(root, 'spaces', String(spaceId));
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (Number(name) < first) rmSync(join(folder, name), { recursive: true });
  }
}

/** Writes rows `at …` and syncs them. `vectors`: items.length × dim. */
export function appendRows(
  files: VectorFiles,
  dim: number,
  at: number,
  items: Uint32Array,
  vectors: Float32Array,
): void {
  mkdirSync(dirname(files.vectors), { recursive: true });
  const isNew = !existsSync(files.vectors);
  appendTo(files.vectors, vectorMagic, dim, at * dim * 4, vectors);
  appendTo(files.items, itemMagic, dim, at * 4, items);
  if (isNew) for (let dir = dirname(files.vectors), i = 0; i < 3; i++, dir = dirname(dir)) syncDirectory(dir);
}

function appendTo(
  path: string,
  magic: number,
  dim: number,
  at: number,
  data: Uint32Array | Float32Array,
): void {
  const file = openSync(path, existsSync(path) ? 'r+' : 'w+');
  try {
    const header = Buffer.alloc(headerBytes);
    header.writeUInt32BE(magic, 0);
    header.writeUInt32LE(dim, 4);
    writeFully(file, header, 0);
    ftruncateSync(file, headerBytes + at);
    writeFully(file, Buffer.from(data.buffer, data.byteOffset, data.byteLength), headerBytes + at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function writeFully(file: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
}

/**
 * Copies the rows of `keep` (1 for each row to keep) into the files of another generation, some megabytes at a time.
 * Returns how many were kept.
 */
export function copyRows(from: VectorFiles, to: VectorFiles, dim: number, keep: Uint8Array): number {
  const block = Math.max(1, Math.floor(copyBytes / (4 * dim)));
  const itemOfRow = readItems(from, dim, keep.length);
  const file = openSync(from.vectors, 'r');
  let kept = 0;
  try {
    for (let start = 0; start < keep.length; start += block) {
      const rows = Math.min(block, keep.length - start);
      const vectors = new Float32Array(rows * dim);
      readFully(file, from.vectors, vectors, headerBytes + start * dim * 4);
      const items = new Uint32Array(rows);
      let count = 0;
      for (let row = 0; row < rows; row++) {
        if (keep[start + row] !== 1) continue;
        vectors.copyWithin(count * dim, row * dim, (row + 1) * dim);
        items[count++] = itemOfRow[start + row];
      }
      appendRows(to, dim, kept, items.subarray(0, count), vectors.subarray(0, count * dim));
      kept += count;
    }
  } finally {
    closeSync(file);
  }
  return kept;
}

/** The rows as a matrix over memory that worker threads can share and the exact search scans in place. */
export function readVectors(files: VectorFiles, dim: number, rows: number): Float32Array {
  const matrix = allocateVectors(rows, dim);
  readVectorsInto(files, dim, matrix, 0);
  return matrix;
}

/** Reads the rows of a matrix from row `from` on. */
export function readVectorsInto(files: VectorFiles, dim: number, matrix: Float32Array, from: number): void {
  readInto(files.vectors, vectorMagic, dim, matrix.subarray(from * dim), from * dim);
}

export function readItems(files: VectorFiles, dim: number, rows: number): Uint32Array {
  const items = growItems(new Uint32Array(0), rows);
  readItemsInto(files, dim, items, 0);
  return items;
}

export function readItemsInto(files: VectorFiles, dim: number, items: Uint32Array, from: number): void {
  readInto(files.items, itemMagic, dim, items.subarray(from), from);
}

/** With room for `rows`, in place where there is room, else a copy. */
export function growItems(items: Uint32Array, rows: number): Uint32Array {
  if (4 * rows <= items.buffer.byteLength) return new Uint32Array(items.buffer, 0, rows);
  const grown = new Uint32Array(new SharedArrayBuffer(4 * Math.ceil(1.25 * rows)), 0, rows);
  grown.set(items);
  return grown;
}

/** Numbers of a file from the `first` on. */
function readInto(
  path: string,
  magic: number,
  dim: number,
  target: Float32Array | Uint32Array,
  first: number,
): void {
  if (target.length === 0) return;
  const start = headerBytes + 4 * first;
  const need = start + target.byteLength;
  if (!existsSync(path) || statSync(path).size < need)
    throw new PinnersageError(
      'data-damaged',
      `${path}: got ${existsSync(path) ? statSync(path).size : 'no'} bytes, expected at least ${need}; restore it from a copy, or import the items into another space and switch to that`,
    );
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(headerBytes);
    readSync(file, header, 0, headerBytes, 0);
    if (header.readUInt32BE(0) !== magic || header.readUInt32LE(4) !== dim)
      throw new PinnersageError('data-damaged', `${path}: not a vector file of ${dim} dimensions`);
    readFully(file, path, target, start);
  } finally {
    closeSync(file);
  }
}

function readFully(file: number, path: string, target: Float32Array | Uint32Array, position: number): void {
  const step = 1 << 26;
  for (let done = 0; done < target.byteLength; ) {
    const view = new Uint8Array(
      target.buffer,
      target.byteOffset + done,
      Math.min(step, target.byteLength - done),
    );
    const got = readSync(file, view, 0, view.length, position + done);
    if (got === 0)
      throw new PinnersageError('data-damaged', `${path}: ends early at byte ${position + done}`);
    done += got;
  }
}

/** One row, for a look at a single vector of a file that is not loaded. */
export function readRow(files: VectorFiles, dim: number, row: number): Float32Array {
  const vector = new Float32Array(dim);
  const file = openSync(files.vectors, 'r');
  try {
    readSync(file, new Uint8Array(vector.buffer), 0, vector.byteLength, headerBytes + row * dim * 4);
  } finally {
    closeSync(file);
  }
  return vector;
}

/** Item number → last row, growing as rows are appended. */
export class RowIndex {
  private rows: Int32Array = new Int32Array(1024).fill(-1);
  private count = 0;

  constructor(itemOfRow: Uint32Array) {
    this.append(itemOfRow);
  }

  get(item: number): number {
    return item < this.rows.length ? this.rows[item] : -1;
  }

  append(items: Uint32Array): void {
    for (const item of items) {
      if (item >= this.rows.length) {
        const grown = new Int32Array(Math.max(item + 1, 2 * this.rows.length)).fill(-1);
        grown.set(this.rows);
        this.rows = grown;
      }
      this.rows[item] = this.count++;
    }
  }
}
