import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll } from 'vitest';
import { readTable } from '../../src/files/read.js';
import type { BadRow, ColumnKind, ColumnRequest, ReadOptions, RowBatch } from '../../src/files/table.js';

/** A directory that is removed when the tests of the file are done. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'pinnersage-files-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export function write(dir: string, name: string, content: string | Buffer): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

export async function writeParquet(dir: string, name: string, select: string): Promise<string> {
  const path = join(dir, name);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  return path;
}

export function want(columns: { readonly [name: string]: ColumnKind }): ColumnRequest[] {
  return Object.entries(columns).map(([name, kind]) => ({
    name: name.replace('?', ''),
    kind,
    required: !name.endsWith('?'),
  }));
}

export interface Outcome {
  readonly batches: readonly RowBatch[];
  readonly rows: readonly (readonly unknown[])[];
  readonly lines: readonly number[];
  readonly bad: readonly BadRow[];
  readonly notes: readonly string[];
}

function cells(batch: RowBatch, { name, kind }: ColumnRequest): readonly unknown[] {
  if (kind === 'timestamp') {
    const { ms, reason } = pick(batch, name);
    return Array.from(ms, (value, row) => reason(row) ?? value);
  }
  if (kind !== 'vector') return Array.from(batch[kind](name));
  const vectors = batch.vector(name);
  return Array.from(
    { length: batch.rows },
    (_, row) =>
      vectors.reason(row) ?? Array.from(vectors.data.slice(vectors.offsets[row], vectors.offsets[row + 1])),
  );
}

function pick(batch: RowBatch, name: string) {
  const timestamps = batch.timestamp(name);
  return { ms: timestamps.ms, reason: (row: number) => timestamps.refusal(row)?.reason };
}

/** Reads a whole file; every row as the requested cells, and last the rest where it was asked for. */
export async function readAll(
  path: string,
  columns: readonly ColumnRequest[],
  options: ReadOptions = {},
): Promise<Outcome> {
  const [batches, rows, lines, bad, notes] = [
    [] as RowBatch[],
    [] as unknown[][],
    [] as number[],
    [] as BadRow[],
    [] as string[],
  ];
  const onBad = (row: BadRow) => bad.push(row);
  for await (const batch of readTable(path, options, columns, onBad, (note) => notes.push(note))) {
    const table = columns.map((column) => cells(batch, column));
    if (options.rest) table.push(batch.rest());
    for (let row = 0; row < batch.rows; row++) {
      rows.push(table.map((column) => column[row]));
      lines.push(batch.line(row));
    }
    batches.push(batch);
  }
  return { batches, rows, lines, bad, notes };
}
