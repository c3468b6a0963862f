import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Erased } from '../../src/actions/erased.js';
import { viewOf } from '../../src/disk/codec.js';
import { openDirectory } from '../../src/disk/directory.js';
import { IdTable } from '../../src/disk/ids.js';
import type { Interest } from '../../src/model/profile.js';
import { BlockBuilder, blockOf } from '../../src/store/block.js';
import {
  decodeProfile,
  encodeProfile,
  leftOutReasons,
  nothingLeftOut,
  ProfileView,
} from '../../src/store/codec.js';
import { EmbeddedProfileStore } from '../../src/store/embedded.js';
import { tempDir } from '../helpers/temp.js';

const interest = (medoid: number, importance: number): Interest => ({
  id: `00000000deadbee${medoid}`,
  medoid,
  importance,
  size: 2,
  lastActionAt: 1.7e12 + medoid,
  members: Uint32Array.of(medoid, 9),
  counts: Uint32Array.of(3, 1),
});

const day = 86_400_000;
const basis = '0123456789abcdef';
const about = {
  spaceGeneration: 1,
  configHash: 'c',
  conditions: 'd',
  rows: 5,
  lambda: 0.01,
  asOf: 1000,
  maxSeq: 7,
};
const popularity = { items: Uint32Array.of(4, 2), scores: Float64Array.of(1.5, 0.25) };

const profile = (...interests: readonly Interest[]) => ({
  basis,
  weighedAt: 1000,
  changesAt: 2e12,
  leftOut: { role: 1, afterAsOf: 2, outsideWindow: 3, unembedded: 4, truncated: 5 },
  interests,
  weights: Float32Array.from(
    interests.flatMap(({ members }) => [...members]),
    (item) => item / 4,
  ),
});
const block = (user: number, ...interests: readonly Interest[]) =>
  blockOf([[user, encodeProfile(profile(...interests))]]);

async function openStore() {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  return { directory, store: new EmbeddedProfileStore(directory, 's') };
}

test('a profile survives encoding, and is read in place as it is decoded', () => {
  for (const one of [profile(interest(1, 2.5), interest(2, 0)), profile()]) {
    const bytes = encodeProfile(one);
    const weights = one.interests.map(({ members }) => Float32Array.from(members, (item) => item / 4));
    expect(decodeProfile(bytes)).toEqual({ ...one, weights });
    const view = new ProfileView();
    expect(view.set(viewOf(bytes))).toBe(true);
    expect(view.interests).toBe(one.interests.length);
    expect(view.weighedAt).toBe(1000);
    expect(view.changesAt).toBe(2e12);
    expect(leftOutReasons.map((_, reason) => view.leftOut(reason))).toEqual([1, 2, 3, 4, 5]);
    const members: (readonly [number, number])[] = [];
    view.eachMember((item, weight) => members.push([item, weight]));
    expect(members).toEqual(
      one.interests.flatMap(({ members: items }) => Array.from(items, (item) => [item, item / 4])),
    );
  }
});

test('the members of a profile are added up as Math.round rounds each', () => {
  // On both sides of every half: the largest number below it, itself, the smallest above it.
  const halves = [0, 0.5, 1, 1.5, 2, 2.5, 1e6 + 0.5, 2 ** 22 + 0.5, 2 ** 23 - 0.5];
  const around = halves.flatMap((half) =>
    [1 - 2 ** -24, 1, 1 + 2 ** -23].map((by) => Math.fround(half * by)),
  );
  const factors = [1, 0.1, 1 / 3, 2 ** 20, 1 - 2 ** -53, Math.exp(-0.01)];
  const members = Uint32Array.from(around, (_, item) => item);
  const one = {
    ...profile({ ...interest(1, 1), members, counts: members }),
    weights: Float32Array.from(around),
  };
  const view = new ProfileView();
  expect(view.set(viewOf(encodeProfile(one)))).toBe(true);
  for (const factor of factors) {
    const sums = new Float64Array(members.length).fill(3);
    view.addMembers(sums, factor);
    expect(Array.from(sums)).toEqual(around.map((weight) => 3 + Math.round(weight * factor)));
  }
});

