import type { JsonValue } from '../model/item.js';
import type { Refusal } from './table.js';
import { parseJson } from './values.js';

/** Lists and objects inside each other that are taken at most: what walks or writes JSON calls itself for each level. */
export const deepestJson = 32;

/** Why fields cannot be kept, or null where they can: they are nested too deeply. Goes no deeper than is taken. */
export function depthRefusal(fields: object): Refusal | null {
  return isDeeper(fields, deepestJson)
    ? { reason: 'metadata-invalid', detail: `metadata: got JSON nested deeper than ${deepestJson} levels` }
    : null;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1));
}

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
