import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Directory, openDirectory } from '../../src/disk/directory.js';
import { IdTable } from '../../src/disk/ids.js';
import { BlockBuilder, blockOf } from '../../src/store/block.js';
import { decodeProfile, encodeProfile, nothingLeftOut } from '../../src/store/codec.js';
import { EmbeddedProfileStore } from '../../src/store/embedded.js';
import { forgetProfiles } from '../../src/store/forget.js';
import type { Generation } from '../../src/store/profiles.js';
import { tempDir } from '../helpers/temp.js';

const about = { spaceGeneration: 1, configHash: 'c', lambda: 0, asOf: 1000, maxSeq: 7 };
const popularity = { items: new Uint32Array(0), scores: new Float64Array(0) };

/** A profile that is known again by `mark`, with `members` members. */
function bytesOf(mark: number, members = 1): Buffer {
  return encodeProfile({
    basis: '0123456789abcdef',
    weighedAt: mark,
    changesAt: 2e12,
    leftOut: nothingLeftOut,
    interests: [
      {
        id: '00000000deadbeef',
        medoid: 1,
        importance: 1,
        size: members,
        lastActionAt: 3,
        members: new Uint32Array(members).fill(mark),
        counts: new Uint32Array(members).fill(1),
      },
    ],
    weights: new Float32Array(members),
  });
}

type Marks = ReadonlyMap<number, number>;

/** What a store should tell after this: of every user the mark, by rising user. */
const rising = (marks: Marks): [number, number][] => [...marks].sort(([a], [b]) => a - b);

function expectMarks(store: EmbeddedProfileStore, generation: Generation, marks: Marks, users: number): void {
  expect([...store.all()].map(({ user, interests }) => [user, interests[0].members[0]])).toEqual(
    rising(marks),
  );
  for (let user = 0; user < users; user++)
    expect(store.stored(generation, user)?.weighedAt ?? null).toBe(marks.get(user) ?? null);
  for (const [from, to] of [
    [0, users],
    [3, 17],
    [16, 32],
    [31, 33],
    [40, 40],
  ]) {
    const seen: [number, number][] = [];
    store.visit(generation, from, to, (user, { buffer, byteOffset, byteLength }) => {
      const stored = decodeProfile(Buffer.from(buffer.slice(byteOffset, byteOffset + byteLength)));
      seen.push([user, stored.weighedAt ?? -1]);
    });
    expect(seen.sort(([a], [b]) => a - b)).toEqual(
      rising(marks).filter(([user]) => user >= from && user < to),
    );
  }
}

const mostUsers = 70;
const drawnUsers = fc.uniqueArray(fc.nat(mostUsers - 1), { maxLength: mostUsers });

async function opened(): Promise<Directory> {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  const ids = Array.from({ length: mostUsers }, (_, user) => `user ${user}`);
  directory.write(() => new IdTable(directory, 'user').ensureAll(ids));
  return directory;
}

/** Writes the users in blocks that end where `cuts` say. */
function write(
  store: EmbeddedProfileStore,
  users: readonly number[],
  cuts: readonly number[],
  mark: number,
  base: number | null = null,
): Generation {
  const writer = store.begin(about, base);
  const ends = [...new Set([...cuts, mostUsers])].sort((a, b) => a - b);
  let from = 0;
  for (const to of ends) {
    const builder = new BlockBuilder();
    for (const user of users) if (user >= from && user < to) builder.add(user, bytesOf(mark + user));
    writer.put(builder.finish());
    from = to;
  }
  return writer.commit(popularity, users.length);
}

test('whoever shares an entry is found, visited, replaced and forgotten alone, whatever blocks brought them', async () => {
  const directory = await opened();
  const store = new EmbeddedProfileStore(directory, 's');
  fc.assert(
    fc.property(
      drawnUsers,
      drawnUsers,
      drawnUsers,
      fc.array(fc.nat(mostUsers), { maxLength: 5 }),
      (users, over, forgotten, cuts) => {
        const marks = new Map(users.map((user) => [user, 1000 + user]));
        const whole = write(store, users, cuts, 1000);
        expectMarks(store, whole, marks, mostUsers);
        const above = write(store, over, cuts, 2000, whole.number);
        for (const user of over) marks.set(user, 2000 + user);
        expectMarks(store, above, marks, mostUsers);
        directory.write(() => {
          for (const user of forgotten) forgetProfiles(directory, user);
        });
        for (const user of forgotten) marks.delete(user);
        expectMarks(store, above, marks, mostUsers);
        if (marks.size === 0) expect([...directory.tables.profiles.getKeys({})]).toEqual([]);
      },
    ),
    { numRuns: 25 },
  );
  await directory.close();
});

