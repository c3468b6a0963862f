import { isUtf8 } from 'node:buffer';
import { PinnersageError } from '../errors.js';
import { Columns } from './columns.js';
import { CsvBatch } from './csvbatch.js';
import { badQuote, CsvScanner, guessDelimiter, incomplete, positionMask } from './csvscan.js';
import { byteChunks, extensionOf } from './source.js';
import type { BadRow, ColumnRequest, ReadOptions, RowBatch } from './table.js';

const LF = 10;
const CR = 13;
/** A record that is longer is broken: an open quote must not swallow the rest of the file. */
const longestRecord = 4 << 20;

interface Listeners {
  readonly onBad: (bad: BadRow) => void;
  readonly onNote: (note: string) => void;
}

/** Reads a CSV file in one pass, the line of every record counted. */
export async function* readCsv(
  path: string,
  options: ReadOptions,
  requests: readonly ColumnRequest[],
  onBad: (bad: BadRow) => void,
  onNote: (note: string) => void,
): AsyncGenerator<RowBatch> {
  const reader = new CsvReader(path, withDelimiter(options), requests, { onBad, onNote });
  let carry: Buffer = Buffer.alloc(0);
  for await (const chunk of byteChunks(path)) {
    const bytes = carry.length > 0 ? Buffer.concat([carry, chunk]) : chunk;
    const batch = reader.read(bytes, false);
    carry = bytes.subarray(reader.consumed);
    if (batch.rows > 0) yield batch;
  }
  const last = reader.read(carry, true);
  if (last.rows > 0) yield last;
}

/** Delimiter and column names, from the beginning of the file. */
export async function csvShape(
  path: string,
  options: ReadOptions,
): Promise<{ delimiter: string; names: string[] }> {
  const ignore = () => undefined;
  const reader = new CsvReader(path, withDelimiter(options), [], { onBad: ignore, onNote: ignore });
  let head: Buffer = Buffer.alloc(0);
  for await (const chunk of byteChunks(path)) {
    head = Buffer.concat([head, chunk]);
    reader.read(head, false);
    if (reader.shape.names.length > 0) return reader.shape;
  }
  reader.read(head, true);
  return reader.shape;
}

