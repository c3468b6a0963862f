import { isUtf8 } from 'node:buffer';
import { PinnersageError, shown } from '../errors.js';
import type { JsonValue, Metadata } from '../model/item.js';
import { Columns, scalarColumns, sourceOf } from './columns.js';
import { isInexact, quoteLongIntegers, textOfJson } from './jsonvalues.js';
import { byteChunks } from './source.js';
import type { BadRow, ColumnRequest, ReadOptions, RowBatch, Timestamps, Vectors } from './table.js';
import { numberOfText, parseJson, VectorBuilder } from './values.js';

const LF = 10;
const longestLine = 16 << 20;

type JsonObject = { readonly [field: string]: JsonValue };

/** Lines of one chunk, with their numbers. */
interface Line {
  readonly number: number;
  readonly text: string;
}

/** Reads newline-delimited JSON: one object to a line, blank lines skipped. */
export async function* readNdjson(
  path: string,
  options: ReadOptions,
  requests: readonly ColumnRequest[],
  onBad: (bad: BadRow) => void,
  onNote: (note: string) => void,
): AsyncGenerator<RowBatch> {
  const reject = (line: number, detail: string) =>
    onBad({ file: path, line, reason: 'malformed-row', detail });
  const parse = lineParser(requests, options);
  const scalars = scalarColumns(requests).map(({ name }) => sourceOf(name, options));
  let columns: Columns | undefined;
  for await (const lines of lineChunks(path, reject)) {
    const rows: JsonObject[] = [];
    const numbers: number[] = [];
    for (const { number, text } of lines) {
      const value = parse(text);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        const row = value as JsonObject;
        const nested = scalars.find((key) => isNested(own(row, key)));
        if (nested === undefined) {
          rows.push(row);
          numbers.push(number);
        } else reject(number, `${nested}: got ${shown(row[nested])}, expected text or a number`);
        continue;
      }
      if (columns === undefined && rows.length === 0 && text.startsWith('[')) throw oneArray(path);
      reject(number, value === undefined ? `not JSON: ${text.slice(0, 80)}` : 'not a JSON object');
    }
    if (rows.length === 0) continue;
    columns ??= new Columns(path, namesOf(rows, requests, options), requests, options, onNote);
    yield new NdjsonBatch(rows, numbers, columns, options.rest === true);
  }
}

function oneArray(path: string): PinnersageError {
  return new PinnersageError(
    'file-format',
    `${path} holds a JSON array; expected one JSON object per line (jq -c '.[]' makes it so)`,
  );
}

/** The keys in use, and those of optional columns: they may come later. */
function namesOf(
  rows: readonly JsonObject[],
  requests: readonly ColumnRequest[],
  options: ReadOptions,
): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row)) names.add(name);
  const [needed, optional] = [true, false].map((is) =>
    requests.filter(({ required }) => required === is).map(({ name }) => sourceOf(name, options)),
  );
  // Optional ones may come in later rows. Where one that is needed is not there, the error tells what is.
  if (needed.every((name) => names.has(name))) for (const name of optional) names.add(name);
  return [...names];
}

/** JSON.parse, but that integers beyond 2^53 in text columns keep their digits. */
function lineParser(requests: readonly ColumnRequest[], options: ReadOptions) {
  const textKeys = requests.filter(({ kind }) => kind === 'text').map(({ name }) => sourceOf(name, options));
  return (text: string): JsonValue | undefined => {
    const value = parseJson(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const row = value as JsonObject;
    if (!textKeys.some((key) => isInexact(row[key]))) return row;
    const exact = parseJson(quoteLongIntegers(text)) as JsonObject;
    const ids = textKeys.filter((key) => isInexact(row[key])).map((key) => [key, exact[key]]);
    return { ...row, ...Object.fromEntries(ids) };
  };
}

async function* lineChunks(
  path: string,
  reject: (line: number, detail: string) => void,
): AsyncGenerator<readonly Line[]> {
  let carry: Buffer = Buffer.alloc(0);
  let number = 1;
  let skipping = false;
  for await (const chunk of byteChunks(path)) {
    let bytes = carry.length > 0 ? Buffer.concat([carry, chunk]) : chunk;
    if (skipping) {
      const lineEnd = bytes.indexOf(LF);
      skipping = lineEnd < 0;
      if (skipping) continue;
      number++;
      bytes = bytes.subarray(lineEnd + 1);
    }
    const whole = bytes.lastIndexOf(LF) + 1;
    yield splitLines(bytes.subarray(0, whole), number, reject);
    number += countLines(bytes, whole);
    carry = bytes.subarray(whole);
    if (carry.length <= longestLine) continue;
    reject(number, 'a line beyond 16 MiB');
    skipping = true;
    carry = Buffer.alloc(0);
  }
  yield splitLines(carry, number, reject);
}

function countLines(bytes: Buffer, end: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at >= 0 && at < end; at = bytes.indexOf(LF, at + 1)) lines++;
  return lines;
}

