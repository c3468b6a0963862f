import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { actionRefusal, type RawAction } from '../../src/actions/accept.js';
import { compareKeys, timeKey } from '../../src/actions/blocks.js';
import { type ActionRecord, decodeAction, encodeKey, encodeValue, stamp } from '../../src/actions/codec.js';
import { ActionLog } from '../../src/actions/log.js';
import { openDirectory } from '../../src/disk/directory.js';
import { tempDir } from '../helpers/temp.js';

const record = (over: Partial<ActionRecord>): ActionRecord => ({
  user: 0,
  time: 1000,
  item: 0,
  type: 0,
  weight: 1,
  eventId: null,
  extras: null,
  ...over,
});

const entry = (over: Partial<ActionRecord>) => ({
  key: encodeKey(record(over)),
  value: encodeValue(record(over)),
});

const anyRecord: fc.Arbitrary<ActionRecord> = fc.record({
  user: fc.nat(0xffffffff),
  time: fc.nat(2 ** 45),
  item: fc.nat(0xffffffff),
  type: fc.nat(0xffff),
  weight: fc.float({ noNaN: true, min: 0, noDefaultInfinity: true }),
  eventId: fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })),
  extras: fc.option(fc.record({ recommendationId: fc.string(), position: fc.nat() })),
});

test('an action survives encoding', () => {
  fc.assert(
    fc.property(anyRecord, (action) => {
      const value = encodeValue(action);
      stamp(value, 77, 1.7e12);
      expect(decodeAction(encodeKey(action), value)).toEqual({ ...action, seq: 77, ingestedAt: 1.7e12 });
    }),
  );
});

test('key order is (user, time) order', () => {
  fc.assert(
    fc.property(anyRecord, anyRecord, (a, b) => {
      const order = Math.sign(a.user - b.user || a.time - b.time);
      if (order !== 0) expect(Math.sign(Buffer.compare(encodeKey(a), encodeKey(b)))).toBe(order);
    }),
  );
});

test('a bound in time parts what is earlier from what is not, also between two milliseconds and out of range', () => {
  const bound = fc.oneof(
    fc.constantFrom(-1, 0, 0.25, 1, 2.5, 2 ** 32 - 0.5, 2 ** 32, Number.NEGATIVE_INFINITY),
    fc.nat(9),
  );
  const near = fc.constantFrom(0, 1, 2, 3, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1);
  fc.assert(
    fc.property(anyRecord, bound, near, fc.constantFrom(6, 7, 8), (action, ms, time, user) => {
      const key = encodeKey({ ...action, user, time });
      const isAfter = user > 7 || (user === 7 && time >= ms);
      expect(compareKeys(key, timeKey(7, ms)) >= 0).toBe(isAfter);
      expect(Buffer.compare(key, timeKey(7, ms)) >= 0).toBe(isAfter);
    }),
    { numRuns: 1000 },
  );
});

async function openLog() {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  return { directory, log: new ActionLog(directory) };
}

test('the same event again is a duplicate, by event id or by (item, type)', async () => {
  const { directory, log } = await openLog();
  const put = (...entries: ReturnType<typeof entry>[]) => directory.write(() => log.put(entries, 5000));
  expect(put(entry({ item: 1 }), entry({ item: 2 }), entry({ item: 1 }))).toEqual([true, true, false]);
  expect(put(entry({ item: 1, type: 1 }), entry({ item: 1 }))).toEqual([true, false]);
  expect(put(entry({ item: 1, eventId: 'e1' }), entry({ item: 9, eventId: 'e1' }))).toEqual([true, false]);
  expect(log.count()).toBe(4);
  expect(log.maxSeq()).toBe(4);
  expect([...log.actions(0)].map((action) => action.seq).sort()).toEqual([1, 2, 3, 4]);
  await directory.close();
});

test('a scan gives each user all actions, by time, and only users of the range', async () => {
  const { directory, log } = await openLog();
  const entries = [
    entry({ user: 2, time: 30, item: 5, weight: 0.5 }),
    entry({ user: 0, time: 20, item: 6 }),
    entry({ user: 2, time: 10, item: 7, type: 3 }),
    entry({ user: 3, time: 1, item: 8 }),
  ];
  directory.write(() => log.put(entries, 5000));
  const seen: unknown[] = [];
  log.scan(0, 3, (user, { length, items, times, types, weights }) =>
    seen.push({
      user,
      items: [...items.subarray(0, length)],
      times: [...times.subarray(0, length)],
      types: [...types.subarray(0, length)],
      weights: [...weights.subarray(0, length)],
    }),
  );
  expect(seen).toEqual([
    { user: 0, items: [6], times: [20], types: [0], weights: [1] },
    { user: 2, items: [7, 5], times: [10, 30], types: [3, 0], weights: [1, 0.5] },
  ]);
  expect(log.userLog(3).length).toBe(1);
  expect(log.userLog(1).length).toBe(0);
  expect(log.newestTime()).toBe(30);
  await directory.close();
});

test('whatever a visitor reads of the directory, the scan goes on undisturbed', async () => {
  const { directory, log } = await openLog();
  const ids = Array.from({ length: 30 }, (_, user) => `user number ${user}`);
  directory.write(() => log.users.ensureAll(ids));
  const entries = ids.flatMap((_, user) =>
    [10, 20, 30].map((time) => entry({ user, time: time + user, item: 1000 + user, type: 1, weight: 2 })),
  );
  directory.write(() => log.put(entries, 5000));
  let seq = 0;
  log.scan(0, 30, (user, { length, items, times, types, weights, seqs }) => {
    expect(log.users.idOf(user)).toBe(ids[user]); // reads between two users
    expect(length).toBe(3);
    for (let i = 0; i < length; i++)
      expect([items[i], times[i], types[i], weights[i], seqs[i]]).toEqual([
        1000 + user,
        10 * (i + 1) + user,
        1,
        2,
        ++seq,
      ]);
  });
  expect(seq).toBe(90);
  await directory.close();
});

