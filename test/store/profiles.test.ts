import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDirectory } from '../../src/disk/directory.js';
import type { Interest } from '../../src/model/profile.js';
import { decodeInterests, encodeInterests } from '../../src/store/codec.js';
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

const basis = '0123456789abcdef';
const about = { spaceGeneration: 1, configHash: 'c', lambda: 0.01, asOf: 1000, maxSeq: 7 };
const popularity = { items: Uint32Array.of(4, 2), scores: Float64Array.of(1.5, 0.25) };

async function openStore() {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  return { directory, store: new EmbeddedProfileStore(directory, 's') };
}

test('interests survive encoding', () => {
  const interests = [interest(1, 2.5), interest(2, 0)];
  expect(decodeInterests(encodeInterests(interests, basis))).toEqual({ basis, interests });
  expect(decodeInterests(encodeInterests([], basis))).toEqual({ basis, interests: [] });
});

test('a profile of the first format is read, and has no basis', () => {
  const now = encodeInterests([interest(1, 2.5)], basis);
  const first = Buffer.concat([Buffer.of(1), now.subarray(1, 3), now.subarray(11)]);
  expect(decodeInterests(first)).toEqual({ basis: null, interests: [interest(1, 2.5)] });
});

test('a generation is invisible until it is committed, and then replaces the one before', async () => {
  const { directory, store } = await openStore();
  expect(store.current()).toBeNull();
  const first = store.begin(about);
  first.put([{ user: 5, bytes: encodeInterests([interest(1, 1)], basis) }]);
  expect(store.get(5)).toBeNull();
  expect(first.commit(popularity)).toMatchObject({ number: 1, users: 1 });
  expect(store.get(5)).toMatchObject({ space: 's', asOf: 1000, maxSeq: 7, interests: [interest(1, 1)] });
  expect(store.popularity()).toEqual(popularity);

  const second = store.begin({ ...about, asOf: 2000 });
  second.put([{ user: 6, bytes: encodeInterests([interest(2, 1)], basis) }]);
  expect(store.get(6)).toBeNull();
  second.commit(popularity);
  expect(store.get(5)).toBeNull();
  expect(store.get(6)?.asOf).toBe(2000);
  expect([...directory.tables.profiles.getKeys({})]).toHaveLength(1);
  await directory.close();
});

test('what an aborted or killed run wrote is gone before the next', async () => {
  const { directory, store } = await openStore();
  store.begin(about).put([{ user: 1, bytes: encodeInterests([interest(1, 1)], basis) }]); // killed here
  const aborted = store.begin(about);
  expect([...directory.tables.profiles.getKeys({})]).toHaveLength(0);
  aborted.put([{ user: 2, bytes: encodeInterests([interest(1, 1)], basis) }]);
  aborted.abort();
  expect([...directory.tables.profiles.getKeys({})]).toHaveLength(0);
  store.begin(about).commit(popularity);
  expect(store.get(1)).toBeNull();
  await directory.close();
});

test('what was left of an older generation by a kill after the switch is gone before the next', async () => {
  const { directory, store } = await openStore();
  store.begin(about).commit(popularity);
  const key = Buffer.alloc(8); // generation 0, user 0: older than the current one
  directory.write(() => directory.tables.profiles.putSync(key, encodeInterests([], basis)));
  store.begin(about).abort();
  expect([...directory.tables.profiles.getKeys({})]).toHaveLength(0);
  expect(store.current()?.number).toBe(1);
  await directory.close();
});

test('every space has its own current generation', async () => {
  const { directory, store } = await openStore();
  const other = new EmbeddedProfileStore(directory, 'other');
  const one = store.begin(about);
  one.put([{ user: 1, bytes: encodeInterests([interest(1, 1)], basis) }]);
  one.commit(popularity);
  expect(other.current()).toBeNull();
  const two = other.begin(about);
  two.put([{ user: 1, bytes: encodeInterests([interest(2, 1)], basis) }]);
  expect(two.commit(popularity)).toMatchObject({ number: 2, space: 'other' });
  expect(store.get(1)).toMatchObject({ space: 's', interests: [interest(1, 1)] });
  expect(other.get(1)).toMatchObject({ space: 'other', interests: [interest(2, 1)] });

  store.drop();
  expect(store.current()).toBeNull();
  expect(store.get(1)).toBeNull();
  expect(other.get(1)?.interests).toHaveLength(1);
  expect([...directory.tables.profiles.getKeys({})]).toHaveLength(1);
  expect(store.begin(about).commit(popularity).number).toBe(3);
  await directory.close();
});
