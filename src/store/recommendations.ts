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
const noInterest = 0xffff;
const removeStep = 20_000;

export type RecommendationHead = Omit<LoggedRecommendation, 'items' | 'userId' | 'recommendationId'>;

/** Where the bytes of a recommendation are, ready to be stored. */
export interface RecommendationEntry {
  readonly userId: string;
  readonly recommendationId: string;
  /** Epoch ms. */
  readonly atMs: number;
  /** Place in the bytes of the block, from `encodeRecommendation`. */
  readonly start: number;
  readonly end: number;
}

/** Some recommendations, their bytes in one piece. */
export interface RecommendationBlock {
  readonly entries: readonly RecommendationEntry[];
  readonly bytes: Uint8Array;
}

export interface RecommendedItem {
  readonly item: ItemKey;
  readonly score: number;
  readonly interestId: string | null;
  readonly because: readonly ItemKey[];
}

/** Writes to `into` from `start` on, which has room for `recommendationBytes`; returns where it ends. */
export function encodeRecommendation(
  head: Buffer,
  interests: readonly { readonly interestId: string }[],
  items: readonly RecommendedItem[],
  into: Buffer,
  start: number,
): number {
  into[start] = version;
  into.writeUInt32LE(head.length, start + 1);
  head.copy(into, start + headAt);
  let at = start + headAt + head.length;
  for (const { item, score, interestId, because } of items) {
    into.writeUInt32LE(item, at);
    into.writeDoubleLE(score, at + 4);
    into.writeUInt16LE(placeOf(interests, interestId), at + 12);
    into[at + 14] = because.length;
    at += 15;
    for (const own of because) at = into.writeUInt32LE(own, at);
  }
  return at;
}

export function recommendationBytes(head: Buffer, items: readonly RecommendedItem[]): number {
  return items.reduce((sum, { because }) => sum + 15 + 4 * because.length, headAt + head.length);
}

export function encodeHead(head: RecommendationHead): Buffer {
  return Buffer.from(JSON.stringify(head));
}

function placeOf(interests: readonly { readonly interestId: string }[], interestId: string | null): number {
  if (interestId !== null)
    for (let place = 0; place < interests.length; place++)
      if (interests[place].interestId === interestId) return place;
  return noInterest;
}

function decode(bytes: Buffer): { head: RecommendationHead; items: RecommendedItem[] } {
  expectVersion(bytes, version, 'recommendation');
  const length = bytes.readUInt32LE(1);
  const head = JSON.parse(bytes.toString('utf8', headAt, headAt + length)) as RecommendationHead;
  const items: RecommendedItem[] = [];
  for (let at = headAt + length; at < bytes.length; ) {
    const place = bytes.readUInt16LE(at + 12);
    const reasons = bytes[at + 14];
    items.push({
      item: bytes.readUInt32LE(at),
      score: bytes.readDoubleLE(at + 4),
      interestId: place === noInterest ? null : head.interests[place].interestId,
      because: Array.from({ length: reasons }, (_, i) => bytes.readUInt32LE(at + 15 + 4 * i)),
    });
    at += 15 + 4 * reasons;
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
        items: items.map(({ item, because, ...rest }) => ({
          itemId: this.idOf(item),
          ...rest,
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
