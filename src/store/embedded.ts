import { expectVersion, viewOf } from '../disk/codec.js';
import type { Directory } from '../disk/directory.js';
import { IdTable } from '../disk/ids.js';
import { PinnersageError } from '../errors.js';
import type { UserKey } from '../model/item.js';
import type { Interest, Profile } from '../model/profile.js';
import { bundleOf, eachProfile, placesOf, profileIn, profileKey } from './bundle.js';
import { decodeProfile, interestsAt, type StoredProfile } from './codec.js';
import { PendingProfiles } from './pending.js';
import type {
  Generation,
  GenerationWriter,
  NewGeneration,
  Popularity,
  ProfileStore,
  ProfileVisitor,
} from './profiles.js';

/** Entries to a commit. */
const removeStep = 2000;

/** Generations are numbered upwards and written by rising user: pages are filled whole, and not searched. */
const asLast = { append: true } as const;

function outOfOrder(user: UserKey, last: UserKey): PinnersageError {
  return new PinnersageError('internal', `profiles: got user ${user}, expected one above ${last}`);
}

/** What `meta` holds of generations: the current one of each space. */
interface GenerationTable {
  readonly last: number;
  readonly current: { readonly [space: string]: Generation };
}

/**
 * Profiles of one space in the data directory, under (generation, first user of a bundle). Each space has its own current
 * generation, so that switching to another space and back needs no new batch.
 */
export class EmbeddedProfileStore implements ProfileStore {
  private readonly directory: Directory;
  private readonly space: string;

  constructor(directory: Directory, space: string) {
    this.directory = directory;
    this.space = space;
  }

  current(): Generation | null {
    const { current } = this.table();
    return Object.hasOwn(current, this.space) ? current[this.space] : null;
  }

  get(user: UserKey): Profile | null {
    const generation = this.current();
    const stored = generation && this.stored(generation, user);
    if (!generation || !stored || stored.interests.length === 0) return null;
    const { space, configHash, asOf, maxSeq, lambda } = generation;
    return { space, configHash, asOf, maxSeq, interests: interestsAt(stored, asOf, lambda) };
  }

  stored(generation: Generation, user: UserKey): StoredProfile | null {
    const { profiles } = this.directory.tables;
    for (const number of layersOf(generation))
      for (const first of placesOf(user)) {
        const entry = profiles.get(profileKey(number, first));
        const bytes = entry && profileIn(first, entry, user);
        if (bytes) return decodeProfile(bytes);
      }
    return null;
  }

  visit(generation: Generation, from: UserKey, to: UserKey, visit: ProfileVisitor): void {
    const seen = new Set<UserKey>();
    const scan = this.directory.borrow('profiles');
    for (const number of layersOf(generation)) {
      const isBase = number === generation.base;
      scan(rangeOf(number, bundleOf(from), to), ({ key, keyAt, value, valueLength }) => {
        const entry = new DataView(value.buffer, value.byteOffset, valueLength);
        eachProfile(key.getUint32(keyAt + 4), entry, (user, start, end) => {
          if (user < from || user >= to || seen.has(user)) return;
          if (!isBase) seen.add(user);
          visit(user, new DataView(value.buffer, value.byteOffset + start, end - start), number);
        });
      });
    }
  }

  *all(): Iterable<{ readonly user: UserKey; readonly interests: readonly Interest[] }> {
    const generation = this.current();
    if (!generation) return;
    for (const { user, bytes } of this.entries(generation)) {
      const interests = interestsAt(decodeProfile(bytes), generation.asOf, generation.lambda);
      if (interests.length > 0) yield { user, interests };
    }
  }

  /** By rising user. */
  private *entries({ number, base }: Generation): Generator<Entry, void> {
    const own = this.layer(number);
    const under = typeof base === 'number' ? this.layer(base) : none();
    // Both are begun at once, so that they see the same state.
    let [a, b] = [own.next(), under.next()];
    while (!a.done || !b.done) {
      if (!a.done && (b.done || a.value.user <= b.value.user)) {
        if (!b.done && b.value.user === a.value.user) b = under.next();
        yield a.value;
        a = own.next();
      } else if (!b.done) {
        yield b.value;
        b = under.next();
      }
    }
  }

