import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { PinnersageError, shown } from '../errors.js';
import type { JsonValue } from '../model/item.js';
import { extensionOf } from './source.js';

export const outputFormats = ['ndjson', 'parquet'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export type OutputRow = { readonly [column: string]: JsonValue | undefined };

/** A column of a Parquet file: its name and its DuckDB type. */
export interface OutputColumn {
  readonly name: string;
  readonly type: string;
}

export interface WriteHooks {
  readonly onProgress?: (rows: number) => void;
  readonly signal?: AbortSignal;
}

const bufferedCharacters = 1 << 18;
const rowsPerTurn = 500;

/** As given, else by the extension. */
export function outputFormatOf(path: string, format?: OutputFormat): OutputFormat {
  return format ?? (['parquet', 'pq'].includes(extensionOf(path)) ? 'parquet' : 'ndjson');
}

/**
 * Writes rows to a file in bounded memory. The file is written beside its place and renamed when it is whole: what was
 * there before stays until then, and stays where the work fails. Returns the number of rows.
 */
export async function writeTable(
  path: string,
  format: OutputFormat,
  columns: readonly OutputColumn[],
  rows: Iterable<OutputRow>,
  hooks: WriteHooks,
): Promise<number> {
  if (format === 'parquet') checkColumns(path, columns);
  const place = placeOf(path);
  const lines = `${place}.tmp`;
  const whole = format === 'parquet' ? `${place}.parquet.tmp` : lines;
  try {
    const count = await writeLines(lines, path, rows, hooks);
    if (format === 'parquet') await linesToParquet(lines, whole, columns);
    sync(whole);
    renameSync(whole, place);
    return count;
  } finally {
    for (const left of [lines, whole]) if (existsSync(left)) rmSync(left);
  }
}

/**
 * The file that is replaced where a path is written: a link stays one. @throws `option-invalid` where something else is
 * there, such as /dev/null, in whose place the file would come.
 */
export function placeOf(path: string): string {
  if (!existsSync(path)) return path;
  const place = realpathSync(path);
  if (statSync(place).isFile()) return place;
  throw new PinnersageError(
    'option-invalid',
    `${path}: got a directory or a device, expected a place for a file`,
  );
}

/** Columns of Parquet have names, and DuckDB tells capitals of ASCII from small letters in none of them. */
function checkColumns(path: string, columns: readonly OutputColumn[]): void {
  const before = new Map<string, string>();
  for (const { name } of columns) {
    const folded = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    const other = before.get(folded);
    if (name !== '' && other === undefined) {
      before.set(folded, name);
      continue;
    }
    const got = name === '' ? 'a field without a name' : `the fields ${shown(other)} and ${shown(name)}`;
    throw new PinnersageError(
      'option-invalid',
      `${path}: got ${got}, expected names that differ in more than capitals for Parquet; NDJSON takes any`,
    );
  }
}

/** `path`: what errors name, in whose place `file` will come. */
async function writeLines(
  file: string,
  path: string,
  rows: Iterable<OutputRow>,
  hooks: WriteHooks,
): Promise<number> {
  const handle = create(file, path);
  let count = 0;
  let text = '';
  const flush = (): void => {
    writeAll(handle, path, Buffer.from(text));
    text = '';
  };
  try {
    for (const row of rows) {
      text += `${JSON.stringify(row)}\n`;
      if (text.length >= bufferedCharacters) flush();
      if (++count % rowsPerTurn !== 0) continue;
      hooks.onProgress?.(count);
      await new Promise(setImmediate); // lets Ctrl-C through
      if (hooks.signal?.aborted)
        throw new PinnersageError('interrupted', `${path}: interrupted; the file was not written`);
    }
    flush();
  } finally {
    closeSync(handle);
  }
  return count;
}

/** A handle does not say where there is no room. */
function writeAll(handle: number, path: string, bytes: Uint8Array): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new PinnersageError('disk-full', `${path}: the disk is full; the file was not written`, {
      cause: error,
    });
  }
}

/** Loads DuckDB, which only Parquet needs. A file without rows still has its columns. */
async function linesToParquet(lines: string, path: string, columns: readonly OutputColumn[]): Promise<void> {
  const { DuckSession, quoteName, quoteText } = await import('./duckdb.js');
  const types = columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`).join(', ');
  const select = columns.map(({ name }) => quoteName(name)).join(', ');
  const session = await DuckSession.open(path, 'file-format');
  try {
    await session.run(
      `COPY (SELECT ${select} FROM read_json(${quoteText(lines)}, format = 'newline_delimited', ` +
        `columns = {${types}})) TO ${quoteText(path)} (FORMAT parquet)`,
    );
  } finally {
    session.close();
  }
}

function create(file: string, path: string): number {
  try {
    return openSync(file, 'w');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PinnersageError('option-invalid', `${path} cannot be written: ${reason}`, { cause: error });
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
