import { type Row, rowsOf } from '../../src/actions/blocks.js';
import type { Directory } from '../../src/disk/directory.js';

/** A block as version 2 was: each row the length of its key u16, of its value u32, the key without its user, the value. */
function formless(rows: readonly Row[]): Buffer {
  const head = Buffer.of(2, 0, 0, 0);
  head.writeUInt16LE(rows.length, 2);
  const parts = rows.flatMap(({ key, value }) => {
    const lengths = Buffer.alloc(6);
    lengths.writeUInt16LE(key.length - 4, 0);
    lengths.writeUInt32LE(value.length, 2);
    return [lengths, key.subarray(4), value];
  });
  return Buffer.concat([head, ...parts]);
}

const bytesOf = (rows: readonly Row[]): number =>
  rows.reduce((sum, { key, value }) => sum + key.length + value.length + 2, 4);

/** Rows in blocks of the size that they had; an action that is larger has one for itself. */
function inBlocks(rows: readonly Row[]): Row[][] {
  const blocks: Row[][] = [];
  for (const row of rows) {
    const last = blocks.at(-1);
    if (last && bytesOf([...last, row]) <= 1900) last.push(row);
    else blocks.push([row]);
  }
  return blocks;
}

/** Stores the blocks of a log as an older version had, but for those that `isKept` keeps as they are. */
export function ageBlocks(directory: Directory, isKept: (place: number) => boolean = () => false): void {
  const { actions } = directory.tables;
  const blocks = [...actions.getRange({})].filter((_, place) => !isKept(place));
  directory.write(() => {
    for (const block of blocks.flatMap((one) => inBlocks(rowsOf(one))))
      actions.putSync(block[0].key, formless(block));
  });
}
