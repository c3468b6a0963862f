import type { DuckDBDataChunk } from '@duckdb/node-api';
import { PinnersageError } from '../errors.js';
import type { JsonValue, Metadata } from '../model/item.js';
import { Columns, scalarColumns, sourceOf } from './columns.js';
import { csvShape } from './csv.js';
import { DuckColumns } from './duckcolumns.js';
import { DuckSession, quoteName, quoteText } from './duckdb.js';
import { isNestedType, type Selected, selectColumn, selectRest } from './duckexpr.js';
import { parseLooseJson } from './jsonvalues.js';
import { formatOf } from './source.js';
import type { BadRow, ColumnRequest, ReadOptions, RowBatch, Timestamps, Vectors } from './table.js';
import { jsonOfText, vectorsOfText } from './values.js';

/** Reads a Parquet file, or with `sql` what a SELECT makes of any file. Lines are numbers of rows. */
export async function* readDuck(
  path: string,
  options: ReadOptions,
  requests: readonly ColumnRequest[],
  onBad: (bad: BadRow) => void,
  onNote: (note: string) => void,
): AsyncGenerator<RowBatch> {
  const session = await DuckSession.open(path, options.sql === undefined ? 'file-format' : 'option-invalid');
  try {
    const table = await tableOf(session, path, options);
    const described = await session.rows(`DESCRIBE SELECT * FROM ${table}`);
    const types = new Map(described.map(([name, type]) => [String(name), String(type)]));
    const columns = new Columns(path, [...types.keys()], requests, options, onNote);
    for (const { name } of scalarColumns(requests)) checkScalar(path, sourceOf(name, options), types);
    const plan = planOf(columns, types);
    let before = 0;
    for await (const chunk of session.stream(`SELECT ${plan.select} FROM ${table}`)) {
      yield new DuckBatch(chunk, plan, before);
      before += chunk.rowCount;
    }
    if (options.sql !== undefined && formatOf(path, options) === 'csv')
      await reportRejects(session, path, onBad);
  } finally {
    session.close();
  }
}

function checkScalar(path: string, column: string, types: ReadonlyMap<string, string>): void {
  const type = types.get(column);
  if (type === undefined || !isNestedType(type)) return;
  throw new PinnersageError(
    'file-format',
    `${path}, column ${JSON.stringify(column)}: got ${type}, expected text, numbers or times`,
  );
}

/** What to select from: the Parquet file, or the user's SELECT with the file as the view `file`. */
async function tableOf(session: DuckSession, path: string, options: ReadOptions): Promise<string> {
  const format = formatOf(path, options);
  const parquet = `read_parquet(${quoteText(path)})`;
  if (options.sql === undefined) return parquet;
  const readers = {
    parquet: async () => `SELECT * FROM ${parquet}`,
    ndjson: async () => `SELECT * FROM read_json(${quoteText(path)}, format = 'newline_delimited')`,
    csv: () => typedCsv(session, path, options),
  };
  await session.run(`CREATE VIEW file AS ${await readers[format]()}`);
  return `(${options.sql.replace(/;\s*$/, '')})`;
}

/**
 * A CSV file with numbers where a column holds nothing else, so that a SELECT can count with them. A column in which any
 * number has leading zeros holds ids, not numbers, and stays text. Costs one pass over the file.
 */
async function typedCsv(session: DuckSession, path: string, options: ReadOptions): Promise<string> {
  await session.run(`CREATE VIEW file_text AS SELECT * FROM ${await csvReader(path, options)}`);
  const names = (await session.rows('DESCRIBE file_text')).map(([name]) => quoteName(String(name)));
  const all = (name: string, pattern: string): string =>
    `coalesce(bool_and(regexp_full_match(${name}, '${pattern}')), false)`;
  const tests = names.flatMap((name) => [
    all(name, '-?(0|[1-9][0-9]{0,17})'),
    all(name, '-?(0|[1-9][0-9]{0,17})([.][0-9]+)?([eE][-+]?[0-9]+)?'),
  ]);
  const [found] = await session.rows(`SELECT ${tests.join(', ')} FROM file_text`);
  const columns = names.map((name, i) => {
    const type = found[2 * i] === true ? 'BIGINT' : found[2 * i + 1] === true ? 'DOUBLE' : 'VARCHAR';
    return `CAST(${name} AS ${type}) AS ${name}`;
  });
  return `SELECT ${columns.join(', ')} FROM file_text`;
}

