import { shown } from '../errors.js';
import { leastTimeMs } from '../model/action.js';
import { hasZone, parseIso } from './iso.js';
import type { Refusal, Timestamps } from './table.js';

const words = { s: 'seconds', ms: 'milliseconds' } as const;
/** Below it a number says nothing about its unit: it is 1970 to 1973 as seconds already. */
const leastTelling = 1e8;
const greatestTime = 8.64e15;

const decimal = /^[+-]?\d+(?:\.\d+)?$/;

class ReadTimestamps implements Timestamps {
  readonly ms: Float64Array;
  readonly #refusals = new Map<number, Refusal>();

  constructor(ms: Float64Array) {
    this.ms = ms;
  }

  refuse(row: number, refusal: Refusal): void {
    this.ms[row] = Number.NaN;
    this.#refusals.set(row, refusal);
  }

  refusal(row: number): Refusal | null {
    return this.#refusals.get(row) ?? null;
  }
}

/** Timestamps of one column of one file, from whatever the file writes them as. */
export class TimestampReader {
  readonly #label: string;
  readonly #onNote: (note: string) => void;
  readonly #stated: boolean;
  #unit: 's' | 'ms' | undefined;
  #zoneNoted = false;
  #unitNoted = false;

  constructor(label: string, unit: 's' | 'ms' | undefined, onNote: (note: string) => void) {
    this.#label = label;
    this.#unit = unit;
    this.#stated = unit !== undefined;
    this.#onNote = onNote;
  }

  read(values: ArrayLike<unknown>): Timestamps {
    const times = new ReadTimestamps(new Float64Array(values.length));
    for (let row = 0; row < values.length; row++) {
      const value = values[row];
      const time = typeof value === 'string' ? this.#text(value) : this.#number(value);
      if (typeof time === 'number') times.ms[row] = time;
      else times.refuse(row, time);
    }
    return times;
  }

  /** Epoch milliseconds from a column of SQL times: nothing to decide. */
  readMs(values: Float64Array): Timestamps {
    const times = new ReadTimestamps(values);
    for (let row = 0; row < values.length; row++) {
      if (Number.isNaN(values[row])) times.refuse(row, refusal('missing', undefined));
    }
    return times;
  }

  noteZone(): void {
    if (this.#zoneNoted) return;
    this.#zoneNoted = true;
    this.#onNote(`${this.#label}: times without a zone are read as UTC`);
  }

  #text(text: string): number | Refusal {
    if (text === '') return refusal('missing', undefined);
    const time = parseIso(text);
    if (Number.isNaN(time))
      return decimal.test(text) ? this.#number(Number(text)) : refusal('unparsable', text);
    if (!this.#zoneNoted && !hasZone(text)) this.noteZone();
    return time;
  }

  #number(value: unknown): number | Refusal {
    if (value === null || value === undefined || Number.isNaN(value)) return refusal('missing', undefined);
    if (typeof value !== 'number' || !Number.isFinite(value)) return refusal('unparsable', value);
    const unit = this.#unitOf(value);
    if (!this.#stated && isOtherUnit(unit, Math.abs(value)))
      return refusal('mixed-units', value, `${words[unit]} as the first one of the file; see --time-unit`);
    const time = Math.round(unit === 's' ? value * 1000 : value);
    return Math.abs(time) > greatestTime ? refusal('unparsable', value) : time;
  }

  /** The first number that tells decides; one before it, often 0 for none, is taken for seconds. */
  #unitOf(value: number): 's' | 'ms' {
    if (this.#unit !== undefined) return this.#unit;
    const size = Math.abs(value);
    const unit = size >= leastTimeMs ? 'ms' : 's';
    if (size >= leastTelling) this.#unit = unit;
    if (this.#unit !== undefined || !this.#unitNoted)
      this.#onNote(
        `${this.#label}: numbers are read as ${words[unit]} since 1970, as the first one (${value}) suggests`,
      );
    this.#unitNoted = true;
    return unit;
  }
}

function isOtherUnit(unit: 's' | 'ms', size: number): boolean {
  return unit === 's' ? size >= leastTimeMs : size < leastTimeMs && size >= leastTelling;
}

function refusal(fault: string, got: unknown, expected = 'ISO 8601 or epoch s/ms'): Refusal {
  return { reason: `timestamp-${fault}`, detail: `timestamp: got ${shown(got)}, expected ${expected}` };
}
