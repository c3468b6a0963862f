import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys, encodeBlock, type Row, rowsOf } from '../../src/actions/blocks.js';
import { type ActionRecord, encodeKey, encodeValue, stamp } from '../../src/actions/codec.js';
import { holds, MergedRows } from '../../src/actions/merge.js';
import { RowList } from '../../src/actions/rows.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const keyed = ({ key }: Row): string => hex(key);
const whole = ({ key, value }: Row): string => `${hex(key)} ${hex(value)}`;
const inOrder = (rows: readonly Row[]): Row[] => rows.toSorted((a, b) => compareKeys(a.key, b.key));

/** One user's actions, of which few keys and all forms are likely. */
const record: fc.Arbitrary<ActionRecord> = fc.record({
  user: fc.constant(7),
  time: fc.nat(2),
  item: fc.nat(2),
  type: fc.nat(1),
  weight: fc.constantFrom(1, 0.5),
  eventId: fc.option(fc.constantFrom('a', 'b'), { freq: 3 }),
  extras: fc.option(fc.record({ position: fc.nat(9) }), { freq: 6 }),
});
const rowOf = (one: ActionRecord, seq = 0): Row => {
  const row = { key: encodeKey(one), value: encodeValue(one) };
  stamp(row.value, seq, 5);
  return row;
};

/** The rows of a block: of equal keys the first, in key order. */
const blockRows = (records: readonly ActionRecord[]): Row[] => {
  const rows = new Map(records.map((one, i) => rowOf(one, 100 + i)).map((row) => [keyed(row), row]));
  return inOrder([...rows.values()]);
};

const listOf = (rows: readonly Row[]): RowList => {
  const list = new RowList();
  for (const { key, value } of rows) list.add(key, value);
  return list;
};

/** What lies in the memory of merged rows, read back as a block. */
const readBack = (merged: MergedRows, from: number, to: number): Row[] =>
  rowsOf({ key: merged.at(from, 7).key, value: Buffer.from(merged.blockOf(from, to)) });

const steps = fc.array(
  fc.record({
    there: fc.array(record, { maxLength: 20 }),
    added: fc.array(record, { minLength: 1, maxLength: 6 }),
  }),
  { minLength: 1, maxLength: 6 },
);

test('merged rows are those of a map of keys, block after block, and leave nothing where none is new', () => {
  const merged = new MergedRows();
  const seen = { none: 0, appended: 0, between: 0 };
  fc.assert(
    fc.property(steps, (blocks) => {
      const all = blocks.flatMap(({ added }) => added.map((one) => rowOf(one)));
      const rows = listOf(all);
      const ofBlocks: { from: number; to: number; expected: Row[] }[] = [];
      merged.clear(all.length);
      let first = 0;
      for (const { there, added } of blocks) {
        const old = blockRows(there);
        const places = Uint32Array.from(added, (_, i) => first + i);
        places.sort((a, b) => rows.compare(a, b) || a - b);
        const order = new Uint32Array(all.length);
        order.set(places, first);
        const before = { starts: [...merged.starts], ends: [...merged.ends] };
        const found = merged.merge(
          old.length > 0 ? encodeBlock(old) : null,
          rows,
          order,
          first,
          first + added.length,
        );
        const known = new Map(old.map((row) => [keyed(row), row]));
        const fresh: Row[] = [];
        added.forEach((one, i) => {
          const row = rowOf(one, first + i + 1);
          expect(merged.isNew(first + i)).toBe(!known.has(keyed(row)));
          if (known.has(keyed(row))) return;
          known.set(keyed(row), row);
          fresh.push(row);
          merged.stamp(first + i, first + i + 1, 5);
        });
        first += added.length;
        if (fresh.length === 0) {
          seen.none++;
          expect(found).toBeNull();
          expect({ starts: merged.starts, ends: merged.ends }).toEqual(before);
          continue;
        }
        const last = old.at(-1);
        const isAppended = !last || fresh.every(({ key }) => compareKeys(key, last.key) > 0);
        seen[isAppended ? 'appended' : 'between']++;
        expect(found).toEqual({ isAppended });
        const at = { from: before.starts.length, to: merged.starts.length };
        // Room for the head, and none that a block without new rows has left.
        expect(merged.starts[at.from]).toBe((before.ends.at(-1) ?? 0) + 4);
        ofBlocks.push({ ...at, expected: inOrder([...known.values()]) });
      }
      for (const { from, to, expected } of ofBlocks)
        expect(readBack(merged, from, to).map(whole)).toEqual(expected.map(whole));
    }),
    { numRuns: 300, seed: 8 },
  );
  expect(Math.min(seen.none, seen.appended, seen.between)).toBeGreaterThan(50);
});

