import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PinnersageError } from '../errors.js';
import { writeFileDurably } from './durable.js';

/** What the marker file of a data directory says; replaced whole, so every change of it is one step. */
export interface Marker {
  readonly format: number;
  /** Folder of the LMDB environment. */
  readonly state: string;
  /** The format of before, while an upgrade is not finished. */
  readonly upgradingFrom?: number;
}

export const markerName = 'pinnersage.json';
export const firstState = 'state';

export function writeMarker(directory: string, marker: Marker): void {
  const { state, ...others } = marker;
  const written = state === firstState ? others : marker;
  writeFileDurably(join(directory, markerName), `${JSON.stringify(written)}\n`);
}

/** @throws `data-damaged`. */
export function readMarker(directory: string): Marker {
  const path = join(directory, markerName);
  try {
    const {
      format,
      state = firstState,
      upgradingFrom,
    } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Record<keyof Marker, unknown>>;
    const isWhole = typeof format === 'number' && Number.isInteger(format) && format >= 1;
    if (isWhole && typeof state === 'string' && /^state(-\d+)?$/.test(state))
      return { format, state, ...(typeof upgradingFrom === 'number' ? { upgradingFrom } : {}) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new PinnersageError('data-damaged', `${path}: expected {"format": <integer ≥ 1>, "state": "state…"}`);
}
