import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ActionRecord, encodeKey, encodeValue, stamp } from '../../src/actions/codec.js';
import { ActionLog } from '../../src/actions/log.js';
import { type Directory, openDirectory } from '../../src/disk/directory.js';
import type { Hash64 } from '../../src/math/hash.js';
import { type ActionType, dayMs } from '../../src/model/action.js';
import { PointReader, type UserRange } from '../../src/pipeline/pointreader.js';
import { type CollectOptions, collectPoints, newestTime, type Points } from '../../src/profile/points.js';
import { clusterBasis, runBasis } from '../../src/profile/reuse.js';
import { ageBlocks } from '../helpers/oldblocks.js';
import { tempDir } from '../helpers/temp.js';

const asOf = 1000 * dayMs;
const items = 40;
const types: readonly ActionType[] = [
  { role: 'interest', weight: 1 },
  { role: 'interest', weight: 0.3 },
  { role: 'exclude', weight: 1 },
];
/** Every fifth item has no vector; items from 40 on are newer than the space. */
const rowOfItem = Int32Array.from({ length: items }, (_, item) => (item % 5 === 4 ? -1 : (7 * item) % items));
/** The order of ids is not that of the numbers. */
const idRank = Uint32Array.from({ length: items + 3 }, (_, item) => (11 * item + 5) % (items + 3));
const run = runBasis('space', 3, { alpha: 0.64, repeats: 'distinct' });
const hasVector = (item: number): boolean => item < items && rowOfItem[item] >= 0;

interface Settings {
  readonly windowDays: CollectOptions['windowDays'];
  readonly maxItems: number;
  readonly maxSeq: number;
}

const plainSettings: Settings = { windowDays: 90, maxItems: 1000, maxSeq: 1e9 };

function readerOf(settings: Settings, held = 16_384): PointReader {
  return new PointReader({ ...settings, types, idRank: () => idRank, asOf, rowOfItem, run, held });
}

/** Bytes compare to the last bit; that of views would compare what they do not show. */
function told({ itemKeys, actionOffsets, times, weights, leftOut, changesAtMs }: Points, basis: Hash64) {
  const bits = (values: Float64Array) => Buffer.from(values.slice().buffer).toString('hex');
  return {
    itemKeys: [...itemKeys],
    actionOffsets: [...actionOffsets],
    times: bits(times),
    weights: bits(weights),
    leftOut,
    changesAtMs,
    basis,
  };
}

type Told = ReturnType<typeof told>;

/** Points are looked at when all users have been read, as those are who hold them. */
function read(reader: PointReader, log: ActionLog, from: number, to: number) {
  const held: [user: number, points: Points, basis: Hash64][] = [];
  const left = reader.read(log, from, to, (user, points, basis, newest) => {
    held.push([user, points, basis]);
    expect(newest).toBe(newestTime(points));
  });
  const users = new Map<number, Told>(held.map(([user, points, basis]) => [user, told(points, basis)]));
  reader.release();
  return { users, left };
}

function expected(log: ActionLog, from: number, to: number, { windowDays, maxItems }: Settings) {
  const users = new Map<number, Told>();
  log.scan(from, to, (user, actions) => {
    const points = collectPoints(actions, asOf, { windowDays, types, maxItems, hasVector, idRank });
    users.set(user, told(points, clusterBasis(run, points, rowOfItem)));
  });
  return users;
}

const usersOf = (ranges: readonly UserRange[]): number[] =>
  ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));

async function openLog() {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  const log = new ActionLog(directory);
  const put = (records: readonly ActionRecord[], asideFrom?: number): void => {
    const entries = records.map((one) => ({ key: encodeKey(one), value: encodeValue(one) }));
    directory.write(() => log.put(entries, 1, asideFrom));
  };
  return { directory, log, put };
}

/** An action by itself, as older versions wrote each. */
function putOld(directory: Directory, one: ActionRecord): void {
  const value = encodeValue(one);
  stamp(value, 1, 1);
  directory.write(() => directory.tables.actions.putSync(encodeKey(one), value));
}

const action = (user: number, item: number, time: number): ActionRecord => ({
  user,
  time,
  item,
  type: 0,
  weight: 1,
  eventId: null,
  extras: null,
});

const record = fc.record({
  user: fc.nat(5),
  // Few instants, so that many items share one; some before the window, at its ends, and after asOf.
  time: fc.oneof(
    fc.nat(6).map((day) => asOf - day * dayMs),
    fc.integer({ min: -5, max: 95 }).map((day) => asOf - day * dayMs),
    fc.nat(100 * dayMs).map((ms) => asOf - ms),
  ),
  item: fc.nat(items + 2),
  type: fc.nat(2),
  weight: fc.constantFrom(1, 0.5, 0, 3.25),
  eventId: fc.option(fc.constantFrom('a', 'b', 'longer event id'), { freq: 3 }),
  extras: fc.option(fc.record({ recommendationId: fc.string({ maxLength: 300 }) }), { freq: 6 }),
});

test('gives what decoding, collecting and digesting give, and leaves out nobody whose log is plain', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(record, { minLength: 1, maxLength: 120 }), { minLength: 1, maxLength: 3 }),
      fc.constantFrom<CollectOptions['windowDays']>(90, 1.5, 'all'),
      fc.option(fc.nat(200)),
      fc.nat(3),
      async (batches, windowDays, newest, kept) => {
        const { directory, log, put } = await openLog();
        for (const batch of batches) put(batch);
        // None, some or all of the blocks are as an older version wrote them.
        ageBlocks(directory, (place) => place % 3 < kept);
        const settings = { ...plainSettings, windowDays, maxSeq: newest ?? 1e9 };
        const { users, left } = read(readerOf(settings), log, 0, 6);
        const all = expected(log, 0, 6, settings);
        const newer = new Set<number>();
        for (const { user, seq } of log.all()) if (seq > settings.maxSeq) newer.add(user);
        expect(usersOf(left)).toEqual([...newer].sort());
        for (const user of newer) all.delete(user);
        expect(users).toEqual(all);
        await directory.close();
      },
    ),
    { numRuns: 40 },
  );
});

