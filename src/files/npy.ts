import { type FileHandle, open } from 'node:fs/promises';
import { PinnersageError } from '../errors.js';
import { checkFile } from './source.js';

/** A matrix of n rows and d columns, row after row. */
export interface NpyMatrix {
  readonly rows: number;
  readonly dim: number;
  readonly data: Float32Array;
}

/** Some rows of a matrix, from row `first` (from 0) on. */
export interface NpyBlock extends NpyMatrix {
  readonly first: number;
}

export interface NpyHeader {
  readonly rows: number;
  readonly dim: number;
  /** Bytes of a number: 4, or 8, which are rounded to 4 when they are read. */
  readonly width: 4 | 8;
  /** Position of the first number. */
  readonly dataStart: number;
}

const magic = Buffer.from('\x93NUMPY', 'latin1');
const defaultBlockBytes = 4 << 20;

/** Whole into memory as float64, which loses nothing. NaN and infinities are handed on as they are. */
export async function readNpyDouble(
  path: string,
): Promise<{ readonly rows: number; readonly dim: number; readonly data: Float64Array }> {
  checkFile(path);
  const file = await open(path);
  try {
    const { rows, dim, width, dataStart } = await headerOf(file, path);
    const data = new Float64Array(rows * dim);
    const perBlock = Math.max(1, Math.floor(defaultBlockBytes / (dim * width)));
    for (let first = 0; first < rows; first += perBlock) {
      const bytes = new Uint8Array(Math.min(perBlock, rows - first) * dim * width);
      await readFully(file, path, bytes, dataStart + first * dim * width);
      data.set(width === 4 ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer), first * dim);
    }
    return { rows, dim, data };
  } finally {
    await file.close();
  }
}

/** Whole into memory as float32. NaN and infinities are handed on as they are. */
export async function readNpy(path: string): Promise<NpyMatrix> {
  const { rows, dim } = await readNpyHeader(path);
  const data = new Float32Array(rows * dim);
  for await (const block of npyBlocks(path)) data.set(block.data, block.first * dim);
  return { rows, dim, data };
}

/** In blocks of about 4 MiB, or of so many rows; every block has memory of its own. */
export async function* npyBlocks(path: string, rowsPerBlock?: number): AsyncGenerator<NpyBlock> {
  checkFile(path);
  const file = await open(path);
  try {
    const { rows, dim, width, dataStart } = await headerOf(file, path);
    const rowBytes = dim * width;
    const perBlock = rowsPerBlock ?? Math.max(1, Math.floor(defaultBlockBytes / rowBytes));
    for (let first = 0; first < rows; first += perBlock) {
      const count = Math.min(perBlock, rows - first);
      const bytes = new Uint8Array(count * rowBytes);
      await readFully(file, path, bytes, dataStart + first * rowBytes);
      const data =
        width === 4 ? new Float32Array(bytes.buffer) : Float32Array.from(new Float64Array(bytes.buffer));
      yield { first, rows: count, dim, data };
    }
  } finally {
    await file.close();
  }
}

/** Checks the file as a whole: header, type, and that it is as long as its shape says. */
export async function readNpyHeader(path: string): Promise<NpyHeader> {
  checkFile(path);
  const file = await open(path);
  try {
    return await headerOf(file, path);
  } finally {
    await file.close();
  }
}

/** Writes float32, C order, as NumPy's version 1.0. */
export async function writeNpy(path: string, { rows, dim, data }: NpyMatrix): Promise<void> {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${dim}), }`;
  const prefix = magic.length + 4;
  const header = text.padEnd(Math.ceil((prefix + text.length + 1) / 64) * 64 - prefix - 1, ' ');
  const length = Buffer.from([1, 0, 0, 0]);
  length.writeUInt16LE(header.length + 1, 2);
  const file = await open(path, 'w');
  try {
    await file.write(Buffer.concat([magic, length, Buffer.from(`${header}\n`, 'latin1')]));
    const bytes = new Uint8Array(data.buffer, data.byteOffset, rows * dim * 4);
    for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
  } finally {
    await file.close();
  }
}

async function headerOf(file: FileHandle, path: string): Promise<NpyHeader> {
  const { text, dataStart } = await headerText(file, path);
  const { rows, dim, width } = parseHeader(text, path);
  const { size } = await file.stat();
  const expected = rows * dim * width;
  const actual = size - dataStart;
  if (actual === expected) return { rows, dim, width, dataStart };
  const shape = `(${rows}, ${dim}) of ${width}-byte numbers`;
  throw bad(path, `shape ${shape} needs ${expected} bytes of data, the file has ${actual}`);
}

async function headerText(file: FileHandle, path: string): Promise<{ text: string; dataStart: number }> {
  const start = Buffer.alloc(12);
  const { bytesRead } = await file.read(start, 0, start.length, 0);
  if (bytesRead < start.length || !start.subarray(0, magic.length).equals(magic)) {
    throw bad(path, 'it does not begin with the bytes of a .npy file');
  }
  const version = start[6];
  if (version < 1 || version > 3) throw bad(path, `version ${version} of the format, expected 1, 2 or 3`);
  const textStart = version === 1 ? 10 : 12;
  const length = version === 1 ? start.readUInt16LE(8) : start.readUInt32LE(8);
  const { size } = await file.stat();
  if (textStart + length > size) throw bad(path, `its header of ${length} bytes is cut short`);
  const text = new Uint8Array(length);
  await readFully(file, path, text, textStart);
  return { text: Buffer.from(text).toString('utf8'), dataStart: textStart + length };
}

function parseHeader(text: string, path: string): { rows: number; dim: number; width: 4 | 8 } {
  const descr = /'descr'\s*:\s*(?:'([^']*)'|(\[.*?\]))/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape'\s*:\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (descr === null || order === undefined || shape === undefined) {
    throw bad(path, `its header is not understood: ${text.trim().slice(0, 80)}`);
  }
  const type = descr[1] ?? descr[2];
  if (type !== '<f4' && type !== '<f8') throw bad(path, `numbers of type ${type}, expected <f4 or <f8`);
  if (order === 'True')
    throw bad(path, 'Fortran order, expected C order (numpy.ascontiguousarray makes it so)');
  const sizes = shape.split(',').filter((size) => size.trim() !== '');
  if (sizes.length !== 2) throw bad(path, `${sizes.length} dimensions, expected 2: rows and columns`);
  const [rows, dim] = sizes.map(Number);
  if (rows === 0) throw new PinnersageError('file-empty', `${path} holds a matrix of 0 rows`);
  if (dim === 0) throw bad(path, 'rows of 0 numbers');
  return { rows, dim, width: type === '<f4' ? 4 : 8 };
}

async function readFully(file: FileHandle, path: string, bytes: Uint8Array, from: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
    if (bytesRead === 0)
      throw bad(path, `it ends at byte ${from + done}, expected ${bytes.length - done} more`);
    done += bytesRead;
  }
}

function bad(path: string, problem: string): PinnersageError {
  return new PinnersageError('file-format', `${path}: ${problem}`);
}
