import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { PinnersageError } from '../errors.js';

const reasons: { readonly [code: string]: string } = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  ENOENT: 'it does not exist and cannot be created',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files',
  EIO: 'the device reports an error',
};

/** Room that every write needs; with less, a failed one is put down to the full disk. */
const leastFreeBytes = 1 << 20;

/**
 * What the operating system refused, as an error that says so in one line; anything else is returned as it is.
 * LMDB reports a full disk as a mere input/output error, so the free space is looked up.
 */
export function explainFault(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof PinnersageError) return error;
  const { code, path: at } = error as NodeJS.ErrnoException;
  const isInputOutput = /Input\/output error/i.test(error.message);
  const isFull = code === 'ENOSPC' || /No space left/i.test(error.message);
  if (isFull || (isInputOutput && freeBytes(path) < leastFreeBytes))
    return new PinnersageError('disk-full', `${path}: the disk is full; what was accepted before is kept`, {
      cause: error,
    });
  const reason = typeof code === 'string' ? reasons[code] : isInputOutput ? reasons.EIO : undefined;
  if (reason === undefined) return error;
  return new PinnersageError('file-access', `${at ?? path}: ${reason}`, { cause: error });
}

function freeBytes(path: string): number {
  let existing = path;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return bavail * bsize;
}
