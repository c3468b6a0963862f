import type { JsonValue } from '../model/item.js';
import { parseJson } from './values.js';

/** A JSON value as text: strings as they are, numbers as digits; null for lists, objects, null and nothing. */
export function textOfJson(value: JsonValue | undefined): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? integerText(value) : String(value);
  return typeof value === 'boolean' ? String(value) : null;
}

/** Integers from 1e21 on would be written with an exponent. */
function integerText(value: number): string {
  return Math.abs(value) < 1e21 ? String(value) : BigInt(value).toString();
}

/** Whether digits were lost when the number was read. */
export function isInexact(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
}

const stringOrWord = /"(?:[^"\\]|\\.)*"|-?(?:nan|inf(?:inity)?)\b/gi;

/** JSON as DuckDB writes it: numbers that JSON has no word for become null. */
export function parseLooseJson(json: string): JsonValue {
  return (
    parseJson(json) ?? JSON.parse(json.replace(stringOrWord, (token) => (token[0] === '"' ? token : 'null')))
  );
}

const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const longInteger = /^-?\d{16,}$/;

/** The JSON text with long integers as strings, so that an id such as 12345678901234567890 keeps its digits. */
export function quoteLongIntegers(json: string): string {
  return json.replace(stringOrNumber, (token) => (longInteger.test(token) ? `"${token}"` : token));
}
