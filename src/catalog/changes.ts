import { expectVersion } from '../disk/codec.js';
import type { Directory } from '../disk/directory.js';

/** `meta`, key `itemCount`: it tells no more once somebody has changed the catalog without it. */
interface ItemCount {
  readonly version: number;
  readonly items: number;
}

/**
 * Which items each of the last versions of the catalog changed, so that whoever has loaded one version need look at no
 * others to have the next.
 *
 * `meta`, key `changed:<version>`: version u8 = 1, 3 zero bytes, then item numbers u32, little-endian. Missing where a
 * change was of another kind or of many items.
 */
const format = 1;
const headBytes = 4;
const keptVersions = 256;
const mostItems = 10_000;

/**
 * Call inside `Directory.write`. `items`: null for what is no change of single items; `more`: how many more items than at
 * the version before are in the catalog.
 */
export function recordChange(
  directory: Directory,
  version: number,
  items: Uint32Array | null,
  more: number,
): void {
  const { meta } = directory.tables;
  const before = itemsAt(directory, version - 1);
  if (before !== null)
    directory.writeMeta('itemCount', { version, items: before + more } satisfies ItemCount);
  meta.removeSync(keyOf(version - keptVersions));
  if (!items || items.length > mostItems) return;
  const bytes = Buffer.alloc(headBytes + 4 * items.length);
  bytes[0] = format;
  items.forEach((item, i) => {
    bytes.writeUInt32LE(item, headBytes + 4 * i);
  });
  meta.putSync(keyOf(version), bytes);
}

/** How many items were in the catalog at `version`; null where that is not the newest, or not every change since the first counted them. */
export function itemsAt(directory: Directory, version: number): number | null {
  if (version === 0) return 0;
  const counted = directory.readMeta<ItemCount>('itemCount');
  return counted?.version === version ? counted.items : null;
}

/** Items changed after version `from` up to `to`, or null where that is not known. */
export function changedItems(directory: Directory, from: number, to: number): Uint32Array | null {
  if (to - from > keptVersions) return null;
  const found = new Set<number>();
  for (let version = from + 1; version <= to; version++) {
    const bytes = directory.tables.meta.get(keyOf(version));
    if (!bytes) return null;
    expectVersion(bytes, format, 'list of changed items');
    for (let at = headBytes; at < bytes.length; at += 4) found.add(bytes.readUInt32LE(at));
  }
  return Uint32Array.from(found);
}

function keyOf(version: number): Buffer {
  return Buffer.from(`changed:${version}`);
}
