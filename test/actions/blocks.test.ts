import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys, encodeBlock, isBlock, rowsOf } from '../../src/actions/blocks.js';
import { type ActionRecord, encodeKey, encodeValue, stamp } from '../../src/actions/codec.js';
import { ActionLog } from '../../src/actions/log.js';
import { openDirectory } from '../../src/disk/directory.js';
import { ExternalSort } from '../../src/files/sort.js';
import { ageBlocks } from '../helpers/oldblocks.js';
import { tempDir } from '../helpers/temp.js';

const record = fc.record({
  user: fc.constantFrom(0, 1, 7, 0xffffffff),
  time: fc.oneof(fc.nat(12), fc.nat(400)),
  item: fc.nat(2),
  type: fc.nat(1),
  weight: fc.constantFrom(1, 0.5),
  eventId: fc.option(fc.constantFrom('a', 'b', 'longer event id'), { freq: 4 }),
  extras: fc.option(fc.record({ recommendationId: fc.string({ maxLength: 900 }) }), { freq: 6 }),
});

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ put: fc.array(record, { minLength: 1, maxLength: 60 }) }) },
  // Beside the blocks, where they wait until they are moved.
  { weight: 3, arbitrary: fc.record({ aside: fc.array(record, { minLength: 1, maxLength: 60 }) }) },
  { weight: 2, arbitrary: fc.record({ settle: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ remove: fc.array(fc.nat(500), { minLength: 1, maxLength: 25 }) }) },
  // What a transaction that fails has put, and what a writer finds out ahead, must not matter.
  { weight: 1, arbitrary: fc.record({ fail: fc.array(record, { minLength: 1, maxLength: 60 }) }) },
  { weight: 1, arbitrary: fc.constant({ look: true }) },
  // An action by itself, as older versions wrote each.
  { weight: 1, arbitrary: fc.record({ old: record }) },
  // Blocks as an older version wrote them, all or every second one.
  { weight: 1, arbitrary: fc.record({ age: fc.constantFrom(1, 2) }) },
);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The plain twin: a map from key to action. */
class Twin {
  readonly stored = new Map<string, ActionRecord & { seq: number }>();
  private seq = 0;

  put(records: readonly ActionRecord[]): boolean[] {
    return records.map((one) => {
      const key = hex(encodeKey(one));
      if (this.stored.has(key)) return false;
      this.stored.set(key, { ...one, seq: ++this.seq });
      return true;
    });
  }

  remove(keys: readonly string[]): void {
    let removed = 0;
    for (const key of keys) if (this.stored.delete(key)) removed++;
    if (removed > 0) this.seq++;
  }

  inOrder(): (ActionRecord & { seq: number })[] {
    return [...this.stored].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, action]) => action);
  }
}

