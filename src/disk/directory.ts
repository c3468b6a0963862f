import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { PinnersageError } from '../errors.js';
import { type BorrowedScan, borrowedScan } from './borrow.js';
import { decodeJson, encodeJson } from './codec.js';
import { writeFileDurably } from './durable.js';
import { explainFault } from './fault.js';
import { checkLmdbFile } from './lmdbfile.js';
import { acquireWriterLock, type WriterLock } from './lock.js';

/** Version of the directory as a whole; a directory of a newer one is refused. */
export const directoryFormat = 1;

export type Table = Database<Buffer, Buffer>;

const tableNames = ['meta', 'itemIds', 'items', 'userIds', 'users', 'actions', 'profiles'] as const;
export type TableName = (typeof tableNames)[number];

/**
 * An open data directory: one LMDB environment with the tables of all rooms, so that what belongs together commits
 * together, and plain files beside it for vectors.
 */
export interface Directory {
  readonly path: string;
  /** For files that do not outlive the work that made them; emptied when a writer opens the directory. */
  readonly tempDir: string;
  readonly readOnly: boolean;
  readonly tables: Readonly<Record<TableName, Table>>;
  /** The action log without copies. */
  readonly scanActions: BorrowedScan;
  /** A JSON value kept under a name, or null. */
  readMeta<T>(name: string): T | null;
  /** Call inside `write`. */
  writeMeta(name: string, value: unknown): void;
  /** Runs `work` as one transaction; when it returns, all of it is on disk, and when it throws, none of it. */
  write<T>(work: () => T): T;
  /** Everything read until the event loop turns comes from the newest committed state. */
  refresh(): void;
  close(): Promise<void>;
}

export interface DirectoryOptions {
  /** `write` takes the writer lock; `read` needs none. */
  readonly mode: 'read' | 'write';
  /** Whether a writer creates a missing directory. Default: true. */
  readonly create?: boolean;
}

const markerName = 'pinnersage.json';

export async function openDirectory(path: string, options: DirectoryOptions): Promise<Directory> {
  if (path === '') throw new PinnersageError('option-invalid', 'data directory: got an empty path');
  const readOnly = options.mode === 'read';
  const isNew = checkDirectory(path, !readOnly && (options.create ?? true));
  let lock: WriterLock | null = null;
  if (!readOnly) {
    lock = await prepareForWriting(path);
  }
  try {
    checkLmdbFile(join(path, 'state', 'data.mdb'));
    const env = openEnvironment(join(path, 'state'), readOnly);
    const tables = openTables(env);
    // The marker comes last: a directory without one is a creation that did not finish and is simply finished now.
    if (isNew) writeFileDurably(join(path, markerName), `${JSON.stringify({ format: directoryFormat })}\n`);
    return wrap(path, readOnly, env, tables, lock);
  } catch (error) {
    lock?.release();
    throw explainFault(error, path);
  }
}

async function prepareForWriting(path: string): Promise<WriterLock> {
  try {
    makeDirectory(join(path, 'state'));
    const lock = await acquireWriterLock(path);
    rmSync(join(path, 'tmp'), { recursive: true, force: true });
    makeDirectory(join(path, 'tmp'));
    return lock;
  } catch (error) {
    throw explainFault(error, path);
  }
}

/** Level by level: Node's recursive mkdir never returns where a file system refuses new names, as /proc does. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  mkdirSync(path);
}

/** Whether the directory has still to be created. */
function checkDirectory(path: string, mayCreate: boolean): boolean {
  const marker = join(path, markerName);
  if (!existsSync(marker)) {
    if (existsSync(path) && !statSync(path).isDirectory())
      throw new PinnersageError('directory-invalid', `${path}: got a file, expected a data directory`);
    const foreign = existsSync(path) && readdirSync(path).some((name) => !ownNames.has(name));
    if (foreign)
      throw new PinnersageError(
        'directory-invalid',
        `${path}: not a data directory (no ${markerName}) and not empty; choose another with --data`,
      );
    if (!mayCreate)
      throw new PinnersageError(
        'directory-missing',
        `${path}: no data directory here; create it with "pinnersage import items FILE" or choose another with --data`,
      );
    return true;
  }
  const format = readFormat(marker);
  if (format > directoryFormat)
    throw new PinnersageError(
      'directory-newer',
      `${path}: written in format ${format}, this version reads up to ${directoryFormat}; use a newer pinnersage`,
    );
  return false;
}

const ownNames = new Set(['state', 'spaces', 'tmp', 'writer.lock', `${markerName}.tmp`]);

function readFormat(marker: string): number {
  try {
    const { format } = JSON.parse(readFileSync(marker, 'utf8')) as { format?: unknown };
    if (typeof format === 'number' && Number.isInteger(format) && format >= 1) return format;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new PinnersageError('data-damaged', `${marker}: expected {"format": <integer ≥ 1>}`);
}

function openEnvironment(path: string, readOnly: boolean): RootDatabase<Buffer, Buffer> {
  return open<Buffer, Buffer>({
    path,
    readOnly,
    maxDbs: 32,
    keyEncoding: 'binary',
    encoding: 'binary',
    overlappingSync: false, // a commit that returned is on disk
    noMemInit: true,
  });
}

function openTables(env: RootDatabase<Buffer, Buffer>): Record<TableName, Table> {
  const opened = tableNames.map((name) => [
    name,
    env.openDB({ name, keyEncoding: 'binary', encoding: 'binary' }),
  ]);
  return Object.fromEntries(opened) as Record<TableName, Table>;
}

function wrap(
  path: string,
  readOnly: boolean,
  env: RootDatabase<Buffer, Buffer>,
  tables: Record<TableName, Table>,
  lock: WriterLock | null,
): Directory {
  return {
    path,
    tempDir: join(path, 'tmp'),
    readOnly,
    tables,
    scanActions: borrowedScan(env, 'actions'),
    readMeta<T>(name: string): T | null {
      const bytes = tables.meta.get(Buffer.from(name));
      return bytes ? decodeJson<T>(bytes) : null;
    },
    writeMeta(name, value) {
      tables.meta.putSync(Buffer.from(name), encodeJson(value));
    },
    write(work) {
      if (readOnly) throw new PinnersageError('read-only', `${path}: opened for reading, cannot write`);
      try {
        return env.transactionSync(work);
      } catch (error) {
        throw explainFault(error, path);
      }
    },
    refresh() {
      env.resetReadTxn();
    },
    async close() {
      await env.close();
      lock?.release();
    },
  };
}
