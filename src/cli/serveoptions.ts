import { InvalidArgumentError } from 'commander';

const unitsMs: { readonly [unit: string]: number } = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

export function port(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new InvalidArgumentError(`got "${text}", expected a port from 0 to 65535`);
}

/** Not empty: an empty variable of the environment must not open a server that was meant to have a key. */
export function key(text: string): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new InvalidArgumentError('got a key that is empty or holds other than printable ASCII characters');
}

export function duration(text: string): number | 'none' {
  if (text === 'none') return text;
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * unitsMs[unit];
  if (ms > 0 && Number.isSafeInteger(ms)) return ms;
  throw new InvalidArgumentError(`got "${text}", expected none or a time such as 24h, 30m, 90s, 1d`);
}

/** Milliseconds since midnight. */
export function timeOfDay(text: string): number {
  const [, hours, minutes] = /^(\d\d):(\d\d)$/.exec(text) ?? [];
  if (Number(hours) < 24 && Number(minutes) < 60) return Number(hours) * hourMs + Number(minutes) * 60_000;
  throw new InvalidArgumentError(`got "${text}", expected a time of day such as 03:00`);
}

/** A clock that shows `startMs` now and runs on; the wall clock without it. */
export function clockFrom(startMs: number | undefined): () => number {
  if (startMs === undefined) return Date.now;
  const ahead = startMs - Date.now();
  return () => Date.now() + ahead;
}
