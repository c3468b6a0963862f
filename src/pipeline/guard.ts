import { PinnersageError, shown } from '../errors.js';

/** Checks of what callers without a type checker hand in. All throw `option-invalid`. */

const lastInstantMs = 8.64e15;

export function checkInstant(name: string, ms: number | undefined): void {
  if (ms === undefined || (Number.isFinite(ms) && Math.abs(ms) <= lastInstantMs)) return;
  refuse(name, ms, 'epoch milliseconds');
}

export function checkCount(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) return;
  refuse(name, value, 'an integer ≥ 1');
}

export function checkSeed(value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return;
  refuse('seed', value, 'an integer from 0 to 2^53-1');
}

export function checkArray(name: string, value: unknown): void {
  if (!Array.isArray(value)) refuse(name, value, 'an array');
}

/** Ids, names of fields and the like. */
export function checkTexts(name: string, values: unknown): void {
  checkArray(name, values);
  (values as unknown[]).forEach((value, i) => {
    if (typeof value !== 'string') refuse(`${name}[${i}]`, value, 'a string');
  });
}

export function checkObject(name: string, value: unknown): void {
  if (!isObject(value)) refuse(name, value, 'an object');
}

/** The names of a type's properties; one too many or too few does not compile. */
export type OptionNames<T> = { readonly [K in keyof T]-?: true };

/** An option that nobody reads was meant to be another one. */
export function checkNames(what: string, given: unknown, known: { readonly [name: string]: true }): void {
  checkObject(what, given);
  for (const name in given as object)
    if (!Object.hasOwn(known, name)) refuse(what, name, `one of ${Object.keys(known).join(', ')}`);
}

export function checkOneOf(name: string, value: unknown, known: readonly unknown[]): void {
  if (!known.includes(value)) refuse(name, value, known.join(' or '));
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(name: string, got: unknown, expected: string): never {
  throw new PinnersageError('option-invalid', `${name}: got ${shown(got)}, expected ${expected}`);
}