test('a user with many thousand actions is read whole', async () => {
  const { directory, log } = await openLog();
  const entries = Array.from({ length: 5000 }, (_, i) => entry({ user: 1, time: i, item: i }));
  directory.write(() => log.put(entries, 5000));
  const { length, items } = log.userLog(1);
  expect(length).toBe(5000);
  expect(items[4999]).toBe(4999);
  await directory.close();
});

test('types are declared once, keep their code, and change role and weight', async () => {
  const { directory, log } = await openLog();
  const code = directory.write(() => log.types.ensure('save'));
  expect(log.types.list()[code]).toEqual({ name: 'save', role: 'interest', weight: 1 });
  directory.write(() => log.types.declare('save', { role: 'interest', weight: 2 }));
  expect(directory.write(() => log.types.ensure('save'))).toBe(code);
  expect(log.types.list()[code].weight).toBe(2);
  expect(log.types.list().find((type) => type.name === 'impression')?.role).toBe('impression');
  expect(log.types.list().find((type) => type.name === 'hide')?.role).toBe('exclude');
  expect(() => directory.write(() => log.types.declare('x', { role: 'interest', weight: -1 }))).toThrow(
    expect.objectContaining({ code: 'option-invalid' }),
  );
  await directory.close();
});

test('what cannot be taken is refused by reason', () => {
  const good: RawAction = {
    userId: 'u',
    itemId: 'i',
    type: 'save',
    timestamp: 1000,
    eventId: null,
    weight: null,
    recommendationId: null,
    position: null,
    context: undefined,
  };
  const options = { wallClockMs: 1_000_000 };
  const reason = (over: Partial<RawAction>, more = {}) =>
    actionRefusal({ ...good, ...over }, { ...options, ...more })?.reason ?? null;
  expect(reason({})).toBeNull();
  expect(reason({ userId: null })).toBe('user-id-missing');
  expect(reason({ userId: '' })).toBe('user-id-invalid');
  expect(reason({ itemId: 'x'.repeat(300) })).toBe('item-id-invalid');
  expect(reason({ type: null })).toBe('type-missing');
  expect(reason({ timestamp: { reason: 'timestamp-unparsable', detail: '' } })).toBe('timestamp-unparsable');
  expect(reason({ timestamp: -1 })).toBe('timestamp-before-1970');
  expect(reason({ timestamp: 1_000_000 + 300_000 })).toBeNull();
  expect(reason({ timestamp: 1_000_000 + 300_001 })).toBe('timestamp-in-future');
  expect(reason({ timestamp: 999 }, { sinceMs: 1000 })).toBe('before-since');
  expect(reason({ timestamp: 1001 }, { untilMs: 1000 })).toBe('after-until');
  expect(reason({ weight: -1 })).toBe('weight-invalid');
  for (const weight of [Number.POSITIVE_INFINITY, Number.NaN, 1e39, '2', [1]])
    expect(reason({ weight })).toBe('weight-invalid');
  expect(reason({ weight: undefined, position: 3 })).toBeNull();
  for (const position of [Number.NaN, '1', {}]) expect(reason({ position })).toBe('position-invalid');
  expect(reason({ recommendationId: '' })).toBe('recommendation-id-invalid');
  expect(reason({ position: 1.5 })).toBe('position-invalid');
  expect(reason({ eventId: '' })).toBe('event-id-invalid');
  expect(reason({ context: [1] })).toBe('context-invalid');
  expect(reason({ context: { a: { b: 1 } } })).toBe('context-invalid');
  expect(reason({ context: { a: 'x'.repeat(1100) } })).toBe('context-invalid');
});

test('each user is marked with the newest change, also a removal; what was not marked is known', async () => {
  const { directory, log } = await openLog();
  const put = (...entries: ReturnType<typeof entry>[]) => directory.write(() => log.put(entries, 5000));
  const marks = () => [...log.marks.of(0, 10)].map(({ user, seq }) => [user, seq]);
  expect(log.marks.coverSince(0, 0)).toBe(false); // of an empty log nobody has to know anything
  put(
    entry({ user: 3, item: 1 }),
    entry({ user: 1 }),
    entry({ user: 3, item: 2 }),
    entry({ user: 3, item: 2 }),
  );
  expect(marks()).toEqual([
    [1, 2],
    [3, 3],
  ]);
  expect(log.marks.coverSince(0, log.maxSeq())).toBe(true);
  put(entry({ user: 1 })); // a duplicate is no change
  directory.write(() => log.remove([encodeKey(record({ user: 1 })), encodeKey(record({ user: 2 }))]));
  expect(marks()).toEqual([
    [1, 4],
    [3, 3],
  ]);
  expect([...log.marks.of(2, 3)]).toEqual([]);
  expect(log.marks.coverSince(3, log.maxSeq())).toBe(true);

  directory.write(() => directory.writeMeta('maxSeq', 9)); // as a version without marks would write
  expect(log.marks.coverSince(3, log.maxSeq())).toBe(false);
  put(entry({ user: 5 }));
  expect(log.marks.coverSince(3, log.maxSeq())).toBe(false);
  expect(log.marks.coverSince(9, log.maxSeq())).toBe(true);
  await directory.close();
});