/** As versions up to 4 stored: every user under the own number, no slot. */
function writeAlone(
  directory: Directory,
  generation: number,
  users: readonly number[],
  version: number,
): void {
  directory.write(() => {
    for (const user of users) {
      const key = Buffer.alloc(8);
      key.writeUInt32BE(generation, 0);
      key.writeUInt32BE(user, 4);
      const bytes = bytesOf(1000 + user);
      bytes[0] = version;
      directory.tables.profiles.putSync(key, bytes);
    }
  });
}

test('profiles that an older version stored one by one are read, continued and forgotten', async () => {
  const directory = await opened();
  const store = new EmbeddedProfileStore(directory, 's');
  const whole = write(store, [], [], 0);
  const users = [0, 1, 15, 16, 17, 33, 47, 69];
  writeAlone(directory, whole.number, users, 4);
  const marks = new Map(users.map((user) => [user, 1000 + user]));
  expectMarks(store, whole, marks, mostUsers);
  const above = write(store, [1, 16, 18], [], 2000, whole.number);
  for (const user of [1, 16, 18]) marks.set(user, 2000 + user);
  expectMarks(store, above, marks, mostUsers);
  directory.write(() => {
    for (const user of [0, 16, 17, 18]) forgetProfiles(directory, user);
  });
  for (const user of [0, 16, 17, 18]) marks.delete(user);
  expectMarks(store, above, marks, mostUsers);
  await directory.close();
});

test('a bundle is whole where much is written at once', async () => {
  const directory = await opened();
  const store = new EmbeddedProfileStore(directory, 's');
  const writer = store.begin(about);
  const members = 150_000; // some 2 MB: a bundle is larger than what may wait
  const users = Array.from({ length: 20 }, (_, i) => i + 7);
  for (const user of users) writer.put(blockOf([[user, bytesOf(1000 + user, members)]]));
  const generation = writer.commit(popularity, users.length);
  expect([...directory.tables.profiles.getKeys({})].map((key) => key.readUInt32BE(4))).toEqual([0, 16]);
  expectMarks(store, generation, new Map(users.map((user) => [user, 1000 + user])), 30);
  await directory.close();
});

test('what memory held before is not stored between profiles', () => {
  const memory = new SharedArrayBuffer(1 << 16);
  new Uint8Array(memory).fill(0xee);
  const builder = new BlockBuilder(memory);
  const profiles = [1, 2, 3].map((members) => bytesOf(1, members));
  for (const [user, bytes] of profiles.entries()) builder.add(user, bytes);
  const { starts, bytes } = builder.finish();
  for (const [user, profile] of profiles.entries()) {
    const between = bytes.slice(starts[user] + profile.length, starts[user + 1]);
    expect([...between]).toEqual(new Array(between.length).fill(0));
  }
  expect(profiles.some(({ length }) => length % 8 > 0)).toBe(true);
});

test('an entry that is not whole is named', async () => {
  const directory = await opened();
  const store = new EmbeddedProfileStore(directory, 's');
  const generation = write(store, [18, 20], [], 1000);
  const [key] = directory.tables.profiles.getKeys({});
  const bytes = directory.tables.profiles.get(key);
  for (const missing of [8, (bytes?.length ?? 0) / 2 - 8]) {
    directory.write(() => directory.tables.profiles.putSync(key, bytes?.subarray(0, -missing) as Buffer));
    const damaged = /the entry of user 16 is not whole/;
    expect(() => store.stored(generation, 18)).toThrow(damaged);
    expect(() => [...store.all()]).toThrow(damaged);
    expect(() => store.visit(generation, 0, 30, () => {})).toThrow(damaged);
    expect(() => directory.write(() => forgetProfiles(directory, 18))).toThrow(damaged);
  }
  await directory.close();
});