function withDelimiter(options: ReadOptions): ReadOptions {
  const delimiter = options.delimiter?.replace('\\t', '\t');
  if (delimiter === undefined) return options;
  if (/^[^"\r\n]{1,4}$/.test(delimiter)) return { ...options, delimiter };
  const got = JSON.stringify(delimiter);
  throw new PinnersageError(
    'option-invalid',
    `--delimiter ${got}: expected 1 to 4 characters, no quote or line end`,
  );
}

class CsvReader {
  /** Bytes of the last chunk that are done with. */
  consumed = 0;
  readonly #path: string;
  readonly #options: ReadOptions;
  readonly #requests: readonly ColumnRequest[];
  readonly #listeners: Listeners;
  #scanner: CsvScanner | undefined;
  #columns: Columns | undefined;
  #line = 1;
  /** Whether the chunk begins inside a line that was given up. */
  #skipping = false;
  #bytes: Buffer = Buffer.alloc(0);
  #valid = true;
  #places = new Uint32Array(1 << 14);
  #placed = 0;
  #lines: number[] = [];

  constructor(path: string, options: ReadOptions, requests: readonly ColumnRequest[], listeners: Listeners) {
    this.#path = path;
    this.#options = options;
    this.#requests = requests;
    this.#listeners = listeners;
  }

  get shape(): { delimiter: string; names: string[] } {
    return { delimiter: this.#scanner?.delimiter ?? ',', names: [...(this.#columns?.names ?? [])] };
  }

  /** The complete records of `bytes`; at the end of the file, all of them. */
  read(bytes: Buffer, atEnd: boolean): RowBatch {
    this.#bytes = bytes;
    this.#placed = 0;
    this.#lines = [];
    const whole = atEnd ? bytes : bytes.subarray(0, bytes.lastIndexOf(LF) + 1);
    this.#valid = isUtf8(whole);
    this.consumed = this.#skipping ? this.#records(this.#skipLine(0), atEnd) : this.#begin(whole, atEnd);
    if (atEnd && this.#columns === undefined) {
      throw new PinnersageError('file-empty', `${this.#path} holds no line`);
    }
    const columns = this.#columns ?? new Columns(this.#path, [], [], {}, this.#listeners.onNote);
    return new CsvBatch(bytes, columns, this.#places.slice(0, this.#placed), Float64Array.from(this.#lines));
  }

  /** At the beginning of the file, skips a byte order mark and finds the delimiter out. */
  #begin(whole: Buffer, atEnd: boolean): number {
    if (this.#scanner !== undefined) return this.#records(0, atEnd);
    if (whole.length === 0 && !atEnd) {
      if (this.#bytes.length <= longestRecord) return 0;
      throw new PinnersageError('file-format', `${this.#path} is not CSV: no line ends in its first 4 MiB`);
    }
    const from = whole[0] === 0xef && whole[1] === 0xbb && whole[2] === 0xbf ? 3 : 0;
    this.#scanner = new CsvScanner(this.#options.delimiter ?? this.#guess(whole.subarray(from)));
    return this.#records(from, atEnd);
  }

  #guess(whole: Buffer): string {
    if (extensionOf(this.#path) === 'tsv') return '\t';
    let from = 0;
    while (whole[from] === LF || whole[from] === CR) from++;
    const lineEnd = whole.indexOf(LF, from);
    return guessDelimiter(whole.subarray(from, lineEnd < 0 ? whole.length : lineEnd));
  }

  #records(from: number, atEnd: boolean): number {
    const scanner = this.#scanner;
    if (scanner === undefined) return 0;
    let at = from;
    while (at < this.#bytes.length) {
      const next = scanner.scan(this.#bytes, at, atEnd);
      if (next === incomplete && !atEnd && this.#bytes.length - at <= longestRecord) return at;
      if (next === incomplete || next === badQuote) {
        at = this.#dropLine(at, next);
        continue;
      }
      this.#record(scanner, at, next);
      this.#line += scanner.lineBreaks;
      at = next;
    }
    return at;
  }

  /** Gives up the line at `at`, not what an open quote on it would swallow. Returns where the next line begins. */
  #dropLine(at: number, why: number): number {
    const detail =
      why === badQuote ? 'text behind a closing quote' : 'a quote that is not closed, or a line beyond 4 MiB';
    this.#reject(detail);
    return this.#skipLine(at);
  }

  #skipLine(at: number): number {
    const lineEnd = this.#bytes.indexOf(LF, at);
    this.#skipping = lineEnd < 0;
    if (this.#skipping) return this.#bytes.length;
    this.#line++;
    return lineEnd + 1;
  }

  #record(scanner: CsvScanner, at: number, next: number): void {
    if (scanner.blank) return;
    const valid = this.#valid || isUtf8(this.#bytes.subarray(at, next));
    if (valid && this.#columns === undefined && this.#header(scanner)) return;
    const width = this.#columns?.names.length ?? 0;
    if (!valid) this.#reject('not valid UTF-8 (iconv converts other encodings)');
    else if (scanner.fields !== width) this.#reject(`${scanner.fields} fields, expected ${width}`);
    else this.#keep(scanner, width);
  }

  #keep(scanner: CsvScanner, width: number): void {
    if (this.#placed + width * 2 > this.#places.length) {
      const grown = new Uint32Array(Math.max(this.#places.length * 2, this.#placed + width * 2));
      grown.set(this.#places);
      this.#places = grown;
    }
    for (let i = 0; i < width; i++) {
      this.#places[this.#placed++] = scanner.starts[i];
      this.#places[this.#placed++] = scanner.ends[i];
    }
    this.#lines.push(this.#line);
  }

  /** Names the columns. Returns whether the record was the header. */
  #header(scanner: CsvScanner): boolean {
    const { columns } = this.#options;
    if (columns !== undefined && columns.length !== scanner.fields) {
      throw new PinnersageError(
        'option-invalid',
        `${this.#path}, line ${this.#line}: ${scanner.fields} fields, but --columns names ${columns.length}`,
      );
    }
    const names = columns ?? this.#names(scanner);
    this.#columns = new Columns(this.#path, names, this.#requests, this.#options, this.#listeners.onNote);
    return columns === undefined;
  }

  #names(scanner: CsvScanner): string[] {
    return Array.from({ length: scanner.fields }, (_, i) => {
      const text = this.#bytes.toString('utf8', scanner.starts[i] & positionMask, scanner.ends[i]);
      return text.replaceAll('""', '"').trim();
    });
  }

  /** A header that cannot be read is fatal: the next line would be taken for it. */
  #reject(detail: string): void {
    if (this.#columns === undefined && this.#options.columns === undefined) {
      throw new PinnersageError('file-format', `${this.#path}, line ${this.#line}: no CSV header: ${detail}`);
    }
    this.#listeners.onBad({ file: this.#path, line: this.#line, reason: 'malformed-row', detail });
  }
}
