const LF = 10;
const CR = 13;
const QUOTE = 34;

/** Results of `CsvScanner.scan` that are not a position. */
export const incomplete = -1;
export const badQuote = -2;

/** Flags in the upper bits of a field's start: positions stay below 2^28. */
export const quotedFlag = 0x8000_0000;
export const escapedFlag = 0x4000_0000;
export const positionMask = 0x0fff_ffff;

/**
 * Finds the fields of one CSV record (RFC 4180) at a time, without decoding any. A field that begins with a quote
 * ends at the next quote that is not doubled; a quote inside an unquoted field is a character like any other.
 * Lines end in LF or CRLF. The delimiter may have several bytes.
 */
export class CsvScanner {
  /** Where the fields of the last record begin (with flags) and end; `fields` of them. */
  starts = new Uint32Array(64);
  ends = new Uint32Array(64);
  fields = 0;
  /** Line breaks the last record went over, its own included. */
  lineBreaks = 0;
  readonly #delimiter: Buffer;

  readonly delimiter: string;

  constructor(delimiter: string) {
    this.delimiter = delimiter;
    this.#delimiter = Buffer.from(delimiter);
  }

  /** The position after the record at `from`, or `incomplete` (never at `atEnd`, but for an open quote), or `badQuote`. */
  scan(bytes: Buffer, from: number, atEnd: boolean): number {
    this.fields = 0;
    this.lineBreaks = 0;
    const end = bytes.length;
    let at = from;
    for (;;) {
      let stop: number;
      if (at < end && bytes[at] === QUOTE) {
        stop = this.#quoted(bytes, at, atEnd);
        if (stop < 0) return stop;
      } else {
        stop = this.#plain(bytes, at);
        if (stop === end && !atEnd) return incomplete;
        this.#push(at, stop > at && bytes[stop - 1] === CR && bytes[stop] === LF ? stop - 1 : stop);
      }
      if (stop === end) return end;
      if (bytes[stop] === LF) {
        this.lineBreaks++;
        return stop + 1;
      }
      at = stop + this.#delimiter.length;
    }
  }

  /** Whether the last record is an empty line. */
  get blank(): boolean {
    return this.fields === 1 && this.starts[0] === this.ends[0];
  }

  /** Where the field at `at` stops: at a delimiter, a line feed, or the end. */
  #plain(bytes: Buffer, at: number): number {
    const end = bytes.length;
    const first = this.#delimiter[0];
    const single = this.#delimiter.length === 1;
    for (let i = at; i < end; i++) {
      const byte = bytes[i];
      if (byte === LF) return i;
      if (byte === first && (single || this.#delimiterAt(bytes, i))) return i;
    }
    return end;
  }

  #quoted(bytes: Buffer, at: number, atEnd: boolean): number {
    const end = bytes.length;
    let flags = quotedFlag;
    let i = at + 1;
    for (; i < end; i++) {
      const byte = bytes[i];
      if (byte === LF) this.lineBreaks++;
      if (byte !== QUOTE) continue;
      if (bytes[i + 1] !== QUOTE) break;
      flags |= escapedFlag;
      i++;
    }
    if (i >= end) return incomplete;
    // What comes behind the closing quote must be in view: a delimiter, a line end, or the end of the file.
    if (!atEnd && i + 1 + Math.max(2, this.#delimiter.length) > end) return incomplete;
    this.#push(((at + 1) | flags) >>> 0, i);
    const next = i + 1;
    if (next === end || bytes[next] === LF || this.#delimiterAt(bytes, next)) return next;
    if (bytes[next] === CR && bytes[next + 1] === LF) return next + 1;
    return bytes[next] === CR && next + 1 === end ? end : badQuote;
  }

  #delimiterAt(bytes: Buffer, at: number): boolean {
    for (let i = 0; i < this.#delimiter.length; i++) if (bytes[at + i] !== this.#delimiter[i]) return false;
    return true;
  }

  #push(start: number, end: number): void {
    if (this.fields === this.starts.length) {
      const [starts, ends] = [new Uint32Array(this.fields * 2), new Uint32Array(this.fields * 2)];
      starts.set(this.starts);
      ends.set(this.ends);
      this.starts = starts;
      this.ends = ends;
    }
    this.starts[this.fields] = start;
    this.ends[this.fields] = end;
    this.fields++;
  }
}

/**
 * The delimiter of a header line: of comma, tab, semicolon and bar the one that splits it into the most fields;
 * a comma where none does.
 */
export function guessDelimiter(header: Buffer): string {
  let best = ',';
  let most = 1;
  for (const delimiter of [',', '\t', ';', '|']) {
    const scanner = new CsvScanner(delimiter);
    if (scanner.scan(header, 0, true) < 0 || scanner.fields <= most) continue;
    most = scanner.fields;
    best = delimiter;
  }
  return best;
}