test('however actions come and go, blocks hold what a map of keys would', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
      let log = new ActionLog(directory);
      directory.write(() => log.users.ensureAll(Array.from({ length: 8 }, (_, user) => `u${user}`)));
      const twin = new Twin();
      const entriesOf = (records: readonly ActionRecord[]) =>
        records.map((one) => ({ key: encodeKey(one), value: encodeValue(one) }));
      const put = (records: readonly ActionRecord[], asideFrom?: number): boolean[] =>
        directory.write(() => log.put(entriesOf(records), 5, asideFrom));
      for (const one of steps) {
        if ('put' in one) expect(put(one.put)).toEqual(twin.put(one.put));
        else if ('aside' in one) {
          const before = log.waitingCount();
          const fresh = put(one.aside, 1);
          expect(fresh).toEqual(twin.put(one.aside));
          expect(log.waitingCount() - before).toBe(fresh.filter(Boolean).length);
        } else if ('settle' in one) {
          const before = log.waitingCount();
          const moved = directory.write(() => log.settle());
          expect(log.waitingCount()).toBe(before - moved);
          expect(moved > 0).toBe(before > 0);
          // A writer that starts anew has nothing in memory.
          if (one.settle) log = new ActionLog(directory);
        } else if ('look' in one) expect([...log.expectAll()].length).toBe(1);
        else if ('fail' in one)
          expect(() =>
            directory.write(() => {
              log.put(entriesOf(one.fail), 5, one.fail.length % 2 === 0 ? 1 : undefined);
              if (one.fail.length % 3 === 0) log.settle();
              throw new Error('after it was put');
            }),
          ).toThrow('after it was put');
        else if ('age' in one) ageBlocks(directory, (place) => place % one.age > 0);
        else if ('old' in one) {
          const [key, value] = [encodeKey(one.old), encodeValue(one.old)];
          const blocks = [...directory.tables.actions.getRange({})];
          // Where a block covers its key, no older version can have put it.
          const isFree = blocks.every((block) => {
            const rows = rowsOf(block);
            return compareKeys(key, rows[0].key) < 0 || compareKeys(key, rows[rows.length - 1].key) > 0;
          });
          if (!isFree) continue;
          expect(twin.put([one.old])).toEqual([true]);
          const seq = log.maxSeq() + 1;
          stamp(value, seq, 5);
          directory.write(() => {
            directory.tables.actions.putSync(key, value);
            directory.writeMeta('maxSeq', seq);
            directory.writeMeta('actionCount', log.count() + 1);
          });
        } else {
          const keys = [...twin.stored.keys()];
          const chosen = one.remove.map((place) => keys[place] ?? '00000000000000000000aa');
          directory.write(() => log.remove(chosen.map((key) => Buffer.from(key, 'hex'))));
          twin.remove(chosen);
        }
      }
      const expected = twin.inOrder().map((action) => ({ ...action, ingestedAt: 5 }));
      expect([...log.all()]).toEqual(expected);
      expect(log.count()).toBe(expected.length);
      expect([...log.actions(7)]).toEqual(expected.filter(({ user }) => user === 7));
      const ofOne = expected.filter(({ user }) => user === 1).reverse();
      expect([...log.keysOf(1)].map(hex).reverse()).toEqual(ofOne.map((action) => hex(encodeKey(action))));
      const pages: string[] = [];
      for (let before: Uint8Array | undefined; ; ) {
        const page = [...log.newest(1, 3, before)].map(({ key }) => key);
        if (page.length === 0) break;
        pages.push(...page.map(hex));
        before = page[page.length - 1];
      }
      expect(pages).toEqual(ofOne.map((action) => hex(encodeKey(action))));
      const scanned: [user: number, times: number[], seqs: number[]][] = [];
      log.scan(0, 2 ** 32, (user, { length, times, seqs }) => {
        scanned.push([user, [...times.subarray(0, length)], [...seqs.subarray(0, length)]]);
      });
      expect(scanned).toEqual(
        [0, 1, 7, 0xffffffff]
          .map((owner) => expected.filter(({ user }) => user === owner))
          .filter((actions) => actions.length > 0)
          .map((actions) => [
            actions[0].user,
            actions.map(({ time }) => time),
            actions.map(({ seq }) => seq),
          ]),
      );
      const blocks = [...directory.tables.actions.getRange({})];
      for (const [i, block] of blocks.entries()) {
        const rows = rowsOf(block);
        expect(hex(rows[0].key)).toBe(hex(block.key));
        if (i > 0)
          expect(compareKeys(rowsOf(blocks[i - 1]).at(-1)?.key ?? block.key, block.key)).toBeLessThan(0);
        if (rows.length > 1) expect(block.value.length).toBeLessThanOrEqual(1900);
      }
      await directory.close();
    }),
    { numRuns: 80, seed: 8 },
  );
});

test('a log that grows at its end has full blocks, and one that grows anywhere has no crumbs', async () => {
  for (const order of ['rising', 'shuffled'] as const) {
    const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
    const log = new ActionLog(directory);
    const n = 2000;
    directory.write(() => {
      for (let i = 0; i < n; i++) {
        const time = order === 'rising' ? i : (i * 1237) % n;
        const one = { user: 3, time, item: 1, type: 0, weight: 1, eventId: null, extras: null };
        log.put([{ key: encodeKey(one), value: encodeValue(one) }], 5);
      }
    });
    const blocks = [...directory.tables.actions.getRange({})];
    expect(blocks.every(({ value }) => isBlock(value[0]))).toBe(true);
    const perBlock = n / blocks.length;
    expect(perBlock).toBeGreaterThan(order === 'rising' ? 70 : 30);
    await directory.close();
  }
});

test('a block that was cut is damaged data, not a wrong action', async () => {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  const log = new ActionLog(directory);
  const entries = [null, 'an id', null, null].map((eventId, i) => {
    const one = { user: 3, time: i + 1, item: 1, type: 0, weight: 1 + (i >> 1), eventId, extras: null };
    return { key: encodeKey(one), value: encodeValue(one) };
  });
  directory.write(() => log.put(entries, 5));
  for (const isOld of [false, true]) {
    if (isOld) ageBlocks(directory);
    const [{ key, value }] = [...directory.tables.actions.getRange({})];
    for (let length = 1; length < value.length; length++) {
      directory.write(() => directory.tables.actions.putSync(key, value.subarray(0, length)));
      expect(() => log.userLog(3)).toThrow(/not whole/);
      expect(() => [...log.all()]).toThrow(/not whole/);
    }
    directory.write(() => directory.tables.actions.putSync(key, value));
  }
  await directory.close();
});