test('long logs, of many blocks, and points that are held from user to user', async () => {
  const { directory, log, put } = await openLog();
  const records = Array.from({ length: 30 }, (_, user) =>
    Array.from({ length: 40 * (user % 7) + 1 }, (_, i) =>
      action(user, (i * i + user) % (items + 3), asOf - i),
    ),
  ).flat();
  put(records);
  const reader = readerOf(plainSettings);
  for (const [from, to] of [
    [0, 30],
    [3, 17],
    [17, 17],
  ]) {
    const { users, left } = read(reader, log, from, to);
    expect(left).toEqual([]);
    expect(users).toEqual(expected(log, from, to, plainSettings));
  }
  await directory.close();
});

test('leaves to others what it has no room for, or what is sorted otherwise', async () => {
  const { directory, log, put } = await openLog();
  const many = (user: number, count: number, timeOf: (i: number) => number): ActionRecord[] =>
    Array.from({ length: count }, (_, i) => ({ ...action(user, i % 30, timeOf(i)), eventId: `e${i}` }));
  put([
    ...many(0, 20, (i) => asOf - i),
    ...many(1, 16_385, (i) => asOf - i),
    ...many(2, 16_384, (i) => asOf - i),
    ...many(3, 20, (i) => asOf - i),
  ]);
  const { users, left } = read(readerOf(plainSettings, 0), log, 0, 4);
  expect(left).toEqual([[1, 2]]);
  expect([...users.keys()]).toEqual([0, 2, 3]);
  // Of 30 items 24 have vectors.
  expect(read(readerOf({ ...plainSettings, maxItems: 24 }), log, 2, 3).left).toEqual([]);
  expect(read(readerOf({ ...plainSettings, maxItems: 23 }), log, 2, 3).left).toEqual([[2, 3]]);
  await directory.close();
});

test('more than 64 items first acted on at one instant are left to a sort that is fit for them', async () => {
  const wide = Int32Array.from({ length: 80 }, (_, item) => item);
  const { directory, log, put } = await openLog();
  const atOnce = (user: number, count: number): ActionRecord[] =>
    Array.from({ length: count }, (_, i) => action(user, (i * 37) % 80, asOf - 1));
  const apart = Array.from({ length: 9 }, (_, i) => action(2, i, asOf - i));
  put([...atOnce(0, 64), ...atOnce(1, 65), ...apart]);
  const ranks = Uint32Array.from(wide, (item) => (item * 23) % 80);
  const options = { ...plainSettings, types, asOf, run, held: 100 };
  let asked = 0;
  const idRank = (): Uint32Array => {
    asked++;
    return ranks;
  };
  const reader = new PointReader({ ...options, idRank, rowOfItem: wide });
  expect(read(reader, log, 2, 3).left).toEqual([]);
  expect(asked).toBe(0);
  const { users, left } = read(reader, log, 0, 2);
  expect(left).toEqual([[1, 2]]);
  expect(asked).toBe(1);
  const points = collectPoints(log.userLog(0), asOf, { ...options, hasVector: () => true, idRank: ranks });
  expect(users.get(0)).toEqual(told(points, clusterBasis(run, points, wide)));
  await directory.close();
});

test('actions beside the blocks, by themselves, of an unknown type, and damaged bytes are left to others', async () => {
  const { directory, log, put } = await openLog();
  put([0, 1, 2, 3, 4].flatMap((user) => [1, 2, 3].map((item) => action(user, item, asOf - item))));
  putOld(directory, action(1, 9, asOf - 9));
  put([{ ...action(2, 5, asOf), type: 3 }]);
  const { actions } = directory.tables;
  for (const { key, value } of actions.getRange({})) {
    const damaged = Buffer.from(value);
    damaged.writeUInt16LE(damaged.readUInt16LE(2) + 1, 2); // one row more than there is
    if (key.readUInt32BE(0) === 3) directory.write(() => actions.putSync(key, damaged));
  }
  const reader = readerOf(plainSettings);
  const { users, left } = read(reader, log, 0, 5);
  expect(usersOf(left)).toEqual([1, 2, 3]);
  expect([...users.keys()]).toEqual([0, 4]);
  expect(users.get(4)).toEqual(expected(log, 4, 5, plainSettings).get(4));
  put([action(4, 7, asOf - 7)], 1);
  expect(read(reader, log, 0, 5)).toEqual({ users: new Map(), left: [[0, 5]] });
  await directory.close();
});

test('where the scan stops, that user and all after are left to others', async () => {
  const { directory, log, put } = await openLog();
  put([0, 1, 2, 3].map((user) => action(user, 1, asOf)));
  const { scanStored } = log;
  log.scanStored = (from, to, visit) =>
    scanStored.call(log, from, to, (entry) => {
      if (entry.key.getUint32(entry.keyAt) === 2) throw new Error('unreadable');
      visit(entry);
    });
  const { users, left } = read(readerOf(plainSettings), log, 0, 4);
  expect([...users.keys()]).toEqual([0]);
  expect(left).toEqual([[1, 4]]);
  await directory.close();
});
