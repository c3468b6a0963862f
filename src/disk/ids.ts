import { PinnersageError, shown } from '../errors.js';
import type { JsonValue, Metadata } from '../model/item.js';
import { wholeTable } from './borrow.js';
import { expectVersion, u32Key } from './codec.js';
import type { Directory, Table, TableName } from './directory.js';

/** What is kept under a number: the id it stands for and whatever its owner says of it. */
export interface IdRecord {
  readonly id: string;
  readonly flags: number;
  readonly metadata: Metadata;
}

/** Flag of a number whose id was erased. */
const erased = 0x80;
const recordVersion = 1;
const cacheLimit = 400_000;
/** Ids of this many consecutive numbers are read at once. */
const blockIds = 256;
/** Blocks that are remembered, of four million ids at most. */
const mostBlocks = 16_384;
const maxIdBytes = 256;

/** null where `id` may be used, else what is wrong with it. */
export function idProblem(id: unknown): string | null {
  if (typeof id !== 'string') return `got ${shown(id)}, expected a string`;
  if (id.length === 0) return 'got an empty id, expected 1 to 256 UTF-8 bytes';
  if (id.length > maxIdBytes || Buffer.byteLength(id) > maxIdBytes)
    return `got an id of ${Buffer.byteLength(id)} bytes ("${id.slice(0, 24)}…"), expected 1 to ${maxIdBytes}`;
  return id.isWellFormed() ? null : 'got an id that is not valid Unicode';
}

export function checkId(id: unknown, what: string): void {
  const problem = idProblem(id);
  if (problem) throw new PinnersageError('id-invalid', `${what}: ${problem}`);
}

/**
 * Ids ↔ u32, both ways, each number given once and never reused. Numbers are dense from 0, so `count()` bounds them.
 * Iterating the forward table goes in byte order of the ids, which is what algorithm.md §1 sorts by.
 */
export class IdTable {
  private readonly directory: Directory;
  private readonly forward: Table;
  private readonly records: Table;
  private readonly forwardTable: TableName;
  private readonly recordTable: TableName;
  private readonly counter: string;
  /** Whether nobody else can take a number back: an erased user who returns has another one. */
  private readonly remembers: boolean;
  private readonly cache = new Map<string, number>();
  private readonly names = new Map<number, readonly (string | undefined)[]>();

  constructor(directory: Directory, kind: 'item' | 'user') {
    this.directory = directory;
    this.forwardTable = kind === 'item' ? 'itemIds' : 'userIds';
    this.recordTable = kind === 'item' ? 'items' : 'users';
    this.forward = directory.tables[this.forwardTable];
    this.records = directory.tables[this.recordTable];
    this.counter = kind === 'item' ? 'nextItem' : 'nextUser';
    this.remembers = kind === 'item' || !directory.readOnly;
  }

  count(): number {
    return this.directory.readMeta<number>(this.counter) ?? 0;
  }

  find(id: string): number | null {
    const cached = this.cache.get(id);
    if (cached !== undefined) return cached;
    const bytes = id.length > 0 ? this.forward.get(Buffer.from(id)) : undefined;
    if (!bytes) return null;
    return this.remember(id, bytes.readUInt32BE());
  }

  /** Numbers for valid ids, new ones where there are none. Call inside `Directory.write`. */
  ensureAll(ids: readonly string[]): Uint32Array {
    const keys = new Uint32Array(ids.length);
    const first = this.count();
    let next = first;
    for (let i = 0; i < ids.length; i++) {
      const found = this.find(ids[i]);
      keys[i] = found ?? next;
      if (found !== null) continue;
      this.forward.putSync(Buffer.from(ids[i]), u32Key(next));
      this.records.putSync(u32Key(next), encodeRecord({ id: ids[i], flags: 0, metadata: {} }));
      this.remember(ids[i], next++);
    }
    if (next !== first) this.directory.writeMeta(this.counter, next);
    return keys;
  }

  /** Forget what was remembered, after a transaction that threw. */
  forget(): void {
    this.cache.clear();
    this.names.clear();
  }

  read(key: number): IdRecord | null {
    const bytes = this.records.get(u32Key(key));
    return bytes ? decodeRecord(bytes) : null;
  }

  /** The id alone; where it cannot be erased by others, it is remembered together with those of its neighbours. */
  idOf(key: number): string {
    if (!this.remembers) return this.readId(key);
    const [block, place] = [Math.floor(key / blockIds), key % blockIds];
    return this.names.get(block)?.[place] ?? this.readNames(block)[place] ?? this.readId(key);
  }

