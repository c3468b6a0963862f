import type { Directory } from '../disk/directory.js';
import { type IdTable, idProblem } from '../disk/ids.js';
import { PinnersageError } from '../errors.js';
import { depthRefusal } from '../files/jsonvalues.js';
import { readTable } from '../files/read.js';
import { createRejects, type ImportReport, type RejectFlags } from '../files/report.js';
import type { ReadOptions, Refusal, RowBatch } from '../files/table.js';
import type { Metadata } from '../model/item.js';
import type { User } from '../model/user.js';
import { Erased } from './erased.js';

/** Bit of a user record: attributes were stored. A user whom only actions have named lacks it. */
const attributed = 1;

export interface ImportUsersOptions extends ReadOptions, RejectFlags {
  readonly onNote?: (note: string) => void;
  /** Hears how many rows have been read. */
  readonly onProgress?: (rows: number) => void;
  readonly signal?: AbortSignal;
}

/** A checked user on its way in. */
export interface UserUpsert {
  readonly userId: string;
  readonly attributes: Metadata;
}

/**
 * Imports one file of users: `user_id`, any other column is an attribute. A user who is there gets the attributes of
 * the file in place of the old ones. Every batch of rows is durable before the next is read.
 */
export async function importUsers(
  directory: Directory,
  users: IdTable,
  path: string,
  options: ImportUsersOptions,
): Promise<ImportReport> {
  const rejects = createRejects(path, options);
  const column = { name: 'user_id', kind: 'text', required: true } as const;
  let accepted = 0;
  let duplicates = 0;
  let rows = 0;
  try {
    const reading = { ...options, rest: true };
    for await (const batch of readTable(path, reading, [column], rejects.add, options.onNote ?? (() => {}))) {
      if (options.signal?.aborted)
        throw new PinnersageError(
          'interrupted',
          `${path}: interrupted after ${rows} rows, which are stored; the same command takes the rest`,
        );
      const checked = collect(batch, erasedUserRefusal(directory, users), (row, refusal) =>
        rejects.add({ file: path, line: batch.line(row), ...refusal }),
      );
      const { written, unchanged } = upsertUsers(directory, users, checked);
      accepted += written;
      duplicates += unchanged;
      rows += batch.rows;
      options.onProgress?.(rows);
    }
  } finally {
    rejects.close();
  }
  return { accepted, duplicates, rejected: rejects.counts, examples: rejects.examples };
}

function collect(
  batch: RowBatch,
  refusalOf: (userId: string) => Refusal | null,
  refuse: (row: number, refusal: Refusal) => void,
): UserUpsert[] {
  const attributes = batch.rest();
  const found: UserUpsert[] = [];
  batch.text('user_id').forEach((userId, row) => {
    const refusal = userIdRefusal(userId) ?? refusalOf(userId as string) ?? depthRefusal(attributes[row]);
    if (refusal) refuse(row, refusal);
    else found.push({ userId: userId as string, attributes: attributes[row] });
  });
  return found;
}

/** Attributes say no time, so they do not bring an erased user back; actions since the erasure do. */
export function erasedUserRefusal(directory: Directory, users: IdTable): (userId: string) => Refusal | null {
  const erasedAt = new Erased(directory).lookup();
  return (userId) =>
    erasedAt && users.find(userId) === null && erasedAt(userId) !== null
      ? { reason: 'user-erased', detail: 'this user was erased and has not come back since' }
      : null;
}

export function userIdRefusal(id: string | null): Refusal | null {
  if (id === null) return { reason: 'user-id-missing', detail: 'got no user_id' };
  const problem = idProblem(id);
  return problem === null ? null : { reason: 'user-id-invalid', detail: `user_id: ${problem}` };
}

/** Inserts or replaces users' attributes as one transaction; durable when it returns. */
export function upsertUsers(
  directory: Directory,
  table: IdTable,
  users: readonly UserUpsert[],
): { readonly written: number; readonly unchanged: number } {
  let written = 0;
  try {
    directory.write(() => {
      const keys = table.ensureAll(users.map(({ userId }) => userId));
      users.forEach(({ userId, attributes }, i) => {
        const before = table.read(keys[i]);
        const same =
          before?.flags === attributed && JSON.stringify(before.metadata) === JSON.stringify(attributes);
        if (same) return;
        table.write(keys[i], { id: userId, flags: attributed, metadata: attributes });
        written++;
      });
    });
  } catch (error) {
    table.forget();
    throw error;
  }
  return { written, unchanged: users.length - written };
}

/** A user with their attributes, or null where neither an action nor a file has named them. */
export function findUser(table: IdTable, userId: string): User | null {
  const key = table.find(userId);
  const record = key === null ? null : table.read(key);
  return record && { userId: record.id, attributes: record.metadata };
}

/** How many users have stored attributes. Time O(users). */
export function countAttributed(table: IdTable): number {
  let count = 0;
  table.eachFlags((_, flags) => {
    if (flags & attributed) count++;
  });
  return count;
}