/** The bytes that older versions wrote of one interest. */
function older(
  version: 1 | 2,
  { id, medoid, size, importance, lastActionAt, members, counts }: Interest,
): Buffer {
  const bytes = Buffer.alloc(47 + 8 * members.length);
  bytes[0] = 2;
  bytes.writeUInt16LE(1, 1);
  bytes.write(basis, 3, 'hex');
  bytes.write(id, 11, 'hex');
  bytes.writeUInt32LE(medoid, 19);
  bytes.writeUInt32LE(size, 23);
  bytes.writeDoubleLE(importance, 27);
  bytes.writeDoubleLE(lastActionAt, 35);
  bytes.writeUInt32LE(members.length, 43);
  members.forEach((member, i) => {
    bytes.writeUInt32LE(member, 47 + 8 * i);
    bytes.writeUInt32LE(counts[i], 51 + 8 * i);
  });
  return version === 2 ? bytes : Buffer.concat([Buffer.of(1), bytes.subarray(1, 3), bytes.subarray(11)]);
}

test.each([1, 2] as const)('a profile of format %i is read, and must be made anew', (version) => {
  const bytes = older(version, interest(1, 2.5));
  expect(decodeProfile(bytes)).toEqual({
    basis: version === 1 ? null : basis,
    weighedAt: null,
    changesAt: Number.NEGATIVE_INFINITY,
    leftOut: nothingLeftOut,
    interests: [interest(1, 2.5)],
    weights: [new Float32Array(0)],
  });
  expect(new ProfileView().set(viewOf(bytes))).toBe(false);
});

test('a profile of format 3 is read as it was written, and made anew where it is read in place', () => {
  const interests = [
    interest(1, 2.5),
    { ...interest(2, 0), members: Uint32Array.of(7, 2, 9), counts: Uint32Array.of(1, 300, 2) },
  ];
  const { weights, ...one } = profile(...interests);
  const members = interests.reduce((sum, { members: { length } }) => sum + length, 0);
  const bytes = Buffer.alloc(52 + 36 * interests.length + 12 * members);
  bytes[0] = 3;
  bytes.writeUInt32LE(interests.length, 4);
  bytes.write(basis, 8, 'hex');
  bytes.writeDoubleLE(one.weighedAt, 16);
  bytes.writeDoubleLE(one.changesAt, 24);
  [1, 2, 3, 4, 5].forEach((count, i) => {
    bytes.writeUInt32LE(count, 32 + 4 * i);
  });
  let at = 52;
  for (const { id, medoid, size, importance, lastActionAt, members: items, counts } of interests) {
    bytes.write(id, at, 'hex');
    bytes.writeUInt32LE(medoid, at + 8);
    bytes.writeUInt32LE(size, at + 12);
    bytes.writeDoubleLE(importance, at + 16);
    bytes.writeDoubleLE(lastActionAt, at + 24);
    bytes.writeUInt32LE(items.length, at + 32);
    at += 36;
    items.forEach((item, i) => {
      bytes.writeUInt32LE(item, at);
      bytes.writeUInt32LE(counts[i], at + 4);
      bytes.writeFloatLE(item / 4, at + 8);
      at += 12;
    });
  }
  const parts = interests.map(({ members: items }) => Float32Array.from(items, (item) => item / 4));
  expect(decodeProfile(bytes)).toEqual({ ...one, weights: parts });
  expect(new ProfileView().set(viewOf(bytes))).toBe(false);
});

test.each([0, 6])('a profile of the unknown format %i is refused', (version) => {
  const bytes = Buffer.from(encodeProfile(profile()));
  bytes[0] = version;
  expect(() => decodeProfile(bytes)).toThrow(`a stored profile has format ${version}`);
});

/** Counts and sizes of every width, and members that begin at any place. */
const drawn = fc.array(
  fc.record({
    id: fc.stringMatching(/^[0-9a-f]{16}$/),
    medoid: fc.nat(0xffffffff),
    importance: fc.double({ min: 0, noNaN: true }),
    size: fc.constantFrom(0, 1, 255, 256, 65_535, 65_536, 0xffffffff),
    lastActionAt: fc.double({ noNaN: true }),
    parts: fc.array(
      fc.tuple(
        fc.nat(0xffffffff),
        fc.oneof(fc.nat(300), fc.nat(70_000), fc.nat(0xffffffff)),
        fc.float({ noNaN: true }),
      ),
      { maxLength: 9 },
    ),
  }),
  { maxLength: 6 },
);

