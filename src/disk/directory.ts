import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Database, RootDatabase } from 'lmdb';
import { PinnersageError } from '../errors.js';
import { type BorrowedScan, borrowedScan } from './borrow.js';
import { encodeJson } from './codec.js';
import { explainFault } from './fault.js';
import { checkLmdbFile } from './lmdbfile.js';
import { acquireWriterLock, type WriterLock } from './lock.js';
import { firstState, markerName, readMarker, writeMarker } from './marker.js';
import { countCommit, type MetaCommits, MetaReader } from './meta.js';

// In one file: its modules one by one take twice as long to load, in every thread that opens a directory.
const { open } = createRequire(import.meta.url)('lmdb') as typeof import('lmdb');

/** Version of the directory as a whole; a directory of a newer one is refused. */
export const directoryFormat = 1;

export type Table = Database<Buffer, Buffer>;

const tableNames = ['meta', 'itemIds', 'items', 'userIds', 'users', 'actions', 'profiles'] as const;
export type TableName = (typeof tableNames)[number];
/** Tables that came later: missing where a reader opens a directory that no writer has opened since. */
const laterTables = ['marks', 'erased', 'recommendations', 'waiting'] as const;
type LaterTableName = (typeof laterTables)[number];
const allTables = [...tableNames, ...laterTables];
export type Tables = Readonly<Record<TableName, Table> & { [name in LaterTableName]?: Table }>;

/**
 * An open data directory: one LMDB environment with the tables of all rooms, so that what belongs together commits
 * together, and plain files beside it for vectors.
 */
export interface Directory {
  readonly path: string;
  /** For files that do not outlive the work that made them; emptied when a writer opens the directory. */
  readonly tempDir: string;
  readonly readOnly: boolean;
  readonly tables: Tables;
  /** Scans of a table that is there, without copies. */
  readonly borrow: (table: TableName | LaterTableName) => BorrowedScan;
  /** A JSON value kept under a name, or null. Not to be changed: the same object comes again while it is the same. */
  readMeta<T>(name: string): T | null;
  /** Call inside `write`. */
  writeMeta(name: string, value: unknown): void;
  /**
   * Runs `work` as one transaction; when it returns, all of it is on disk, and when it throws, none of it. Inside another
   * `write` it is part of that one, which fails where `work` throws, caught or not.
   */
  write<T>(work: () => T): T;
  /** Everything read until the event loop turns comes from the newest committed state. */
  refresh(): void;
  /** Copies the committed state, without free pages, into a folder. */
  copyTo(folder: string): Promise<void>;
  /** How many other processes have the state open for reading. */
  otherReaders(): number;
  close(): Promise<void>;
}

export interface DirectoryOptions {
  /** `write` takes the writer lock; `read` needs none. */
  readonly mode: 'read' | 'write';
  /** Whether a writer creates a missing directory. Default: true. */
  readonly create?: boolean;
  /** Opens any format up to this one, also where an upgrade is not finished. Default: only the current one. */
  readonly upTo?: number;
  /** The writer lock is held by another thread of this process: see `lockDirectory`. Default: false. */
  readonly locked?: boolean;
  /**
   * Shared between a writer and readers in other threads of its process: the writer counts the commits with values for
   * `readMeta`, and readers keep what they have read over a `refresh` while none came. Default: each for itself.
   */
  readonly metaCommits?: MetaCommits;
}

/**
 * Takes the writer lock of a directory, which is created where it is missing, for a thread that will open it with
 * `locked`: threads of one process do not exclude each other.
 */
export async function lockDirectory(path: string): Promise<WriterLock> {
  checkDirectory(path, true);
  try {
    makeDirectory(path);
    return await acquireWriterLock(path);
  } catch (error) {
    throw explainFault(error, path);
  }
}

export async function openDirectory(path: string, options: DirectoryOptions): Promise<Directory> {
  if (path === '') throw new PinnersageError('option-invalid', 'data directory: got an empty path');
  const readOnly = options.mode === 'read';
  const isNew = checkDirectory(path, !readOnly && (options.create ?? true), options.upTo);
  const lock = readOnly ? null : await prepareForWriting(path, options.locked ?? false);
  const state = isNew ? firstState : readMarker(path).state;
  const isMoved = (): boolean => readOnly && readMarker(path).state !== state;
  try {
    const file = join(path, state, 'data.mdb');
    if (!isNew && !existsSync(file)) throw new PinnersageError('data-damaged', `${file} is missing`);
    checkLmdbFile(file);
    const env = openEnvironment(join(path, state), readOnly);
    const tables = openTables(env);
    // The marker comes last: a directory without one is a creation that did not finish and is simply finished now.
    if (isNew) writeMarker(path, { format: directoryFormat, state });
    if (!isMoved()) return wrap(path, options, env, tables, lock);
    await env.close(); // a writer compacted it while it was being opened
  } catch (error) {
    if (!isMoved()) {
      lock?.release();
      throw explainFault(error, path);
    }
  }
  return openDirectory(path, options);
}

