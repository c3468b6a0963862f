import type { JsonValue } from '../model/item.js';
import type { VectorFault, Vectors } from './table.js';

const missing = 1;
const unparsable = 2;

const jsonNumber = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$/;

/** What a cell of text stands for: JSON lists and objects, numbers and booleans become such; the rest is a string. */
export function jsonOfText(text: string): JsonValue {
  const first = text.charCodeAt(0);
  if (first === 0x5b || first === 0x7b) {
    const parsed = parseJson(text);
    return parsed === undefined ? text : parsed;
  }
  if (jsonNumber.test(text)) return Number(text);
  if (text === 'true' || text === 'false') return text === 'true';
  return text;
}

/** undefined where the text is not JSON. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** NaN where the text is not one number. */
export function numberOfText(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

/** Grows by doubling, so that rows of any dimension are laid out one after the other. */
export class VectorBuilder {
  #data: Float32Array<ArrayBuffer>;
  readonly #offsets: Uint32Array<ArrayBuffer>;
  readonly #codes: Uint8Array<ArrayBuffer>;
  #row = 0;
  #length = 0;

  constructor(rows: number, expectedLength: number) {
    this.#data = new Float32Array(expectedLength);
    this.#offsets = new Uint32Array(rows + 1);
    this.#codes = new Uint8Array(rows);
  }

  pushMissing(): void {
    this.#end(missing);
  }

  pushUnparsable(): void {
    this.#end(unparsable);
  }

  /** null is a missing vector; what is not a list of numbers is an unparsable one. */
  push(value: unknown): void {
    if (value === null || value === undefined) this.#end(missing);
    else if (Array.isArray(value) && value.every(isNumber)) this.pushNumbers(value);
    else this.#end(unparsable);
  }

  pushNumbers(values: ArrayLike<number>): void {
    this.#reserve(values.length);
    this.#data.set(values, this.#length);
    this.#length += values.length;
    this.#end(values.length === 0 ? unparsable : 0);
  }

  finish(): Vectors {
    return new PackedVectors(this.#data.subarray(0, this.#length), this.#offsets, this.#codes);
  }

  #end(code: number): void {
    this.#codes[this.#row] = code;
    this.#row++;
    this.#offsets[this.#row] = this.#length;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#data.length) return;
    const grown = new Float32Array(Math.max(this.#data.length * 2, this.#length + more));
    grown.set(this.#data);
    this.#data = grown;
  }
}

class PackedVectors implements Vectors {
  readonly data: Float32Array;
  readonly offsets: Uint32Array;
  readonly #codes: Uint8Array;

  constructor(data: Float32Array, offsets: Uint32Array, codes: Uint8Array) {
    this.data = data;
    this.offsets = offsets;
    this.#codes = codes;
  }

  reason(row: number): VectorFault | null {
    const code = this.#codes[row];
    if (code === 0) return null;
    return code === missing ? 'vector-missing' : 'vector-unparsable';
  }
}

/** From text such as "[0.1, 0.2]", as CSV has it. */
export function vectorsOfText(texts: readonly (string | null)[]): Vectors {
  const builder = new VectorBuilder(texts.length, 0);
  for (const text of texts) {
    const isMissing = text === null || text === '';
    builder.push(isMissing ? null : (parseJson(text) ?? text));
  }
  return builder.finish();
}
