import { expectVersion } from '../disk/codec.js';
import type { Directory } from '../disk/directory.js';

/** How a refinement was made. */
export interface RefinementRules {
  /** Rows of at least this cosine were near-duplicates; null where they were not looked for. */
  readonly duplicatesCosine: number | null;
  /** The metadata field by which the better of two was chosen. */
  readonly qualityField: string;
  /** Items with less were left out; null for no floor. */
  readonly qualityFloor: number | null;
}

export interface RefinementSummary extends RefinementRules {
  /** Rows that were looked at: all live ones. */
  readonly considered: number;
  readonly duplicates: number;
  readonly lowQuality: number;
}

/** Rows of one generation of a space that candidates do not come from. */
export interface Refinement {
  readonly summary: RefinementSummary;
  readonly rows: Uint32Array;
  /** Parallel to `rows`: the row kept instead, −1 where the quality was too low. */
  readonly keepers: Int32Array;
  /** Parallel to `rows`: the cosine to the keeper, or the quality. */
  readonly values: Float64Array;
}

export interface SpaceGeneration {
  readonly id: number;
  readonly generation: number;
}

const version = 1;
const headBytes = 8;
const entryBytes = 16;

const prefixOf = (id: number): string => `refined:${id}:`;
const keyOf = ({ id, generation }: SpaceGeneration): Buffer => Buffer.from(`${prefixOf(id)}${generation}`);

/**
 * Which of the rows left out are so now: a duplicate whose keeper was deleted or replaced comes back, and a row that
 * is no longer its item's is out anyhow.
 */
export function isLeftOut({ rows, keepers }: Refinement, at: number, live: Uint8Array): boolean {
  return live[rows[at]] === 1 && (keepers[at] < 0 || live[keepers[at]] === 1);
}

/** `live` without what is left out; the same array where nothing is. */
export function withoutLeftOut(refinement: Refinement | null, live: Uint8Array): Uint8Array {
  if (!refinement || refinement.rows.length === 0) return live;
  const kept = new Uint8Array(new SharedArrayBuffer(live.length));
  kept.set(live);
  refinement.rows.forEach((row, at) => {
    if (isLeftOut(refinement, at, live)) kept[row] = 0;
  });
  return kept;
}

export function readRefinement(directory: Directory, space: SpaceGeneration): Refinement | null {
  const bytes = directory.tables.meta.get(keyOf(space));
  if (!bytes) return null;
  expectVersion(bytes, version, 'refinement');
  const start = headBytes + bytes.readUInt32LE(4);
  const summary = JSON.parse(bytes.toString('utf8', headBytes, start)) as RefinementSummary;
  const count = (bytes.length - start) / entryBytes;
  const rows = new Uint32Array(count);
  const keepers = new Int32Array(count);
  const values = new Float64Array(count);
  for (let i = 0, at = start; i < count; i++, at += entryBytes) {
    rows[i] = bytes.readUInt32LE(at);
    keepers[i] = bytes.readInt32LE(at + 4);
    values[i] = bytes.readDoubleLE(at + 8);
  }
  return { summary, rows, keepers, values };
}

/** Stores it in place of what was there; null takes it back. Call inside `Directory.write`. */
export function writeRefinement(
  directory: Directory,
  space: SpaceGeneration,
  refinement: Refinement | null,
): void {
  const { meta } = directory.tables;
  if (refinement) meta.putSync(keyOf(space), encode(refinement));
  else meta.removeSync(keyOf(space));
}

/** Renumbers the refinement of a generation for the next one, which has its rows with `keep` 1. Call inside `write`. */
export function moveRefinement(
  directory: Directory,
  space: SpaceGeneration,
  next: number,
  keep: Uint8Array,
): void {
  const refinement = readRefinement(directory, space);
  if (!refinement) return;
  const { summary, rows, keepers, values } = refinement;
  const numbers = new Int32Array(keep.length);
  for (let row = 0, number = 0; row < keep.length; row++) numbers[row] = keep[row] ? number++ : -1;
  const stays = (at: number): boolean => keep[rows[at]] === 1 && (keepers[at] < 0 || keep[keepers[at]] === 1);
  const kept = [...rows.keys()].filter(stays); // where the keeper went, what it kept out is back already
  writeRefinement(directory, space, null);
  writeRefinement(
    directory,
    { id: space.id, generation: next },
    {
      summary,
      rows: Uint32Array.from(kept, (at) => numbers[rows[at]]),
      keepers: Int32Array.from(kept, (at) => (keepers[at] < 0 ? -1 : numbers[keepers[at]])),
      values: Float64Array.from(kept, (at) => values[at]),
    },
  );
}

/** Forgets those of all generations of a space before `first`. Call inside `Directory.write`. */
export function removeRefinements(directory: Directory, id: number, first: number): void {
  const { meta } = directory.tables;
  const prefix = prefixOf(id);
  const keys = [...meta.getKeys({ start: Buffer.from(prefix), end: Buffer.from(`${prefix}:`) })];
  for (const key of keys) if (Number(key.toString().slice(prefix.length)) < first) meta.removeSync(key);
}

/** Layout: version u8, 3 zero bytes, JSON length u32, JSON; per row: row u32, keeper i32, value f64; little-endian. */
function encode({ summary, rows, keepers, values }: Refinement): Buffer {
  const json = Buffer.from(JSON.stringify(summary));
  const start = headBytes + json.length;
  const bytes = Buffer.alloc(start + rows.length * entryBytes);
  bytes[0] = version;
  bytes.writeUInt32LE(json.length, 4);
  json.copy(bytes, headBytes);
  for (let i = 0, at = start; i < rows.length; i++, at += entryBytes) {
    bytes.writeUInt32LE(rows[i], at);
    bytes.writeInt32LE(keepers[i], at + 4);
    bytes.writeDoubleLE(values[i], at + 8);
  }
  return bytes;
}
