import { PinnersageError } from '../errors.js';
import type { ColumnKind, ColumnRequest, ReadOptions } from './table.js';
import { TimestampReader } from './timestamps.js';

export interface BoundColumn {
  readonly kind: ColumnKind;
  /** The file's column. */
  readonly source: string;
  /** Its place among the file's columns; -1 where the file has none. */
  readonly index: number;
  readonly timestamps: TimestampReader;
}

/** The requested columns, found among those of the file. */
export class Columns {
  readonly names: readonly string[];
  readonly #bound = new Map<string, BoundColumn>();
  readonly #rest: readonly number[];

  constructor(
    path: string,
    names: readonly string[],
    requests: readonly ColumnRequest[],
    options: ReadOptions,
    onNote: (note: string) => void,
  ) {
    this.names = names;
    for (const { name, kind, required } of requests) {
      const source = sourceOf(name, options);
      const index = names.indexOf(source);
      if (index < 0 && (required || options.map?.[name] !== undefined))
        throw missing(path, name, source, names);
      if (index >= 0) checkOnce(path, names, names.lastIndexOf(source));
      const label = `${path}, ${source}`;
      const timestamps = new TimestampReader(label, options.timeUnit, onNote);
      this.#bound.set(name, { kind, source, index, timestamps });
    }
    const taken = new Set([...this.#bound.values()].map(({ index }) => index));
    this.#rest = options.rest ? names.map((_, i) => i).filter((i) => names[i] !== '' && !taken.has(i)) : [];
    for (const index of this.#rest) checkOnce(path, names, index);
  }

  get bound(): ReadonlyMap<string, BoundColumn> {
    return this.#bound;
  }

  /** Places of the named columns nobody asked for; none unless `ReadOptions.rest`. */
  get rest(): readonly number[] {
    return this.#rest;
  }

  get(name: string, kind: ColumnKind): BoundColumn {
    const column = this.#bound.get(name);
    if (column?.kind === kind) return column;
    throw new PinnersageError('internal', `column ${name} is read as ${kind} but was not requested as such`);
  }
}

/** Of two columns of one name the values of one would be lost. */
function checkOnce(path: string, names: readonly string[], index: number): void {
  const first = names.indexOf(names[index]);
  if (first === index) return;
  throw new PinnersageError(
    'file-format',
    `${path}: columns ${first + 1} and ${index + 1} are both named ${JSON.stringify(names[index])}, expected a ` +
      'name for each',
  );
}

/** What has one value to a cell: a list there would be lost. */
export function scalarColumns(requests: readonly ColumnRequest[]): readonly ColumnRequest[] {
  return requests.filter(({ kind }) => kind !== 'vector' && kind !== 'json');
}

export function sourceOf(name: string, options: ReadOptions): string {
  return options.map?.[name] ?? name;
}

function missing(path: string, name: string, source: string, names: readonly string[]): PinnersageError {
  const known = names.map((column) => JSON.stringify(column)).join(', ');
  return new PinnersageError(
    'column-missing',
    `${path} has no column ${JSON.stringify(source)}; its columns are ${known}. ` +
      `Say which one it is with --map ${name}=${names.find((column) => isLike(column, source)) ?? 'COLUMN'}`,
  );
}

/** user_id, userId and "User ID" are alike. */
function isLike(one: string, other: string): boolean {
  const [a, b] = [one, other].map((name) => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ''));
  return a === b && a !== '';
}