function splitLines(bytes: Buffer, first: number, reject: (line: number, detail: string) => void): Line[] {
  const lines: Line[] = [];
  const valid = isUtf8(bytes);
  let number = first;
  for (let at = 0; at < bytes.length; number++) {
    const lineEnd = bytes.indexOf(LF, at);
    const end = lineEnd < 0 ? bytes.length : lineEnd;
    if (valid || isUtf8(bytes.subarray(at, end))) {
      const text = bytes
        .toString('utf8', at, end)
        .replace(/^\uFEFF/, '')
        .trim();
      if (text !== '') lines.push({ number, text });
    } else {
      reject(number, 'not valid UTF-8');
    }
    at = end + 1;
  }
  return lines;
}

class NdjsonBatch implements RowBatch {
  readonly rows: number;
  readonly #rows: readonly JsonObject[];
  readonly #lines: readonly number[];
  readonly #columns: Columns;
  readonly #withRest: boolean;

  constructor(rows: readonly JsonObject[], lines: readonly number[], columns: Columns, withRest: boolean) {
    this.rows = rows.length;
    this.#rows = rows;
    this.#lines = lines;
    this.#columns = columns;
    this.#withRest = withRest;
  }

  has(name: string): boolean {
    const source = this.#columns.bound.get(name)?.source;
    return source !== undefined && this.#rows.some((row) => Object.hasOwn(row, source));
  }

  text(name: string): readonly (string | null)[] {
    const { source } = this.#columns.get(name, 'text');
    return this.#rows.map((row) => textOfJson(own(row, source)));
  }

  number(name: string): Float64Array {
    const { source } = this.#columns.get(name, 'number');
    return Float64Array.from(this.#rows, (row) => {
      const value = own(row, source);
      if (typeof value === 'string') return numberOfText(value);
      return typeof value === 'number' ? value : Number.NaN;
    });
  }

  timestamp(name: string): Timestamps {
    const { source, timestamps } = this.#columns.get(name, 'timestamp');
    return timestamps.read(this.#rows.map((row) => own(row, source)));
  }

  vector(name: string): Vectors {
    const { source } = this.#columns.get(name, 'vector');
    const builder = new VectorBuilder(this.rows, 0);
    for (const row of this.#rows) builder.push(own(row, source));
    return builder.finish();
  }

  json(name: string): readonly (JsonValue | undefined)[] {
    const { source } = this.#columns.get(name, 'json');
    return this.#rows.map((row) => own(row, source) ?? undefined);
  }

  rest(): readonly Metadata[] {
    if (!this.#withRest) return this.#rows.map(() => ({}));
    const taken = new Set([...this.#columns.bound.values()].map(({ source }) => source));
    const isRest = ([key, value]: [string, JsonValue]) => value !== null && !taken.has(key);
    return this.#rows.map((row) => Object.fromEntries(Object.entries(row).filter(isRest)));
  }

  line(row: number): number {
    return this.#lines[row];
  }
}

function isNested(value: JsonValue | undefined): boolean {
  return typeof value === 'object' && value !== null;
}

function own(row: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(row, key) ? row[key] : undefined;
}