test('any profile survives encoding, alone and behind others in a block', () => {
  fc.assert(
    fc.property(fc.array(drawn, { minLength: 1, maxLength: 4 }), (users) => {
      const profiles = users.map((interests) => ({
        ...profile(
          ...interests.map(({ parts, ...rest }) => ({
            ...rest,
            members: Uint32Array.from(parts, ([item]) => item),
            counts: Uint32Array.from(parts, ([, count]) => count),
          })),
        ),
        weights: Float32Array.from(interests.flatMap(({ parts }) => parts.map(([, , weight]) => weight))),
      }));
      const { bytes, starts } = blockOf(profiles.map((one, user) => [user, encodeProfile(one)] as const));
      profiles.forEach((one, user) => {
        expect(starts[user] % 8).toBe(0);
        const stored = Buffer.from(bytes.slice(starts[user], starts[user + 1]));
        const weights = users[user].map(({ parts }) => Float32Array.from(parts, ([, , weight]) => weight));
        expect(decodeProfile(stored)).toEqual({ ...one, weights });
      });
    }),
  );
});

test('importances are told as of the generation, whatever instant they are stored for', async () => {
  const { directory, store } = await openStore();
  const writer = store.begin({ ...about, asOf: 1000 + 30 * day });
  writer.put(block(5, interest(1, 2), interest(2, 1)));
  writer.commit(popularity, 1);
  const importances = (interests: readonly Interest[] = []) => interests.map(({ importance }) => importance);
  for (const told of [importances(store.get(5)?.interests), importances([...store.all()][0].interests)]) {
    expect(told[0]).toBeCloseTo(2 * Math.exp(-0.3), 12);
    expect(told[1]).toBeCloseTo(Math.exp(-0.3), 12);
  }
  await directory.close();
});

test('a generation over a base holds what it does not have itself from there', async () => {
  const { directory, store } = await openStore();
  const generations = (): number[] =>
    [...directory.tables.profiles.getKeys({})].map((key) => key.readUInt32BE(0));
  const users = (): (readonly [number, number])[] =>
    [...store.all()].map(({ user, interests }) => [user, interests[0].medoid]);

  const whole = store.begin(about);
  for (const user of [1, 2, 3, 4]) whole.put(block(user, interest(user, 1)));
  const first = whole.commit(popularity, 4);
  const over = store.begin(about, first.number);
  over.put(block(2, interest(7, 1)));
  over.put(block(3)); // has no interests any more
  over.put(block(6, interest(6, 1)));
  const second = over.commit(popularity, 4);
  expect(second).toMatchObject({ base: first.number, written: 3 });
  expect(users()).toEqual([
    [1, 1],
    [2, 7],
    [4, 4],
    [6, 6],
  ]);
  expect(store.get(3)).toBeNull();
  expect(store.get(1)?.interests).toEqual([interest(1, 1)]);
  const seen: [user: number, number: number, interests: number][] = [];
  const view = new ProfileView();
  store.visit(second, 2, 5, (user, bytes, number) => {
    view.set(bytes);
    seen.push([user, number, view.interests]);
  });
  expect(seen.sort()).toEqual([
    [2, second.number, 1],
    [3, second.number, 0],
    [4, first.number, 1],
  ]);

  const third = store.begin(about, first.number);
  third.put(block(4, interest(8, 1)));
  const { number } = third.commit(popularity, 4);
  expect(users()).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 8],
  ]);
  expect(generations()).toEqual([first.number, number]); // the second is gone, its base is not
  store.begin(about).abort();
  expect(generations()).toEqual([first.number, number]);
  const fourth = store.begin(about);
  fourth.put(block(9, interest(9, 1)));
  const last = fourth.commit(popularity, 1);
  expect(generations()).toEqual([last.number]);
  await directory.close();
});

test('a generation is invisible until it is committed, and then replaces the one before', async () => {
  const { directory, store } = await openStore();
  expect(store.current()).toBeNull();
  const first = store.begin(about);
  first.put(block(5, interest(1, 1)));
  expect(store.get(5)).toBeNull();
  expect(first.commit(popularity, 1)).toMatchObject({ number: 1, users: 1 });
  expect(store.get(5)).toMatchObject({ space: 's', asOf: 1000, maxSeq: 7, interests: [interest(1, 1)] });
  expect(store.popularity()).toEqual(popularity);

  const second = store.begin({ ...about, asOf: 2000 });
  second.put(block(6, interest(2, 1)));
  expect(store.get(6)).toBeNull();
  second.commit(popularity, 1);
  expect(store.get(5)).toBeNull();
  expect(store.get(6)?.asOf).toBe(2000);
  expect([...directory.tables.profiles.getKeys({})]).toHaveLength(1);
  await directory.close();
});