async function csvReader(path: string, options: ReadOptions): Promise<string> {
  const { delimiter, names } = await csvShape(path, options);
  const columns = names.map((name) => `${quoteText(name)}: 'VARCHAR'`).join(', ');
  return (
    `read_csv(${quoteText(path)}, auto_detect = false, header = ${options.columns === undefined}, ` +
    `delim = ${quoteText(delimiter)}, quote = '"', escape = '"', columns = {${columns}}, store_rejects = true)`
  );
}

async function reportRejects(
  session: DuckSession,
  path: string,
  onBad: (bad: BadRow) => void,
): Promise<void> {
  const rejects = await session.rows(
    'SELECT DISTINCT line, column_idx, error_message FROM reject_errors ORDER BY line, column_idx',
  );
  for (const [line, , message] of rejects) {
    const detail = String(message).split('\n')[0];
    onBad({ file: path, line: Number(line), reason: 'malformed-row', detail });
  }
}

interface Plan {
  readonly columns: Columns;
  readonly select: string;
  /** Our field → what was selected for it, and its place in the result. */
  readonly selected: ReadonlyMap<string, Selected & { readonly place: number }>;
  /** Place of the rest; -1 where it was not asked for. */
  readonly restPlace: number;
}

function planOf(columns: Columns, types: ReadonlyMap<string, string>): Plan {
  const selected = new Map<string, Selected & { readonly place: number }>();
  const parts: string[] = [];
  for (const [name, { kind, source, index }] of columns.bound) {
    if (index < 0) continue;
    const column = selectColumn(source, types.get(source) ?? '', kind);
    selected.set(name, { ...column, place: parts.length });
    parts.push(column.sql);
  }
  const rest = columns.rest.map((index) => columns.names[index]);
  const restPlace = rest.length > 0 ? parts.length : -1;
  if (rest.length > 0) parts.push(selectRest(rest.map((name) => ({ name, type: types.get(name) ?? '' }))));
  return { columns, selected, restPlace, select: parts.length > 0 ? parts.join(', ') : '1' };
}

class DuckBatch implements RowBatch {
  readonly rows: number;
  readonly #cells: DuckColumns;
  readonly #plan: Plan;
  readonly #before: number;

  constructor(chunk: DuckDBDataChunk, plan: Plan, before: number) {
    this.rows = chunk.rowCount;
    this.#cells = new DuckColumns(chunk);
    this.#plan = plan;
    this.#before = before;
  }

  has(name: string): boolean {
    return this.#plan.selected.has(name);
  }

  text(name: string): readonly (string | null)[] {
    this.#plan.columns.get(name, 'text');
    return this.#texts(name);
  }

  number(name: string): Float64Array {
    this.#plan.columns.get(name, 'number');
    const column = this.#plan.selected.get(name);
    return column ? this.#cells.numbers(column.place) : new Float64Array(this.rows).fill(Number.NaN);
  }

  timestamp(name: string): Timestamps {
    const { timestamps } = this.#plan.columns.get(name, 'timestamp');
    const column = this.#plan.selected.get(name);
    if (column === undefined || column.shape === 'text') return timestamps.read(this.#texts(name));
    const values = this.#cells.numbers(column.place);
    if (column.shape === 'number') return timestamps.read(values);
    if (column.shape === 'zoneless') timestamps.noteZone();
    return timestamps.readMs(values);
  }

  vector(name: string): Vectors {
    this.#plan.columns.get(name, 'vector');
    const column = this.#plan.selected.get(name);
    if (column === undefined || column.shape === 'text') return vectorsOfText(this.#texts(name));
    return this.#cells.vectors(column.place, column);
  }

  json(name: string): readonly (JsonValue | undefined)[] {
    this.#plan.columns.get(name, 'json');
    const parse = this.#plan.selected.get(name)?.shape === 'json' ? parseLooseJson : jsonOfList;
    return this.#texts(name).map((text) => (text === null ? undefined : (parse(text) ?? undefined)));
  }

  rest(): readonly Metadata[] {
    const { restPlace } = this.#plan;
    const texts = restPlace < 0 ? [] : this.#cells.text(restPlace);
    return Array.from({ length: this.rows }, (_, row) => {
      const values = Object.entries(parseLooseJson(texts[row] ?? '{}') as Metadata);
      return Object.fromEntries(values.filter(([, value]) => value !== null));
    });
  }

  line(row: number): number {
    return this.#before + row + 1;
  }

  #texts(name: string): readonly (string | null)[] {
    const column = this.#plan.selected.get(name);
    return column ? this.#cells.text(column.place) : new Array<null>(this.rows).fill(null);
  }
}

/** A text column has text in it; only a list or an object written out is taken for one. */
function jsonOfList(text: string): JsonValue {
  return text.startsWith('[') || text.startsWith('{') ? jsonOfText(text) : text;
}