test('so is a row whose key has no room for its time, though its lengths add up', () => {
  const one = { user: 3, time: 1, item: 1, type: 0, weight: 1, eventId: 'an id', extras: null };
  const [key, value] = [encodeKey(one), encodeValue(one)];
  const block = encodeBlock([{ key, value }]);
  const [keyLengthAt, valueLengthAt] = [5, 7];
  const both = block.readUInt16LE(keyLengthAt) + block.readUInt32LE(valueLengthAt);
  expect(both).toBe(key.length - 4 + value.length);
  for (let length = 0; length < 6; length++) {
    block.writeUInt16LE(length, keyLengthAt);
    block.writeUInt32LE(both - length, valueLengthAt);
    expect(() => rowsOf({ key, value: block })).toThrow(/not whole/);
  }
});

test('so is a piece of waiting actions', async () => {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  const log = new ActionLog(directory);
  const entries = [1, 2, 3].map((time) => {
    const one = { user: 3, time, item: 1, type: 0, weight: 1, eventId: null, extras: null };
    return { key: encodeKey(one), value: encodeValue(one) };
  });
  directory.write(() => log.put(entries, 5, 1));
  expect(log.userLog(3).length).toBe(3);
  const { waiting } = directory.tables;
  const [{ key, value }] = [...(waiting?.getRange({}) ?? [])];
  for (let length = 1; length < value.length; length++) {
    directory.write(() => waiting?.putSync(key, value.subarray(0, length)));
    expect(() => log.userLog(3)).toThrow(/not whole/);
    expect(() => log.settle()).toThrow(/not whole/);
  }
  directory.write(() => waiting?.putSync(key, value));
  expect(log.settle()).toBe(3);
  expect(log.userLog(3).length).toBe(3);
  await directory.close();
});

test('actions are stored as they were given, also where the giver uses its memory again for the next', async () => {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  const log = new ActionLog(directory);
  const records = Array.from({ length: 500 }, (_, i) => ({
    user: i >> 5,
    time: 1000 + i,
    item: i,
    type: i % 3,
    weight: 1 + i,
    eventId: null,
    extras: null,
  }));
  // As the external sort hands out what it has spilled.
  function* entries() {
    const memory = Buffer.alloc(64);
    for (const one of records) {
      const [key, value] = [encodeKey(one), encodeValue(one)];
      memory.set(key);
      memory.set(value, key.length);
      yield {
        key: memory.subarray(0, key.length),
        value: memory.subarray(key.length, key.length + value.length),
      };
      memory.fill(0xee);
    }
  }
  expect(directory.write(() => log.put(entries(), 5)).every(Boolean)).toBe(true);
  expect([...log.all()]).toEqual(records.map((one, i) => ({ ...one, seq: i + 1, ingestedAt: 5 })));
  await directory.close();
});

test('what a sort has spilled to disk is stored whole, step by step', async () => {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  const log = new ActionLog(directory);
  const count = 60_000;
  const sorter = new ExternalSort({ memoryBytes: 1 << 20, tempDir: directory.tempDir });
  for (let i = 0; i < count; i++) {
    const place = (i * 48_271) % count; // each once, in no order
    const one = { user: place >> 6, time: 1000 + place, item: place % 977, type: 0, weight: 1 };
    const record = { ...one, eventId: null, extras: null };
    sorter.add(encodeKey(record), encodeValue(record));
  }
  const records = sorter.records();
  for (let stored = 0; stored < count; ) {
    const step = (function* () {
      for (let i = 0; i < 7_000; i++) {
        const { value, done } = records.next();
        if (done) return;
        yield value;
      }
    })();
    const fresh = directory.write(() => log.put(step, 5));
    expect(fresh.every(Boolean)).toBe(true);
    stored += fresh.length;
  }
  records.return();
  expect(log.count()).toBe(count);
  let place = 0;
  for (const { user, time, item } of log.all()) {
    if (user !== place >> 6 || time !== 1000 + place || item !== place % 977)
      expect({ user, time, item }).toEqual({ user: place >> 6, time: 1000 + place, item: place % 977 });
    place++;
  }
  expect(place).toBe(count);
  await directory.close();
});