test('rows are merged right where the memory has to grow', () => {
  const one = (time: number): ActionRecord => ({
    user: 7,
    time,
    item: time,
    type: 0,
    weight: 1,
    eventId: null,
    extras: { context: { text: 'x'.repeat(1000) } },
  });
  const old = Array.from({ length: 900 }, (_, i) => rowOf(one(2 * i)));
  const added = Array.from({ length: 900 }, (_, i) => rowOf(one(2 * i + 1)));
  const rows = listOf(added);
  const merged = new MergedRows();
  merged.clear(added.length);
  for (let from = 0; from < 900; from += 300)
    merged.merge(encodeBlock(old.slice(from, from + 300)), rows, rows.order(), from, from + 300);
  for (let row = 0; row < 900; row++) merged.stamp(row, 0, 5);
  const expected = inOrder([...old, ...added]).map(whole);
  for (let from = 0; from < 1800; from += 600)
    expect(readBack(merged, from, from + 600).map(whole)).toEqual(expected.slice(from, from + 600));
});

test('a block holds the keys that its rows have, wherever they lie', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 12 }), record, (records, asked) => {
      const rows = blockRows(records);
      expect(holds(encodeBlock(rows), listOf([rowOf(asked)]), 0)).toBe(
        rows.some((row) => keyed(row) === keyed(rowOf(asked))),
      );
    }),
    { numRuns: 500 },
  );
});

/** Whole numbers below `end`, its edges and those of 32 bits likely. */
const wholeNumber = (end: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.constantFrom(...[0, 1, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, end - 1].filter((value) => value < end)),
    fc.maxSafeNat().map((value) => value % end),
  );

test('whatever the numbers of an action are, it comes back from a block as it went in', () => {
  const extreme = fc.record({
    user: fc.constant(7),
    time: wholeNumber(2 ** 48),
    item: wholeNumber(2 ** 32),
    type: wholeNumber(2 ** 16),
    weight: fc.constantFrom(0, 1, 0.5, Math.fround(1e38), Math.fround(1 + 2 ** -23)),
    eventId: fc.option(fc.string({ minLength: 1, maxLength: 8 }), { freq: 3 }),
    extras: fc.option(fc.record({ position: fc.nat(9) }), { freq: 3 }),
  });
  // Key and value say the same of an action without event id; if they did not, both would have to come back.
  const stamped = fc.record({
    one: extreme,
    other: fc.option(extreme, { freq: 2 }),
    seq: wholeNumber(2 ** 53),
    ingestedAt: wholeNumber(2 ** 49),
  });
  fc.assert(
    fc.property(fc.array(stamped, { minLength: 1, maxLength: 5 }), (given) => {
      const rows = given.map(({ one, other, seq, ingestedAt }) => {
        const row = { key: encodeKey(one), value: encodeValue(other ?? one) };
        stamp(row.value, seq, ingestedAt);
        return row;
      });
      expect(rowsOf({ key: rows[0].key, value: encodeBlock(rows) }).map(whole)).toEqual(rows.map(whole));
    }),
    { numRuns: 500 },
  );
});

test('an event id with the bytes of item and type is none the less an event id', () => {
  const rows = [null, 'AAAAAA'].map((eventId) =>
    rowOf({ user: 7, time: 1, item: 0x41414141, type: 0x4141, weight: 1, eventId, extras: null }),
  );
  expect(rowsOf({ key: rows[0].key, value: encodeBlock(rows) }).map(whole)).toEqual(rows.map(whole));
});
