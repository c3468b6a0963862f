import type { RootDatabase } from 'lmdb';

/**
 * An entry in the store's own memory: the key begins at `keyAt` of `key`. Read it before the visitor returns.
 */
export type EntryVisitor = (key: Buffer, keyAt: number, value: Buffer) => void;

export type BorrowedScan = (
  range: { readonly start: Buffer; readonly end: Buffer },
  visit: EntryVisitor,
) => void;

/**
 * Scans a table without copying its entries, for the hot loops: twice as fast as `getRange`, and nothing for the
 * garbage collector.
 */
export function borrowedScan(env: RootDatabase<Buffer, Buffer>, name: string): BorrowedScan {
  let key: Buffer = Buffer.alloc(0);
  let keyAt = 0;
  let value: Buffer = Buffer.alloc(0);
  const options = {
    name,
    keyEncoder: {
      writeKey(from: Buffer, target: Buffer, at: number): number {
        target.set(from, at);
        return at + from.length;
      },
      readKey(from: Buffer, at: number): Buffer {
        key = from;
        keyAt = at;
        return from;
      },
    },
    encoder: {
      encode: (): Buffer => Buffer.alloc(0),
      decode(bytes: Buffer): null {
        value = bytes;
        return null;
      },
    },
  };
  const table = env.openDB<null, Buffer>(options);
  return (range, visit) => {
    for (const _ of table.getRange(range)) visit(key, keyAt, value);
  };
}
