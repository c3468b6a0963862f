import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { HnswShape } from '../ann/hnsw.js';
import type { Recall } from '../ann/recall.js';
import type { Directory } from '../disk/directory.js';
import { syncDirectory } from '../disk/durable.js';
import { PinnersageError } from '../errors.js';
import { readPools } from './pools.js';

/**
 * Indexes on disk: a folder `index/<number>` each, never changed once its name is final, and in `meta` which of them
 * serves what, with the checksums of its files. The record is the manifest: a file that was copied from elsewhere, cut
 * or damaged does not agree with it.
 */
export interface IndexRecord extends HnswShape {
  /** Names the folder; given once. */
  readonly number: number;
  readonly space: string;
  readonly spaceId: number;
  readonly spaceGeneration: number;
  /** The pool of items it is for. */
  readonly pool: string;
  /** Rows of the space when it was built. */
  readonly rows: number;
  /** Rows in the graph. */
  readonly indexed: number;
  /** Name and version of the library that wrote the graph. */
  readonly library: string;
  /** ISO 8601. */
  readonly builtAt: string;
  readonly buildSeconds: number;
  /** Against the exact scan, when it was built. */
  readonly recall: Recall;
  readonly files: Readonly<Record<IndexFile, FileSum>>;
}

export interface FileSum {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** What builds an index again. */
export function buildCommand({ space, pool }: Pick<IndexRecord, 'space' | 'pool'>): string {
  return `pinnersage index --space ${space}${pool === allItems ? '' : ` --pool ${JSON.stringify(pool)}`}`;
}

/** The name of the pool of all items. */
export const allItems = '';

/** The graph as its library writes it, and one byte per row of the space: 1 where it is in the graph. */
export const indexFileNames = { graph: 'graph.usearch', rows: 'rows.u8' } as const;
export type IndexFile = keyof typeof indexFileNames;

interface IndexTable {
  readonly next: number;
  /** By space number, generation and pool. */
  readonly current: { readonly [key: string]: IndexRecord };
}

export function keyOfIndex(spaceId: number, generation: number, pool: string): string {
  return `${spaceId}/${generation}/${pool}`;
}

const noIndexes: IndexTable = { next: 0, current: {} };

function readTable(directory: Directory): IndexTable {
  return directory.readMeta<IndexTable>('indexes') ?? noIndexes;
}

export function currentIndex(
  directory: Directory,
  spaceId: number,
  generation: number,
  pool: string,
): IndexRecord | null {
  return readTable(directory).current[keyOfIndex(spaceId, generation, pool)] ?? null;
}

/** Which indexes serve a generation of a space, all pools together; another text as soon as one of them is another. */
export function indexesOf(directory: Directory, spaceId: number, generation: number): string {
  const table = readTable(directory);
  const prefix = keyOfIndex(spaceId, generation, '');
  const known = texts.get(table) ?? new Map<string, string>();
  texts.set(table, known);
  const text = known.get(prefix) ?? textOf(table, prefix);
  known.set(prefix, text);
  return text;
}

/** Every answer asks for the text of a table that seldom becomes another. */
const texts = new WeakMap<IndexTable, Map<string, string>>();

function textOf({ current }: IndexTable, prefix: string): string {
  return Object.entries(current)
    .filter(([key]) => key.startsWith(prefix))
    .map(([, { number }]) => number)
    .join(' ');
}

export function indexFolder(directory: Directory, number: number): string {
  return join(directory.path, 'index', String(number));
}

export function indexPath(directory: Directory, number: number, file: IndexFile): string {
  return join(indexFolder(directory, number), indexFileNames[file]);
}

/** An empty folder to build in, with the number that the index will have. Removes what interrupted builds left. */
export function beginIndex(directory: Directory): { number: number; folder: string } {
  removeUnused(directory);
  const { next } = readTable(directory);
  const folder = `${indexFolder(directory, next)}.building`;
  mkdirSync(folder, { recursive: true });
  return { number: next, folder };
}

/** Writes the rows, syncs both files and gives the folder its final name. Nothing points to it yet. */
export function finishFiles(
  directory: Directory,
  { number, folder }: { number: number; folder: string },
  indexed: Uint8Array,
): Record<IndexFile, FileSum> {
  writeFileSync(join(folder, indexFileNames.rows), indexed);
  for (const name of Object.values(indexFileNames)) syncFile(join(folder, name));
  syncDirectory(folder);
  renameSync(folder, indexFolder(directory, number));
  syncDirectory(join(directory.path, 'index'));
  syncDirectory(directory.path);
  return {
    graph: sumOf(indexPath(directory, number, 'graph')),
    rows: sumOf(indexPath(directory, number, 'rows')),
  };
}

/** Makes a finished index the current one in a single step, then removes what nothing points to any more. */
export function commitIndex(directory: Directory, record: IndexRecord): void {
  directory.write(() => {
    const key = keyOfIndex(record.spaceId, record.spaceGeneration, record.pool);
    const current = { ...stillOwned(directory), [key]: record };
    directory.writeMeta('indexes', { next: record.number + 1, current });
  });
  removeUnused(directory);
}

/** Removes the indexes of vectors and pools that are gone: a dropped space, an old generation. */
export function dropOrphanedIndexes(directory: Directory): void {
  directory.write(() => {
    const { next } = readTable(directory);
    directory.writeMeta('indexes', { next, current: stillOwned(directory) });
  });
  removeUnused(directory);
}

function stillOwned(directory: Directory): IndexTable['current'] {
  const pools = readPools(directory);
  const entries = Object.entries(readTable(directory).current);
  return Object.fromEntries(
    entries.filter(
      ([, { spaceId, spaceGeneration, pool }]) =>
        (pool === allItems || Object.hasOwn(pools, pool)) &&
        existsSync(join(directory.path, 'spaces', String(spaceId), String(spaceGeneration))),
    ),
  );
}

/** Readers that have a removed file mapped go on with it; those that were about to open it read the pointer again. */
function removeUnused(directory: Directory): void {
  const root = join(directory.path, 'index');
  if (!existsSync(root)) return;
  const used = new Set(Object.values(readTable(directory).current).map(({ number }) => String(number)));
  for (const name of readdirSync(root)) {
    if (!used.has(name)) rmSync(join(root, name), { recursive: true });
  }
}

/**
 * Reads both files whole and compares them with the record: only then may the graph be given to its library.
 * @throws `data-damaged`, which says what to run.
 */
export function verifiedRows(
  directory: Directory,
  record: Pick<IndexRecord, 'number' | 'files' | 'space' | 'pool'>,
): Uint8Array {
  for (const file of ['graph', 'rows'] as const) {
    const path = indexPath(directory, record.number, file);
    const expected = record.files[file];
    const got = existsSync(path) ? sumOf(path) : null;
    if (got?.bytes === expected.bytes && got.sha256 === expected.sha256) continue;
    const found = got ? `${got.bytes} bytes with SHA-256 ${got.sha256.slice(0, 12)}…` : 'no file';
    throw new PinnersageError(
      'data-damaged',
      `${path}: got ${found}, expected ${expected.bytes} bytes with SHA-256 ${expected.sha256.slice(0, 12)}…; ` +
        `run "${buildCommand(record)}" to build it again`,
    );
  }
  return new Uint8Array(readFileSync(indexPath(directory, record.number, 'rows')));
}

function sumOf(path: string): FileSum {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(1 << 22);
  const file = openSync(path, 'r');
  try {
    let bytes = 0;
    for (let got = readSync(file, chunk); got > 0; got = readSync(file, chunk)) {
      hash.update(chunk.subarray(0, got));
      bytes += got;
    }
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    closeSync(file);
  }
}

function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
