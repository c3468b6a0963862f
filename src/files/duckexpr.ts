import { quoteName, quoteText } from './duckdb.js';
import type { ColumnKind } from './table.js';

/** How a column comes out of DuckDB. */
export type Shape = 'text' | 'number' | 'time' | 'zoneless' | 'list' | 'array' | 'json';

export interface Selected {
  readonly sql: string;
  readonly shape: Shape;
  /** Float lists only: numbers per element of an `array`, and whether they have 8 bytes. */
  readonly length: number;
  readonly wide: boolean;
}

const numeric = /^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\))$/;
const nested = /\]$|^(?:STRUCT|MAP|UNION)\(/;
const floating = /^(?:FLOAT|DOUBLE)$/;

/** Whether a cell of the type holds more than one value. */
export function isNestedType(type: string): boolean {
  return nested.test(type);
}

function selected(sql: string, shape: Shape): Selected {
  return { sql, shape, length: 0, wide: false };
}

function selectText(name: string, type: string): Selected {
  if (type === 'BLOB') return selected(`TRY(decode(${name}))`, 'text');
  if (!floating.test(type)) return selected(`CAST(${name} AS VARCHAR)`, 'text');
  const whole = `CAST(CAST(${name} AS BIGINT) AS VARCHAR)`;
  const isWhole = `${name} = trunc(${name}) AND abs(${name}) < 1e15`;
  return selected(`CASE WHEN ${isWhole} THEN ${whole} ELSE CAST(${name} AS VARCHAR) END`, 'text');
}

function selectTimestamp(name: string, type: string): Selected {
  if (/^(?:TIMESTAMP|DATE)/.test(type)) {
    const shape = /^TIMESTAMP(?!.*TIME ZONE)/.test(type) ? 'zoneless' : 'time';
    return selected(`CAST(epoch_ms(${name}) AS DOUBLE)`, shape);
  }
  if (numeric.test(type)) return selected(`CAST(${name} AS DOUBLE)`, 'number');
  return selectText(name, type);
}

function selectVector(name: string, type: string): Selected {
  const [, element, length] = /^(.*)\[(\d*)\]$/.exec(type) ?? [];
  if (element === undefined || !numeric.test(element)) return selected(`CAST(${name} AS VARCHAR)`, 'text');
  const shape = length === '' ? 'list' : 'array';
  const sql = floating.test(element) ? name : `CAST(${name} AS DOUBLE[${length}])`;
  return { sql, shape, length: Number(length), wide: element !== 'FLOAT' };
}

function selectJson(name: string, type: string): Selected {
  return type === 'VARCHAR' ? selectText(name, type) : selected(`CAST(to_json(${name}) AS VARCHAR)`, 'json');
}

function selectNumber(name: string): Selected {
  return selected(`TRY_CAST(${name} AS DOUBLE)`, 'number');
}

const selectors: { readonly [kind in ColumnKind]: (name: string, type: string) => Selected } = {
  text: selectText,
  timestamp: selectTimestamp,
  number: selectNumber,
  vector: selectVector,
  json: selectJson,
};

/** The expression that brings a column of a DuckDB type out as one of the few shapes that are read. */
export function selectColumn(column: string, type: string, kind: ColumnKind): Selected {
  return selectors[kind](quoteName(column), type);
}

/** Several columns as the text of one JSON object. Binary columns are left out: they are no metadata. */
export function selectRest(columns: readonly { readonly name: string; readonly type: string }[]): string {
  const fields = columns
    .filter(({ type }) => type !== 'BLOB')
    .map(({ name, type }) => {
      const column = quoteName(name);
      const value = floating.test(type) ? `CASE WHEN isfinite(${column}) THEN ${column} END` : column;
      return `${quoteText(name)}, ${value}`;
    });
  return fields.length === 0 ? `'{}'` : `CAST(json_object(${fields.join(', ')}) AS VARCHAR)`;
}
