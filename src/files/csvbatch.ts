import { isAscii } from 'node:buffer';
import type { JsonValue, Metadata } from '../model/item.js';
import type { Columns } from './columns.js';
import { escapedFlag, positionMask, quotedFlag } from './csvscan.js';
import type { RowBatch, Timestamps, Vectors } from './table.js';
import { jsonOfText, numberOfText, vectorsOfText } from './values.js';

/** Rows of one chunk of a CSV file: the places of their fields, decoded when a column is asked for. */
export class CsvBatch implements RowBatch {
  readonly rows: number;
  readonly #bytes: Buffer;
  readonly #encoding: 'latin1' | 'utf8';
  readonly #columns: Columns;
  /** Start and end of every field, `width` pairs to a row. */
  readonly #places: Uint32Array;
  readonly #lines: Float64Array;

  constructor(bytes: Buffer, columns: Columns, places: Uint32Array, lines: Float64Array) {
    this.#bytes = bytes;
    this.#encoding = isAscii(bytes) ? 'latin1' : 'utf8';
    this.#columns = columns;
    this.#places = places;
    this.#lines = lines;
    this.rows = lines.length;
  }

  has(name: string): boolean {
    return (this.#columns.bound.get(name)?.index ?? -1) >= 0;
  }

  text(name: string): readonly (string | null)[] {
    return this.#texts(this.#columns.get(name, 'text').index);
  }

  number(name: string): Float64Array {
    const texts = this.#texts(this.#columns.get(name, 'number').index);
    return Float64Array.from(texts, (text) => (text === null ? Number.NaN : numberOfText(text)));
  }

  timestamp(name: string): Timestamps {
    const { index, timestamps } = this.#columns.get(name, 'timestamp');
    return timestamps.read(this.#texts(index));
  }

  vector(name: string): Vectors {
    return vectorsOfText(this.#texts(this.#columns.get(name, 'vector').index));
  }

  json(name: string): readonly (JsonValue | undefined)[] {
    const texts = this.#texts(this.#columns.get(name, 'json').index);
    return texts.map((text) => (text === null ? undefined : jsonOfText(text)));
  }

  rest(): readonly Metadata[] {
    const { rest, names } = this.#columns;
    return Array.from({ length: this.rows }, (_, row) => {
      const fields: [string, JsonValue][] = [];
      for (const index of rest) {
        const text = this.#field(row, index);
        if (text !== null) fields.push([names[index], jsonOfText(text)]);
      }
      return Object.fromEntries(fields);
    });
  }

  line(row: number): number {
    return this.#lines[row];
  }

  #texts(index: number): (string | null)[] {
    const texts = new Array<string | null>(this.rows).fill(null);
    if (index < 0) return texts;
    for (let row = 0; row < this.rows; row++) texts[row] = this.#field(row, index);
    return texts;
  }

  /** null for an empty field, '' for an empty quoted one. */
  #field(row: number, index: number): string | null {
    const at = (row * this.#columns.names.length + index) * 2;
    const start = this.#places[at];
    const end = this.#places[at + 1];
    const from = start & positionMask;
    if (from === end) return start & quotedFlag ? '' : null;
    const text = this.#bytes.toString(this.#encoding, from, end);
    return start & escapedFlag ? text.replaceAll('""', '"') : text;
  }
}
