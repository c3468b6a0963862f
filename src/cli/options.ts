import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseIso } from '../files/iso.js';
import type { ActionTypes, Role } from '../model/action.js';

/** Flags that every command on a data directory takes (docs/design.md, Commands). */
export interface CommonFlags {
  readonly data: string;
  readonly json?: boolean;
}

export interface FileFlags {
  readonly format?: 'parquet' | 'ndjson' | 'csv';
  readonly map?: Readonly<Record<string, string>>;
  readonly delimiter?: string;
  readonly columns?: readonly string[];
  readonly sql?: string;
  readonly timeUnit?: 's' | 'ms';
  readonly strict?: boolean;
  readonly rejects?: string;
}

export function withCommon(command: Command, directory = './pinnersage-data'): Command {
  return command
    .addOption(new Option('--data <dir>', 'data directory').default(directory).env('PINNERSAGE_DATA'))
    .option('--json', 'one JSON document on stdout, nothing else');
}

export function withFileFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--format <format>', 'by the extension otherwise').choices(['parquet', 'ndjson', 'csv']),
    )
    .option('--map <pairs>', "our fields from the file's columns: user_id=userid,item_id=gameid", pairs)
    .option('--delimiter <text>', 'of a CSV file; may be several characters')
    .option('--columns <names>', 'column names of a CSV file without a header', list)
    .option('--sql <select>', 'a DuckDB SELECT over the table "file" instead of the file as it is')
    .option('--strict', 'stop at the first row that cannot be used')
    .option('--rejects <file>', 'write rows that cannot be used to this NDJSON file');
}

/** JSON of any kind; what it must look like is checked where it is used. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InvalidArgumentError(`got ${text}, expected JSON such as {"lang": "en"} (${error.message})`);
  }
}

export function instant(text: string): number {
  const ms = parseIso(text);
  if (Number.isNaN(ms))
    throw new InvalidArgumentError(`got "${text}", expected ISO 8601 such as 2026-06-30T12:00:00Z`);
  return ms;
}

export function windowDays(text: string): number | 'all' {
  return text === 'all' ? text : positive(text);
}

export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError(`got "${text}", expected a finite number > 0`);
}

export function nonNegative(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError(`got "${text}", expected a finite number ≥ 0`);
}

export function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError(`got "${text}", expected a number from 0 to 1`);
}

export function count(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError(`got "${text}", expected an integer ≥ 1`);
}

/** 10,100,400 */
export function counts(text: string): number[] {
  return list(text).map(count);
}

export function cosine(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= -1 && value <= 1) return value;
  throw new InvalidArgumentError(`got "${text}", expected a number from -1 to 1`);
}

export function seed(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError(`got "${text}", expected an integer from 0 to 2^53-1`);
}

export function list(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === ''))
    throw new InvalidArgumentError(`got "${text}", expected names with commas between`);
  return names;
}

/** `save=interest:2,hide=exclude`; the weight is 1 where it is not given. Roles are checked where they are stored. */
export function actionTypes(text: string): ActionTypes {
  const parts = list(text).map((part) => {
    const [, name, role, weight] = /^(.+)=([a-z]+)(?::([^:]+))?$/.exec(part) ?? [];
    if (name === undefined)
      throw new InvalidArgumentError(`got "${part}", expected type=role or type=role:weight`);
    return [name, { role: role as Role, weight: Number(weight ?? 1) }];
  });
  return Object.fromEntries(parts);
}

function pairs(text: string): Record<string, string> {
  const parts = list(text).map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1 || at === pair.length - 1)
      throw new InvalidArgumentError(`got "${pair}", expected field=column pairs with commas between`);
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  });
  return Object.fromEntries(parts);
}

type Defined<T> = { [field in keyof T]?: Exclude<T[field], undefined> };

/** Without the fields that were not given. */
export function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** items=1000000,users=5000: names with numbers. */
export function numbers(text: string): Record<string, number> {
  return Object.fromEntries(Object.entries(pairs(text)).map(([name, value]) => [name, Number(value)]));
}
