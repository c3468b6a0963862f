import type { RootDatabase } from 'lmdb';
import { viewOf } from './codec.js';

/** An entry in the store's own memory, which is larger: read it before the visitor returns. */
export interface BorrowedEntry {
  key: DataView;
  /** Where the key begins and ends. */
  keyAt: number;
  keyEnd: number;
  value: DataView;
  /** Bytes of the value, from 0. */
  valueLength: number;
}

export type EntryVisitor = (entry: Readonly<BorrowedEntry>) => void;

/** All keys: the store's own beginning of a range is no key of ours. */
export const wholeTable = { start: Buffer.of(0), end: Buffer.alloc(16, 0xff) } as const;

export type BorrowedScan = (
  range: { readonly start: Buffer; readonly end: Buffer },
  visit: EntryVisitor,
) => void;

/**
 * Scans a table without copying its entries, for the hot loops: twice as fast as `getRange`, and nothing for the
 * garbage collector.
 */
export function borrowedScan(env: RootDatabase<Buffer, Buffer>, name: string): BorrowedScan {
  const none = Buffer.alloc(0);
  const entry: BorrowedEntry = {
    key: viewOf(none),
    keyAt: 0,
    keyEnd: 0,
    value: viewOf(none),
    valueLength: 0,
  };
  let [keyBytes, valueBytes]: Buffer[] = [none, none];
  const options = {
    name,
    keyEncoder: {
      writeKey(from: Buffer, target: Buffer, at: number): number {
        target.set(from, at);
        return at + from.length;
      },
      readKey(from: Buffer, at: number, end: number): Buffer {
        if (from !== keyBytes) entry.key = viewOf(from);
        keyBytes = from;
        entry.keyAt = at;
        entry.keyEnd = end;
        return from;
      },
    },
    encoder: {
      encode: (): Buffer => none,
      decode(bytes: Buffer, length: number): null {
        if (bytes !== valueBytes) entry.value = viewOf(bytes);
        valueBytes = bytes;
        entry.valueLength = length;
        return null;
      },
    },
  };
  const table = env.openDB<null, Buffer>(options);
  return (range, visit) => {
    for (const _ of table.getRange(range)) visit(entry);
  };
}