test('what an aborted or killed run wrote is gone before the next', async () => {
  const { directory, store } = await openStore();
  store.begin(about).put(block(1, interest(1, 1))); // killed here
  const aborted = store.begin(about);
  expect([...directory.tables.profiles.getKeys({})]).toHaveLength(0);
  aborted.put(block(2, interest(1, 1)));
  aborted.abort();
  expect([...directory.tables.profiles.getKeys({})]).toHaveLength(0);
  store.begin(about).commit(popularity, 1);
  expect(store.get(1)).toBeNull();
  await directory.close();
});

test('what was left of an older generation by a kill after the switch is gone before the next', async () => {
  const { directory, store } = await openStore();
  store.begin(about).commit(popularity, 1);
  const key = Buffer.alloc(8); // generation 0, user 0: older than the current one
  directory.write(() => directory.tables.profiles.putSync(key, encodeProfile(profile())));
  store.begin(about).abort();
  expect([...directory.tables.profiles.getKeys({})]).toHaveLength(0);
  expect(store.current()?.number).toBe(1);
  await directory.close();
});

test('every space has its own current generation', async () => {
  const { directory, store } = await openStore();
  const other = new EmbeddedProfileStore(directory, 'other');
  const one = store.begin(about);
  one.put(block(1, interest(1, 1)));
  one.commit(popularity, 1);
  expect(other.current()).toBeNull();
  const two = other.begin(about);
  two.put(block(1, interest(2, 1)));
  expect(two.commit(popularity, 1)).toMatchObject({ number: 2, space: 'other' });
  expect(store.get(1)).toMatchObject({ space: 's', interests: [interest(1, 1)] });
  expect(other.get(1)).toMatchObject({ space: 'other', interests: [interest(2, 1)] });

  store.drop();
  expect(store.current()).toBeNull();
  expect(store.get(1)).toBeNull();
  expect(other.get(1)?.interests).toHaveLength(1);
  expect([...directory.tables.profiles.getKeys({})]).toHaveLength(1);
  expect(store.begin(about).commit(popularity, 1).number).toBe(3);
  await directory.close();
});

test('a user who is erased between the computing and the writing of a profile gets none', async () => {
  const { directory, store } = await openStore();
  const users = new IdTable(directory, 'user');
  directory.write(() => users.ensureAll(['ada', 'bob', 'cyd']));
  const writer = store.begin(about);
  writer.put(blockOf([0, 1, 2].map((user) => [user, encodeProfile(profile(interest(1, 2)))] as const)));
  directory.write(() => {
    users.erase('bob', 1);
    new Erased(directory).add('bob', 5);
  });
  writer.commit(popularity, 3);
  expect([...store.all()].map(({ user }) => user)).toEqual([0, 2]);
  await directory.close();
});

test('profiles out of order are refused, rather than lost', async () => {
  const { directory, store } = await openStore();
  const writer = store.begin(about);
  writer.put(block(3, interest(1, 1)));
  expect(() => writer.put(block(2, interest(1, 1)))).toThrow(/got user 2, expected one above 3/);
  expect(() => writer.put(block(3, interest(1, 1)))).toThrow(/got user 3/);
  writer.put(blockOf([])); // a chunk without anybody
  writer.put(block(4, interest(2, 1)));
  const generation = writer.commit(popularity, 2);
  const users: number[] = [];
  store.visit(generation, 0, 10, (user) => void users.push(user));
  expect(users).toEqual([3, 4]);
  await directory.close();
});

test('the memory of a block that was put is used again; users come out in order, the bytes given last count', async () => {
  const { directory, store } = await openStore();
  const writer = store.begin(about);
  const bytesOf = (medoid: number, importance = 1): Buffer =>
    encodeProfile(profile(interest(medoid, importance)));
  let memory: SharedArrayBuffer | undefined;
  for (let from = 0; from < 3000; from += 1000) {
    const builder = new BlockBuilder(memory);
    for (let user = from + 999; user >= from; user--) builder.add(user, bytesOf(user % 7));
    builder.add(from + 5, bytesOf(8, 3));
    expect(builder.users().size).toBe(1000);
    const finished = builder.finish();
    writer.put(finished);
    memory = finished.bytes.buffer;
  }
  writer.commit(popularity, 3000);
  for (const user of [0, 1, 999, 1000, 2222, 2999])
    expect(store.get(user)?.interests[0].medoid).toBe(user % 7);
  expect([5, 1005, 2005].map((user) => store.get(user)?.interests[0].medoid)).toEqual([8, 8, 8]);
  await directory.close();
});
