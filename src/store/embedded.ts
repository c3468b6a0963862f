import { expectVersion } from '../disk/codec.js';
import type { Directory } from '../disk/directory.js';
import type { UserKey } from '../model/item.js';
import type { Interest, Profile } from '../model/profile.js';
import { decodeInterests, type StoredInterests } from './codec.js';
import type { Generation, GenerationWriter, Popularity, ProfileEntry, ProfileStore } from './profiles.js';

const removeStep = 20_000;
/** Profiles to a commit. */
const putStep = 8_192;

/** What `meta` holds of generations: the current one of each space. */
interface GenerationTable {
  readonly last: number;
  readonly current: { readonly [space: string]: Generation };
}

/**
 * Profiles of one space in the data directory, under (generation, user). Each space has its own current generation, so
 * that switching to another space and back needs no new batch.
 */
export class EmbeddedProfileStore implements ProfileStore {
  private readonly directory: Directory;
  private readonly space: string;

  constructor(directory: Directory, space: string) {
    this.directory = directory;
    this.space = space;
  }

  current(): Generation | null {
    return this.table().current[this.space] ?? null;
  }

  get(user: UserKey): Profile | null {
    const generation = this.current();
    const stored = generation && this.stored(generation, user);
    if (!generation || !stored) return null;
    const { space, configHash, asOf, maxSeq } = generation;
    return { space, configHash, asOf, maxSeq, interests: stored.interests };
  }

  stored(generation: Generation, user: UserKey): StoredInterests | null {
    const bytes = this.directory.tables.profiles.get(profileKey(generation.number, user));
    return bytes ? decodeInterests(bytes) : null;
  }

  *all(): Iterable<{ readonly user: UserKey; readonly interests: readonly Interest[] }> {
    const generation = this.current();
    if (!generation) return;
    const { number } = generation;
    const range = { start: profileKey(number, 0), end: profileKey(number + 1, 0) };
    for (const { key, value } of this.directory.tables.profiles.getRange(range))
      yield { user: key.readUInt32BE(4), interests: decodeInterests(value).interests };
  }

  popularity(): Popularity | null {
    const generation = this.current();
    const bytes = generation && this.directory.tables.meta.get(popularityKey(generation.number));
    return bytes ? decodePopularity(bytes) : null;
  }

  begin(about: Omit<Generation, 'number' | 'users' | 'space'>): GenerationWriter {
    this.removeLeftovers();
    const number = this.table().last + 1;
    let users = 0;
    let pending: ProfileEntry[] = [];
    const flush = (): void => {
      this.putAll(number, pending);
      pending = [];
    };
    return {
      put: (entries) => {
        for (const entry of entries) pending.push(entry);
        users += entries.length;
        if (pending.length >= putStep) flush();
      },
      commit: (popularity) => {
        flush();
        const before = this.current();
        const generation: Generation = { number, space: this.space, ...about, users };
        this.directory.write(() => {
          this.directory.tables.meta.putSync(popularityKey(number), encodePopularity(popularity));
          const current = { ...this.table().current, [this.space]: generation };
          this.directory.writeMeta('generations', { last: number, current } satisfies GenerationTable);
        });
        if (before) this.remove(before.number);
        return generation;
      },
      abort: () => this.remove(number),
    };
  }

  moveTo(from: number, to: number): void {
    const { last, current } = this.table();
    const generation = current[this.space];
    if (generation?.spaceGeneration !== from) return;
    const moved = { ...current, [this.space]: { ...generation, spaceGeneration: to } };
    this.directory.writeMeta('generations', { last, current: moved } satisfies GenerationTable);
  }

  drop(): void {
    const before = this.current();
    this.directory.write(() => {
      const { last, current } = this.table();
      const { [this.space]: _, ...others } = current;
      this.directory.writeMeta('generations', { last, current: others } satisfies GenerationTable);
    });
    if (before) this.remove(before.number);
  }

  private table(): GenerationTable {
    return this.directory.readMeta<GenerationTable>('generations') ?? { last: 0, current: {} };
  }

  /** What killed runs left behind. */
  private removeLeftovers(): void {
    const current = new Set(Object.values(this.table().current).map(({ number }) => number));
    for (const left of this.numbers()) if (!current.has(left)) this.remove(left);
  }

  /** Every generation of which anything is stored. */
  private numbers(): number[] {
    const found: number[] = [];
    const { profiles } = this.directory.tables;
    for (let start = profileKey(0, 0); ; start = profileKey((found.at(-1) as number) + 1, 0)) {
      const [key] = [...profiles.getKeys({ start, limit: 1 })];
      if (!key) return found;
      found.push(key.readUInt32BE(0));
    }
  }

  private putAll(number: number, entries: readonly ProfileEntry[]): void {
    this.directory.write(() => {
      for (const { user, bytes } of entries)
        this.directory.tables.profiles.putSync(profileKey(number, user), asBuffer(bytes));
    });
  }

  private remove(number: number): void {
    const { profiles, meta } = this.directory.tables;
    const range = { start: profileKey(number, 0), end: profileKey(number + 1, 0) };
    for (let removed = removeStep; removed === removeStep; ) {
      const keys = [...profiles.getKeys({ ...range, limit: removeStep })];
      this.directory.write(() => {
        for (const key of keys) profiles.removeSync(key);
      });
      removed = keys.length;
    }
    this.directory.write(() => meta.removeSync(popularityKey(number)));
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function profileKey(generation: number, user: UserKey): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeUInt32BE(generation, 0);
  key.writeUInt32BE(user, 4);
  return key;
}

const popularityKey = (generation: number): Buffer => Buffer.from(`popularity:${generation}`);

/** Layout: version u8 and 7 bytes of padding, then per item: item u32, score f64. */
function encodePopularity({ items, scores }: Popularity): Buffer {
  const bytes = Buffer.alloc(8 + 12 * items.length);
  bytes[0] = 1;
  for (let i = 0; i < items.length; i++) {
    bytes.writeUInt32LE(items[i], 8 + 12 * i);
    bytes.writeDoubleLE(scores[i], 12 + 12 * i);
  }
  return bytes;
}

function decodePopularity(bytes: Buffer): Popularity {
  expectVersion(bytes, 1, 'popularity list');
  const count = (bytes.length - 8) / 12;
  const items = new Uint32Array(count);
  const scores = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    items[i] = bytes.readUInt32LE(8 + 12 * i);
    scores[i] = bytes.readDoubleLE(12 + 12 * i);
  }
  return { items, scores };
}
