import type { DuckDBDataChunk } from '@duckdb/node-api';
import duckdb, { type Vector } from '@duckdb/node-bindings';
import type { Selected } from './duckexpr.js';
import type { Vectors } from './table.js';
import { VectorBuilder } from './values.js';

/** DuckDB keeps a string of up to so many bytes in its 16-byte entry; of a longer one it keeps a pointer there. */
const inlineBytes = 12;
const entryBytes = 16;

/**
 * Columns of a chunk, read from its memory without a value object per cell. The chunk must be kept while they
 * are read; what is returned is a copy.
 */
export class DuckColumns {
  readonly rows: number;
  readonly #chunk: DuckDBDataChunk;

  constructor(chunk: DuckDBDataChunk) {
    this.#chunk = chunk;
    this.rows = chunk.rowCount;
  }

  text(index: number): (string | null)[] {
    const vector = this.#vector(index);
    const valid = validity(vector, this.rows);
    const data = duckdb.vector_get_data(vector, this.rows * entryBytes);
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const words = new Uint32Array(data.buffer, data.byteOffset, this.rows * 4);
    const texts = new Array<string | null>(this.rows).fill(null);
    for (let row = 0, last = -1; row < this.rows; row++) {
      if (!valid(row)) continue;
      texts[row] =
        last >= 0 && sameEntry(words, row, last) ? texts[last] : textAt(bytes, words[row * 4], row);
      last = row;
    }
    return texts;
  }

  /** NaN where NULL. */
  numbers(index: number): Float64Array {
    const vector = this.#vector(index);
    const valid = validity(vector, this.rows);
    const data = duckdb.vector_get_data(vector, this.rows * 8);
    const values = new Float64Array(data.buffer, data.byteOffset, this.rows).slice();
    for (let row = 0; row < this.rows; row++) if (!valid(row)) values[row] = Number.NaN;
    return values;
  }

  /** Lists or arrays of FLOAT or DOUBLE. One with a NULL in it is unparsable. */
  vectors(index: number, { shape, length, wide }: Selected): Vectors {
    const vector = this.#vector(index);
    const valid = validity(vector, this.rows);
    const isList = shape === 'list';
    const child = isList ? duckdb.list_vector_get_child(vector) : duckdb.array_vector_get_child(vector);
    const size = isList ? duckdb.list_vector_get_size(vector) : this.rows * length;
    const builder = new VectorBuilder(this.rows, size);
    const values = floats(child, size, wide);
    const holes = nullPlaces(child, size);
    const entries = isList ? listEntries(vector, this.rows) : undefined;
    for (let row = 0; row < this.rows; row++) {
      const from = entries ? entries[row * 4] : row * length;
      const to = from + (entries ? entries[row * 4 + 2] : length);
      if (!valid(row)) builder.pushMissing();
      else if (holes?.subarray(from, to).includes(1)) builder.pushUnparsable();
      else builder.pushNumbers(values.subarray(from, to));
    }
    return builder.finish();
  }

  #vector(index: number): Vector {
    return duckdb.data_chunk_get_vector(this.#chunk.chunk, index);
  }
}

function validity(vector: Vector, rows: number): (row: number) => boolean {
  const bits: Uint8Array | null = duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8);
  if (!bits) return () => true;
  return (row) => (bits[row >> 3] & (1 << (row & 7))) !== 0;
}

/** Strings of equal bytes, or of one pointer, as a sorted or dictionary-encoded column has them in a row. */
function sameEntry(words: Uint32Array, a: number, b: number): boolean {
  const [i, j] = [a * 4, b * 4];
  return (
    words[i] === words[j] &&
    words[i + 1] === words[j + 1] &&
    words[i + 2] === words[j + 2] &&
    words[i + 3] === words[j + 3]
  );
}

function textAt(entries: Buffer, length: number, row: number): string {
  const at = row * entryBytes;
  if (length <= inlineBytes) return entries.toString('utf8', at + 4, at + 4 + length);
  const bytes = duckdb.get_data_from_pointer(
    entries.buffer as ArrayBuffer,
    entries.byteOffset + at + 8,
    length,
  );
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function floats(child: Vector, size: number, wide: boolean): Float32Array | Float64Array {
  const data = duckdb.vector_get_data(child, size * (wide ? 8 : 4));
  if (wide) return new Float64Array(data.buffer, data.byteOffset, size);
  return new Float32Array(data.buffer, data.byteOffset, size);
}

/** One for every NULL among the numbers; undefined where there is none. */
function nullPlaces(child: Vector, size: number): Uint8Array | undefined {
  const bits: Uint8Array | null = duckdb.vector_get_validity(child, Math.ceil(size / 64) * 8);
  if (!bits || allSet(bits, size)) return undefined;
  return Uint8Array.from({ length: size }, (_, i) => ((bits[i >> 3] >> (i & 7)) & 1) ^ 1);
}

function allSet(bits: Uint8Array, size: number): boolean {
  const whole = size >> 3;
  for (let i = 0; i < whole; i++) if (bits[i] !== 0xff) return false;
  const last = (1 << (size & 7)) - 1;
  return (bits[whole] & last) === last || last === 0;
}

/** (offset, length) of every list as 64-bit integers, seen as pairs of 32-bit words of which the low one counts. */
function listEntries(vector: Vector, rows: number): Uint32Array {
  const data = duckdb.vector_get_data(vector, rows * 16);
  return new Uint32Array(data.buffer, data.byteOffset, rows * 4);
}
