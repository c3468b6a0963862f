import type { JsonValue, Metadata } from '../model/item.js';

export type FileFormat = 'parquet' | 'ndjson' | 'csv';

/** How to take a file as it comes (docs/design.md, Data files). The flags of every importer. */
export interface FileOptions {
  /** By the file's extension where it is not given. */
  readonly format?: FileFormat;
  /** Our field → the file's column. A field that is not named here has the column of its own name. */
  readonly map?: { readonly [field: string]: string };
  /** CSV only: what stands between two fields, one to four characters ('::'). Found out where it is not given. */
  readonly delimiter?: string;
  /** CSV only: the names of the columns of a file without a header line. */
  readonly columns?: readonly string[];
  /** A DuckDB SELECT over the file, which is the table `file`. Its columns are the columns then. */
  readonly sql?: string;
}

export interface ReadOptions extends FileOptions {
  /** Whether the batches offer the columns nobody asked for, as metadata. Off by default: it costs time. */
  readonly rest?: boolean;
  /** Unit of numeric timestamps; decided by the first one where it is not given (≥ 1e11 is milliseconds). */
  readonly timeUnit?: 's' | 'ms';
}

export type ColumnKind = 'text' | 'timestamp' | 'number' | 'vector' | 'json';

export interface ColumnRequest {
  /** Our field; `FileOptions.map` says which column of the file it is. */
  readonly name: string;
  readonly kind: ColumnKind;
  /** A missing required column is an error (`column-missing`); a missing optional one is null in every row. */
  readonly required: boolean;
}

/**
 * Some thousand rows as columns. Each column is made when it is asked for and with the kind it was requested
 * with; a batch and its arrays stay valid after the next one was read.
 */
export interface RowBatch {
  readonly rows: number;
  /** Whether the file has this column. */
  has(name: string): boolean;
  /**
   * Any scalar column as text: integers as plain decimal digits; null where NULL or absent. A cell that holds a list or an
   * object makes its row a bad one, a column of them is `file-format`.
   */
  text(name: string): readonly (string | null)[];
  /** NaN where NULL, absent or not a number. */
  number(name: string): Float64Array;
  timestamp(name: string): Timestamps;
  vector(name: string): Vectors;
  /** undefined where NULL or absent; text in a CSV column that is JSON is parsed, other text stays a string. */
  json(name: string): readonly (JsonValue | undefined)[];
  /** Every column that was not requested, NULLs left out. Needs `ReadOptions.rest`. */
  rest(): readonly Metadata[];
  /** From 1: the line on which the row begins (CSV, NDJSON), the number of the row (Parquet, `sql`). */
  line(row: number): number;
}

export interface Timestamps {
  /** Epoch milliseconds UTC, whole; NaN where there is none. */
  readonly ms: Float64Array;
  /** Why a row has none: `timestamp-missing`, `timestamp-unparsable`, `timestamp-mixed-units`; null where it has one. */
  refusal(row: number): Refusal | null;
}

export interface Vectors {
  /** All vectors one after the other. Values are as in the file: check for NaN and infinities. */
  readonly data: Float32Array;
  /** Row i has data[offsets[i]] to data[offsets[i + 1]]; an empty range where it has no vector. Length rows + 1. */
  readonly offsets: Uint32Array;
  /** Why a row has none; null where it has one. */
  reason(row: number): VectorFault | null;
}

export type VectorFault = 'vector-missing' | 'vector-unparsable';

/** Why something was not taken. */
export interface Refusal {
  /** A short stable code such as `malformed-row`; rejections are counted by it. */
  readonly reason: string;
  readonly detail: string;
}

/** A row that cannot be used. */
export interface BadRow extends Refusal {
  readonly file: string;
  /** As `RowBatch.line`. */
  readonly line: number;
}

/**
 * Reads a data file as a stream of batches, in bounded memory (`readTable` of read.ts). Rows that cannot be read
 * at all go to `onBad` and do not stop the rest; `onNote` hears, once each, what was assumed (a zone, a unit).
 */
export type ReadTable = (
  path: string,
  options: ReadOptions,
  columns: readonly ColumnRequest[],
  onBad: (bad: BadRow) => void,
  onNote: (note: string) => void,
) => AsyncIterable<RowBatch>;