  private readId(key: number): string {
    const bytes = this.records.get(u32Key(key));
    if (!bytes)
      throw new PinnersageError('data-damaged', `no id is stored for number ${key} (${this.counter})`);
    return decodeId(bytes);
  }

  /** The ids of numbers `first … end−1`, in one look; nothing where there is none. */
  idsOf(first: number, end: number): readonly (string | undefined)[] {
    const ids: string[] = [];
    const range = { start: u32Key(first), end: end > 0xffffffff ? wholeTable.end : u32Key(end) };
    this.directory.borrow(this.recordTable)(range, ({ key, keyAt, value, valueLength }) => {
      const record = Buffer.from(value.buffer, value.byteOffset, valueLength);
      ids[key.getUint32(keyAt) - first] = decodeId(record);
    });
    return ids;
  }

  private readNames(block: number): readonly (string | undefined)[] {
    const first = block * blockIds;
    const names = this.idsOf(first, first + blockIds);
    if (this.names.size >= mostBlocks) this.names.clear();
    this.names.set(block, names);
    return names;
  }

  /** Call inside `Directory.write`. */
  write(key: number, record: IdRecord): void {
    this.records.putSync(u32Key(key), encodeRecord(record));
  }

  /** Forgets an id for good; its number stays used up. Call inside `Directory.write`. */
  erase(id: string, key: number): void {
    this.forward.removeSync(Buffer.from(id));
    this.records.putSync(u32Key(key), encodeRecord({ id: '', flags: erased, metadata: {} }));
    this.cache.delete(id);
    this.names.delete(Math.floor(key / blockIds));
  }

  /** Whether the id of this number was erased. */
  isErased(key: number): boolean {
    return ((this.records.get(u32Key(key))?.[1] ?? 0) & erased) !== 0;
  }

  /** All records by rising number, from `start` on. */
  *all(start = 0): Iterable<{ readonly key: number; readonly record: IdRecord }> {
    for (const { key, value } of this.records.getRange({ start: u32Key(start) })) {
      yield { key: key.readUInt32BE(), record: decodeRecord(value) };
    }
  }

  /** Visits numbers and flags alone, without parsing the rest. Read nothing else of the directory meanwhile. */
  eachFlags(visit: (key: number, flags: number) => void): void {
    this.directory.borrow(this.recordTable)(wholeTable, ({ key, keyAt, value }) =>
      visit(key.getUint32(keyAt), value.getUint8(1)),
    );
  }

  /** rank[number] = place of the id in byte order, from 0. Time O(ids). */
  ranks(): Uint32Array {
    const rank = new Uint32Array(new SharedArrayBuffer(4 * this.count()));
    let place = 0;
    this.directory.borrow(this.forwardTable)(wholeTable, ({ value }) => {
      const key = value.getUint32(0);
      if (key < rank.length) rank[key] = place++;
    });
    return rank;
  }

  private remember(id: string, key: number): number {
    if (!this.remembers) return key;
    if (this.cache.size >= cacheLimit) this.cache.clear();
    this.cache.set(id, key);
    return key;
  }
}

/** Layout: version u8, flags u8, id length u16, id, metadata JSON (nothing where empty). */
function encodeRecord({ id, flags, metadata }: IdRecord): Buffer {
  const text = Object.keys(metadata).length > 0 ? JSON.stringify(metadata) : '';
  const idBytes = Buffer.byteLength(id);
  const bytes = Buffer.allocUnsafe(4 + idBytes + Buffer.byteLength(text));
  bytes[0] = recordVersion;
  bytes[1] = flags;
  bytes.writeUInt16LE(idBytes, 2);
  bytes.write(id, 4);
  bytes.write(text, 4 + idBytes);
  return bytes;
}

function decodeId(bytes: Buffer): string {
  expectVersion(bytes, recordVersion, 'id record');
  return bytes.toString('utf8', 4, 4 + bytes.readUInt16LE(2));
}

function decodeRecord(bytes: Buffer): IdRecord {
  const id = decodeId(bytes);
  const from = 4 + bytes.readUInt16LE(2);
  const metadata =
    bytes.length > from ? (JSON.parse(bytes.toString('utf8', from)) as { [k: string]: JsonValue }) : {};
  return { id, flags: bytes[1], metadata };
}