  private *layer(number: number): Generator<Entry, void> {
    for (const { key, value } of this.directory.tables.profiles.getRange(rangeOf(number))) {
      const found: Entry[] = [];
      eachProfile(key.readUInt32BE(4), viewOf(value), (user, start, end) => {
        found.push({ user, bytes: value.subarray(start, end) });
      });
      yield* found;
    }
  }

  popularity(): Popularity | null {
    const generation = this.current();
    const bytes = generation && this.directory.tables.meta.get(popularityKey(generation.number));
    return bytes ? decodePopularity(bytes) : null;
  }

  begin(about: NewGeneration, base: number | null = null): GenerationWriter {
    this.removeLeftovers();
    const number = this.table().last + 1;
    const pending = new PendingProfiles();
    let written = 0;
    let last = -1;
    return {
      put: (block) => {
        const { users } = block;
        // Appended out of order, an entry would be passed over without a word.
        if (users.length > 0 && users[0] <= last) throw outOfOrder(users[0], last);
        last = users.at(-1) ?? last;
        if (!pending.hasRoomFor(block)) this.putAll(number, pending, false);
        pending.add(block);
        written += users.length;
      },
      commit: (popularity, users) => {
        this.putAll(number, pending, true);
        const generation: Generation = { number, base, written, space: this.space, ...about, users };
        this.replace(generation, popularity);
        return generation;
      },
      abort: () => this.remove(number),
    };
  }

  private replace(generation: Generation, popularity: Popularity): void {
    const before = this.current();
    this.directory.write(() => {
      const { meta } = this.directory.tables;
      meta.putSync(popularityKey(generation.number), encodePopularity(popularity));
      const current = { ...this.table().current, [this.space]: generation };
      this.directory.writeMeta('generations', { last: generation.number, current } satisfies GenerationTable);
      if (before) meta.removeSync(popularityKey(before.number));
    });
    for (const number of before ? layersOf(before) : [])
      if (!layersOf(generation).includes(number)) this.remove(number);
  }

  moveTo(from: number, to: number): void {
    const { last, current } = this.table();
    const generation = this.current();
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
    for (const number of before ? layersOf(before) : []) this.remove(number);
  }

  private table(): GenerationTable {
    return this.directory.readMeta<GenerationTable>('generations') ?? { last: 0, current: {} };
  }

  /** What killed runs left behind. */
  private removeLeftovers(): void {
    const current = new Set(Object.values(this.table().current).flatMap(layersOf));
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

  /** Without users who were erased since their profiles were computed. */
  private putAll(number: number, pending: PendingProfiles, atEnd: boolean): void {
    const { profiles } = this.directory.tables;
    const ids = new IdTable(this.directory, 'user');
    const key = profileKey(number, 0);
    this.directory.write(() => {
      const anyErased = this.directory.readMeta('erasureKey') !== null;
      const isErased = (user: UserKey): boolean => anyErased && ids.isErased(user);
      pending.take(atEnd, isErased, (first, bytes) => {
        key.writeUInt32BE(first, 4);
        profiles.putSync(key, bytes, asLast);
      });
    });
  }

  private remove(number: number): void {
    const { profiles, meta } = this.directory.tables;
    const range = rangeOf(number);
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

/** The numbers under which a generation's profiles lie, the one that counts first. */
function layersOf({ number, base }: Generation): number[] {
  return typeof base === 'number' ? [number, base] : [number];
}

interface Entry {
  readonly user: UserKey;
  readonly bytes: Buffer;
}

function* none(): Generator<never, void> {}

/** Keys of users `from … to−1` of a generation. */
function rangeOf(number: number, from: UserKey = 0, to: UserKey = 2 ** 32): { start: Buffer; end: Buffer } {
  const end = to > 0xffffffff ? profileKey(number + 1, 0) : profileKey(number, to);
  return { start: profileKey(number, from), end };
}

const popularityKey = (generation: number): Buffer => Buffer.from(`popularity:${generation}`);

/** Layout: version u8 and 7 bytes of padding, then per item: item u32, score f64. */
function encodePopularity({ items, scores }: Popularity): Buffer {
  const bytes = Buffer.alloc(8 + 12 * items.length);
  bytes[0] = 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < items.length; i++) {
    view.setUint32(8 + 12 * i, items[i], true);
    view.setFloat64(12 + 12 * i, scores[i], true);
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
