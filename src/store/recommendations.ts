import { expectVersion } from '../disk/codec.js';
import type { Directory, Table } from '../disk/directory.js';
import { dayMs } from '../model/action.js';
import type { ItemKey, UserKey } from '../model/item.js';
import type { LoggedRecommendation } from '../model/serving.js';

/**
 * What was recommended to whom.
 *
 * Table `recommendations`. Key: user u32, day u32 (since 1970), id 8 bytes, big-endian, so that the log of a user is one
 * range and a day of it another. Value: version u8, length u32, everything but the items as JSON of that length, then per
 * item: item u32, score f64, place of its interest in the list u16 (65,535 for none), reasons u8, each an item u32.
 * Little-endian.
 */
const version = 1;
const headAt = 5;
const itemBytes = 15;
export const noInterest = 0xffff;
const removeStep = 20_000;

export type RecommendationHead = Omit<LoggedRecommendation, 'items' | 'userId' | 'recommendationId'>;

/** Where the bytes of a recommendation are, ready to be stored. */
export interface RecommendationEntry {
  readonly userId: string;
  readonly recommendationId: string;
  /** Epoch ms. */
  readonly atMs: number;
  /** Place in the bytes of the block, from `RecommendedItems`. */
  readonly start: number;
  readonly end: number;
}

/** Some recommendations, their bytes in one piece. */
export interface RecommendationBlock {
  readonly entries: readonly RecommendationEntry[];
  readonly bytes: Uint8Array;
}

/** The same as columns, which go from thread to thread in a fraction of the time that as many objects take. */
export interface PackedRecommendations {
  readonly userIds: readonly string[];
  readonly recommendationIds: readonly string[];
  /** Of each `atMs`, `start` and `end`. */
  readonly numbers: Float64Array;
  readonly bytes: Uint8Array;
}

export function packRecommendations({ entries, bytes }: RecommendationBlock): PackedRecommendations {
  const numbers = new Float64Array(3 * entries.length);
  entries.forEach(({ atMs, start, end }, i) => {
    numbers[3 * i] = atMs;
    numbers[3 * i + 1] = start;
    numbers[3 * i + 2] = end;
  });
  const userIds = entries.map(({ userId }) => userId);
  const recommendationIds = entries.map(({ recommendationId }) => recommendationId);
  return { userIds, recommendationIds, numbers, bytes };
}

export function unpackRecommendations(packed: PackedRecommendations): RecommendationBlock {
  const { userIds, recommendationIds, numbers, bytes } = packed;
  const entries = userIds.map((userId, i) => ({
    userId,
    recommendationId: recommendationIds[i],
    atMs: numbers[3 * i],
    start: numbers[3 * i + 1],
    end: numbers[3 * i + 2],
  }));
  return { entries, bytes };
}

interface RecommendedItem {
  readonly item: ItemKey;
  readonly score: number;
  /** Of its interest in the list of the head; `noInterest` for none. */
  readonly place: number;
  readonly because: readonly ItemKey[];
}

/** Items of a recommendation as its value has them, one behind the other, in a buffer that is used again. */
export class RecommendedItems {
  private bytes = new Uint8Array(128 * itemBytes);
  private view = new DataView(this.bytes.buffer);
  private length = 0;

  clear(): void {
    this.length = 0;
  }

  add(item: ItemKey, score: number, place: number, because: readonly ItemKey[]): void {
    const at = this.length;
    const end = at + itemBytes + 4 * because.length;
    if (end > this.bytes.length) this.grow(end);
    const { view } = this;
    view.setUint32(at, item, true);
    view.setFloat64(at + 4, score, true);
    view.setUint16(at + 12, place, true);
    view.setUint8(at + 14, because.length);
    for (let i = 0; i < because.length; i++) view.setUint32(at + itemBytes + 4 * i, because[i], true);
    this.length = end;
  }

