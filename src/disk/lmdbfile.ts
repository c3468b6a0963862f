import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { PinnersageError } from '../errors.js';

/** Offsets inside the first page of an LMDB file, whose header takes 24 bytes. */
const magicAt = 24;
const pageSizeAt = 48;
const lastPageAt = 144;
const magic = 0xbeefc0de;

/**
 * Refuses a database file that is not one, or that lost most of its pages, before the memory map makes the process pay
 * for it with a signal. The last pages may rightly be missing (freed before they were ever written), hence the half.
 * @throws `data-damaged`.
 */
export function checkLmdbFile(path: string): void {
  if (!existsSync(path) || statSync(path).size === 0) return;
  const head = Buffer.alloc(lastPageAt + 8);
  const file = openSync(path, 'r');
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  if (head.readUInt32LE(magicAt) !== magic)
    throw new PinnersageError('data-damaged', `${path}: not a database file; restore it from a copy`);
  const expected = Number(head.readBigUInt64LE(lastPageAt) + 1n) * head.readUInt32LE(pageSizeAt);
  const { size } = statSync(path);
  if (size < expected / 2)
    throw new PinnersageError(
      'data-damaged',
      `${path}: got ${size} bytes, expected about ${expected}; restore it from a copy`,
    );
}