async function prepareForWriting(path: string, isLocked: boolean): Promise<WriterLock | null> {
  try {
    makeDirectory(path);
    const lock = isLocked ? null : await acquireWriterLock(path);
    removeOtherStates(path);
    rmSync(join(path, 'tmp'), { recursive: true, force: true });
    makeDirectory(join(path, 'tmp'));
    return lock;
  } catch (error) {
    throw explainFault(error, path);
  }
}

/** What compactions left, finished or not; there is always the one that the marker names. */
function removeOtherStates(path: string): void {
  const state = existsSync(join(path, markerName)) ? readMarker(path).state : firstState;
  for (const name of readdirSync(path))
    if (/^state(-\d+)?$/.test(name) && name !== state) rmSync(join(path, name), { recursive: true });
  if (state === firstState) makeDirectory(join(path, state));
}

/** Level by level: Node's recursive mkdir never returns where a file system refuses new names, as /proc does. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  mkdirSync(path);
}

/** Whether the directory has still to be created. */
function checkDirectory(path: string, mayCreate: boolean, upTo?: number): boolean {
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
  const known = upTo ?? directoryFormat;
  const { format, upgradingFrom } = readMarker(path);
  if (format > known)
    throw new PinnersageError(
      'directory-newer',
      `${path}: written in format ${format}, this version reads up to ${known}; use a newer pinnersage`,
    );
  if (upTo === undefined && (format < known || upgradingFrom !== undefined))
    throw new PinnersageError(
      'directory-older',
      `${path}: of format ${upgradingFrom ?? format}, this version works with ${known}; run "pinnersage upgrade"`,
    );
  return false;
}

const ownNames = new Set(['state', 'spaces', 'tmp', 'writer.lock', `${markerName}.tmp`]);

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

function openTables(env: RootDatabase<Buffer, Buffer>): Tables {
  const opened = allTables.map((name) => [
    name,
    env.openDB({ name, keyEncoding: 'binary', encoding: 'binary' }),
  ]);
  return Object.fromEntries(opened) as Tables;
}

/** All are opened at once: opening a table while another is being iterated over would pull its memory from under it. */
function borrower(env: RootDatabase<Buffer, Buffer>): Directory['borrow'] {
  const scans = new Map(allTables.map((name) => [name, borrowedScan(env, name)]));
  return (table) => scans.get(table) as BorrowedScan;
}

interface Transaction {
  /** Of a part of it. */
  failure: { readonly error: unknown } | null;
}

/**
 * One inside another is part of it: in the store it would cost as much as one by itself. `ended` is called behind each, with
 * whether it is on disk.
 */
function transactor(
  env: RootDatabase<Buffer, Buffer>,
  ended: (isCommitted: boolean) => void,
): <T>(work: () => T) => T {
  let outer: Transaction | null = null;
  return (work) => {
    if (outer) {
      try {
        return work();
      } catch (error) {
        outer.failure ??= { error };
        throw error;
      }
    }
    const current: Transaction = { failure: null };
    outer = current;
    let isCommitted = false;
    try {
      const result = env.transactionSync(() => {
        const made = work();
        if (current.failure) throw current.failure.error;
        return made;
      });
      isCommitted = true;
      return result;
    } finally {
      outer = null;
      ended(isCommitted);
    }
  };
}

function wrap(
  path: string,
  { mode, metaCommits }: DirectoryOptions,
  env: RootDatabase<Buffer, Buffer>,
  tables: Tables,
  lock: WriterLock | null,
): Directory {
  const readOnly = mode === 'read';
  const meta = new MetaReader(tables.meta, readOnly ? (metaCommits ?? null) : null);
  let hasNewMeta = false;
  const transact = transactor(env, (isCommitted) => {
    if (metaCommits && hasNewMeta && isCommitted) countCommit(metaCommits);
    if (!isCommitted) meta.forget(); // what the transaction wrote is not there
    hasNewMeta = false;
  });
  return {
    path,
    tempDir: join(path, 'tmp'),
    readOnly,
    tables,
    borrow: borrower(env),
    readMeta: <T>(name: string) => meta.read(name) as T | null,
    writeMeta(name, value) {
      meta.forget();
      hasNewMeta = true;
      tables.meta.putSync(Buffer.from(name), encodeJson(value));
    },
    write(work) {
      if (readOnly) throw new PinnersageError('read-only', `${path}: opened for reading, cannot write`);
      try {
        return transact(work);
      } catch (error) {
        throw explainFault(error, path);
      }
    },
    refresh() {
      meta.refresh();
      env.resetReadTxn();
    },
    async copyTo(folder) {
      try {
        await env.backup(folder, true);
      } catch (error) {
        throw explainFault(error, path);
      }
    },
    otherReaders() {
      env.readerCheck(); // forgets those that died
      const pids = [...env.readerList().matchAll(/^\s*(\d+) /gm)].map(([, pid]) => Number(pid));
      return new Set(pids.filter((pid) => pid !== process.pid)).size;
    },
    async close() {
      await env.close();
      lock?.release();
    },
  };
}