  private grow(bytes: number): void {
    const grown = new Uint8Array(2 * bytes);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  /** Of the whole value, with a head of so many bytes. */
  sizeWith(headBytes: number): number {
    return headAt + headBytes + this.length;
  }

  /** Writes the value to the beginning of `into`. `head`: a `RecommendationHead` as JSON. */
  writeWith(head: Uint8Array, into: Uint8Array): void {
    const view = new DataView(into.buffer, into.byteOffset, headAt);
    view.setUint8(0, version);
    view.setUint32(1, head.length, true);
    into.set(head, headAt);
    into.set(this.bytes.subarray(0, this.length), headAt + head.length);
  }
}

function decode(bytes: Buffer): { head: RecommendationHead; items: RecommendedItem[] } {
  expectVersion(bytes, version, 'recommendation');
  const length = bytes.readUInt32LE(1);
  const head = JSON.parse(bytes.toString('utf8', headAt, headAt + length)) as RecommendationHead;
  const items: RecommendedItem[] = [];
  for (let at = headAt + length; at < bytes.length; ) {
    const reasons = bytes[at + 14];
    items.push({
      item: bytes.readUInt32LE(at),
      score: bytes.readDoubleLE(at + 4),
      place: bytes.readUInt16LE(at + 12),
      because: Array.from({ length: reasons }, (_, i) => bytes.readUInt32LE(at + itemBytes + 4 * i)),
    });
    at += itemBytes + 4 * reasons;
  }
  return { head, items };
}

/** The log of recommendations of a data directory. */
export class RecommendationLog {
  private readonly directory: Directory;
  private readonly idOf: (item: ItemKey) => string;

  constructor(directory: Directory, idOf: (item: ItemKey) => string) {
    this.directory = directory;
    this.idOf = idOf;
  }

  /** `users`: the number of each entry's user. The same answer again replaces itself. Call inside `Directory.write`. */
  put({ entries, bytes }: RecommendationBlock, users: Uint32Array): void {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const [i, { recommendationId, atMs, start, end }] of entries.entries())
      this.table()?.putSync(keyOf(users[i], dayOf(atMs), recommendationId), all.subarray(start, end));
  }

  /** The newest of that id, or null. */
  find(user: UserKey, userId: string, recommendationId: string): LoggedRecommendation | null {
    if (!/^[0-9a-f]{16}$/.test(recommendationId)) return null;
    let found: LoggedRecommendation | null = null;
    for (const logged of this.of(user, userId))
      if (logged.recommendationId === recommendationId) found = logged;
    return found;
  }

  /** By day, oldest first. */
  *of(user: UserKey, userId: string): Iterable<LoggedRecommendation> {
    const range = { start: keyOf(user, 0, firstId), end: keyOf(user + 1, 0, firstId) };
    for (const { key, value } of this.table()?.getRange(range) ?? []) {
      const { head, items } = decode(value);
      yield {
        recommendationId: key.toString('hex', 8),
        userId,
        ...head,
        items: items.map(({ item, score, place, because }) => ({
          itemId: this.idOf(item),
          score,
          interestId: place === noInterest ? null : head.interests[place].interestId,
          ...(because.length > 0 ? { because: because.map(this.idOf) } : {}),
        })),
      };
    }
  }

  /** How many there are of a user. */
  removeUser(user: UserKey): number {
    const range = { start: keyOf(user, 0, firstId), end: keyOf(user + 1, 0, firstId) };
    const keys = [...(this.table()?.getKeys(range) ?? [])];
    for (const key of keys) this.table()?.removeSync(key);
    return keys.length;
  }

  /** Removes what is older than an instant, some at a time, each step durable. `users`: how many numbers are given. */
  *removeBefore(atMs: number, users: number): Iterable<number> {
    const before = dayOf(atMs);
    let keys: Buffer[] = [];
    const flush = (): number => {
      const removed = keys.length;
      this.directory.write(() => {
        for (const key of keys) this.table()?.removeSync(key);
      });
      keys = [];
      return removed;
    };
    for (let user = 0; user < users; user++) {
      const range = { start: keyOf(user, 0, firstId), end: keyOf(user, before, firstId) };
      for (const key of this.table()?.getKeys(range) ?? []) keys.push(key);
      if (keys.length >= removeStep) yield flush();
    }
    if (keys.length > 0) yield flush();
  }

  private table(): Table | undefined {
    return this.directory.tables.recommendations;
  }
}

const firstId = '0000000000000000';

function dayOf(atMs: number): number {
  return Math.max(0, Math.floor(atMs / dayMs));
}

function keyOf(user: UserKey, day: number, id: string): Buffer {
  const key = Buffer.alloc(16);
  key.writeUIntBE(user, 0, 4);
  key.writeUInt32BE(day, 4);
  key.write(id, 8, 'hex');
  return key;
}
