import { PinnersageError } from '../errors.js';
import { depthRefusal } from '../files/jsonvalues.js';
import { readTable } from '../files/read.js';
import { createRejects, type ImportReport, type RejectFlags } from '../files/report.js';
import type { ColumnRequest, ReadOptions, Refusal, RowBatch } from '../files/table.js';
import type { Catalog, ItemUpsert } from './catalog.js';
import { itemIdRefusal, prepareVector } from './check.js';
import { NpyRows } from './npyrows.js';
import { type SpaceRecord, spaceNamed } from './space.js';

export interface ImportItemsOptions extends ReadOptions, RejectFlags {
  /** Name of the space that embeddings go to. Default: the active one, or 'default'. */
  readonly space?: string;
  /** An .npy file with one row per row of the items file, instead of an `embedding` column. */
  readonly embeddings?: string;
  /** Whether embeddings are scaled to norm 1. Default: as the space is, true for a new one (algorithm.md §1). */
  readonly normalize?: boolean;
  readonly onNote?: (note: string) => void;
  /** Hears how many rows have been read. */
  readonly onProgress?: (rows: number) => void;
  readonly signal?: AbortSignal;
}

const itemColumns: readonly ColumnRequest[] = [
  { name: 'item_id', kind: 'text', required: true },
  { name: 'embedding', kind: 'vector', required: false },
];

/** Imports one items file. Every batch of rows is durable before the next is read. */
export async function importItems(
  catalog: Catalog,
  path: string,
  options: ImportItemsOptions,
): Promise<ImportReport> {
  const target = new VectorTarget(catalog, options, path);
  const npy = options.embeddings === undefined ? null : await matchingNpy(path, options, options.embeddings);
  if (npy) target.expectDim(npy.dim);
  const rejects = createRejects(path, options);
  let accepted = 0;
  let duplicates = 0;
  let rows = 0;
  try {
    const onBad = npy ? refuseShiftedRows(options.embeddings as string) : rejects.add;
    const batches = readTable(
      path,
      { ...options, rest: true },
      itemColumns,
      onBad,
      options.onNote ?? (() => {}),
    );
    for await (const batch of batches) {
      if (options.signal?.aborted) throw interrupted(path, rows);
      const vectors = npy ? await npy.take(batch.rows) : null;
      const items = collect(batch, vectors, target, (row, refusal) =>
        rejects.add({ file: path, line: batch.line(row), ...refusal }),
      );
      const { written, unchanged } = target.store(items);
      accepted += written;
      duplicates += unchanged;
      rows += batch.rows;
      options.onProgress?.(rows);
    }
  } finally {
    await npy?.close();
    rejects.close();
  }
  return { accepted, duplicates, rejected: rejects.counts, examples: rejects.examples };
}

function interrupted(path: string, rows: number): PinnersageError {
  return new PinnersageError(
    'interrupted',
    `${path}: interrupted after ${rows} rows, which are stored; the same command takes the rest`,
  );
}

/** The space that vectors go to; which one, and of how many dimensions, may be known only at the first vector. */
class VectorTarget {
  readonly normalized: boolean;
  private readonly catalog: Catalog;
  private readonly name: string;
  private readonly source: string;
  private space: SpaceRecord | null;

  constructor(catalog: Catalog, options: ImportItemsOptions, path: string) {
    const table = catalog.spaceTable();
    this.catalog = catalog;
    this.name = options.space ?? table.active ?? 'default';
    this.space = spaceNamed(table, this.name);
    this.normalized = options.normalize ?? this.space?.normalized ?? true;
    this.source = `imported from ${options.embeddings ?? path}`;
    if (this.space) this.expectDim(this.space.dim);
  }

  get dim(): number | null {
    return this.space?.dim ?? null;
  }

  /** @throws `dimension-mismatch` where the space has another. */
  expectDim(dim: number): void {
    this.space = this.catalog.spaceForWriting(this.name, dim, this.normalized, this.source);
  }

  store(items: readonly ItemUpsert[]): { written: number; unchanged: number } {
    const done = this.catalog.upsert(items, this.space);
    this.space = done.space;
    return done;
  }
}

function collect(
  batch: RowBatch,
  npyRows: Float32Array | null,
  target: VectorTarget,
  refuse: (row: number, refusal: Refusal) => void,
): ItemUpsert[] {
  const ids = batch.text('item_id');
  const metadata = batch.rest();
  const vectorAt = npyRows ? npyRow(npyRows, batch.rows) : columnRow(batch);
  const items: ItemUpsert[] = [];
  for (let row = 0; row < batch.rows; row++) {
    const id = ids[row];
    const refusal = itemIdRefusal(id) ?? depthRefusal(metadata[row]);
    if (refusal || id === null) {
      if (refusal) refuse(row, refusal);
      continue;
    }
    const raw = vectorAt(row);
    const fields = Object.keys(metadata[row]).length > 0 ? metadata[row] : null;
    if (raw === null) items.push({ itemId: id, metadata: fields, vector: null });
    else if ('reason' in raw) refuse(row, raw);
    else {
      const prepared = prepareVector(raw, target.dim, target.normalized);
      if ('reason' in prepared) refuse(row, prepared);
      else {
        if (target.dim === null) target.expectDim(raw.length);
        items.push({ itemId: id, metadata: fields, vector: prepared.vector });
      }
    }
  }
  return items;
}

type VectorAt = (row: number) => ArrayLike<number> | Refusal | null;

function npyRow(rows: Float32Array, count: number): VectorAt {
  const dim = rows.length / count;
  return (row) => rows.subarray(row * dim, (row + 1) * dim);
}

function columnRow(batch: RowBatch): VectorAt {
  if (!batch.has('embedding')) return () => null;
  const vectors = batch.vector('embedding');
  const { data, offsets } = vectors;
  return (row) => {
    const fault = vectors.reason(row);
    if (fault === 'vector-missing') return null;
    if (fault) return { reason: fault, detail: 'embedding: expected a list of numbers' };
    return data.subarray(offsets[row], offsets[row + 1]);
  };
}

/** Opens the .npy file after making sure that it has a row for every row of the items file. */
async function matchingNpy(path: string, options: ImportItemsOptions, npyPath: string): Promise<NpyRows> {
  let rows = 0;
  const batches = readTable(path, options, itemColumns, refuseShiftedRows(npyPath), () => {});
  for await (const batch of batches) rows += batch.rows;
  const npy = await NpyRows.open(npyPath);
  if (npy.rows === rows) return npy;
  await npy.close();
  throw new PinnersageError(
    'dimension-mismatch',
    `${npyPath}: got ${npy.rows} rows, expected ${rows}, one for every row of ${path}`,
  );
}

/** With vectors in a file of their own, a row that cannot be read shifts all that follow: nothing can be trusted. */
function refuseShiftedRows(npyPath: string): (bad: { file: string; line: number; detail: string }) => never {
  return (bad) => {
    throw new PinnersageError(
      'file-format',
      `${bad.file}:${bad.line}: ${bad.detail}; every row must be readable where ${npyPath} is matched row by row`,
    );
  };
}
