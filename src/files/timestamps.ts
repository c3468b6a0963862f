import { hasZone, parseIso } from './iso.js';
import type { TimestampFault, Timestamps } from './table.js';

const faults = [null, 'timestamp-missing', 'timestamp-unparsable', 'timestamp-mixed-units'] as const;
const missing = 1;
const unparsable = 2;
const mixed = 3;

/** As seconds it is the year 5138, as milliseconds 1973: numbers from here on are milliseconds. */
const leastMs = 1e11;
/** Below it a number says nothing about its unit: it is 1970 to 1973 as seconds already. */
const leastTelling = 1e8;
const greatestTime = 8.64e15;

const decimal = /^[+-]?\d+(?:\.\d+)?$/;

class FaultyTimestamps implements Timestamps {
  readonly ms: Float64Array;
  readonly #codes: Uint8Array;

  constructor(ms: Float64Array, codes: Uint8Array) {
    this.ms = ms;
    this.#codes = codes;
  }

  reason(row: number): TimestampFault | null {
    return faults[this.#codes[row]];
  }
}

/** Timestamps of one column of one file, from whatever the file writes them as. */
export class TimestampReader {
  readonly #label: string;
  readonly #onNote: (note: string) => void;
  readonly #stated: boolean;
  #unit: 's' | 'ms' | undefined;
  #zoneNoted = false;

  constructor(label: string, unit: 's' | 'ms' | undefined, onNote: (note: string) => void) {
    this.#label = label;
    this.#unit = unit;
    this.#stated = unit !== undefined;
    this.#onNote = onNote;
  }

  read(values: ArrayLike<unknown>): Timestamps {
    const ms = new Float64Array(values.length);
    const codes = new Uint8Array(values.length);
    for (let row = 0; row < values.length; row++) {
      const value = values[row];
      const code = typeof value === 'string' ? this.#text(value, ms, row) : this.#number(value, ms, row);
      if (code === 0) continue;
      codes[row] = code;
      ms[row] = Number.NaN;
    }
    return new FaultyTimestamps(ms, codes);
  }

  /** Epoch milliseconds from a column of SQL times: nothing to decide. */
  readMs(values: Float64Array): Timestamps {
    const codes = new Uint8Array(values.length);
    for (let row = 0; row < values.length; row++) {
      if (Number.isNaN(values[row])) codes[row] = missing;
    }
    return new FaultyTimestamps(values, codes);
  }

  noteZone(): void {
    if (this.#zoneNoted) return;
    this.#zoneNoted = true;
    this.#onNote(`${this.#label}: times without a zone are read as UTC`);
  }

  #text(text: string, ms: Float64Array, row: number): number {
    if (text === '') return missing;
    const time = parseIso(text);
    if (!Number.isNaN(time)) {
      ms[row] = time;
      if (!this.#zoneNoted && !hasZone(text)) this.noteZone();
      return 0;
    }
    return decimal.test(text) ? this.#number(Number(text), ms, row) : unparsable;
  }

  #number(value: unknown, ms: Float64Array, row: number): number {
    if (value === null || value === undefined || Number.isNaN(value)) return missing;
    if (typeof value !== 'number' || !Number.isFinite(value)) return unparsable;
    this.#unit ??= this.#decide(value);
    const size = Math.abs(value);
    if (!this.#stated && this.#unit === 's' && size >= leastMs) return mixed;
    if (!this.#stated && this.#unit === 'ms' && size < leastMs && size >= leastTelling) return mixed;
    const time = Math.round(this.#unit === 's' ? value * 1000 : value);
    if (Math.abs(time) > greatestTime) return unparsable;
    ms[row] = time;
    return 0;
  }

  #decide(first: number): 's' | 'ms' {
    const unit = Math.abs(first) >= leastMs ? 'ms' : 's';
    const word = unit === 'ms' ? 'milliseconds' : 'seconds';
    this.#onNote(
      `${this.#label}: numbers are read as ${word} since 1970, as the first one (${first}) suggests`,
    );
    return unit;
  }
}
