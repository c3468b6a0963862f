import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dayMs } from '../../src/model/action.js';
import type { LeftOut } from '../../src/model/profile.js';
import { type CollectOptions, collectPoints, PointScratch, type Points } from '../../src/profile/points.js';
import { logOf, pointOptions, type Row, types } from './logs.js';

const asOfDay = 100;
const asOf = asOfDay * dayMs;
const nothingLeftOut: LeftOut = { role: 0, afterAsOf: 0, outsideWindow: 0, unembedded: 0, truncated: 0 };

function plain({ itemKeys, actionOffsets, times, weights, leftOut }: Points) {
  const points = Array.from(itemKeys, (item, i) => {
    const run = (values: Float64Array) => [...values.subarray(actionOffsets[i], actionOffsets[i + 1])];
    return { item, days: run(times).map((time) => time / dayMs), weights: run(weights) };
  });
  return { points, leftOut };
}

function collect(rows: readonly Row[], changed: Partial<CollectOptions> = {}) {
  return plain(collectPoints(logOf(rows), asOf, pointOptions(changed)));
}

describe('by hand', () => {
  test('distinct items by first action, each with its actions in time order and weight × type weight', () => {
    const { points, leftOut } = collect([
      { item: 5, day: 20, type: 1 },
      { item: 3, day: 30, weight: 2 },
      { item: 5, day: 40, weight: 4 },
      { item: 9, day: 50, type: 1, weight: 3 },
      { item: 3, day: 60 },
    ]);
    expect(points).toEqual([
      { item: 5, days: [20, 40], weights: [0.5, 4] },
      { item: 3, days: [30, 60], weights: [2, 1] },
      { item: 9, days: [50], weights: [1.5] },
    ]);
    expect(leftOut).toEqual(nothingLeftOut);
  });

  test('the window leaves out its start and takes in asOf', () => {
    const { points, leftOut } = collect([
      { item: 1, day: 9 },
      { item: 2, day: 10 }, // exactly asOf − 90 d
      { item: 3, day: 10 + 1 / dayMs },
      { item: 4, day: 100 },
      { item: 5, day: 100 + 1 / dayMs },
    ]);
    expect(points.map((point) => point.item)).toEqual([3, 4]);
    expect(leftOut).toEqual({ ...nothingLeftOut, outsideWindow: 2, afterAsOf: 1 });
  });

  test('a window of any length, or all', () => {
    const rows = [
      { item: 1, day: -5000 },
      { item: 2, day: 99.5 },
      { item: 3, day: 99.8 },
    ];
    const itemsOf = (windowDays: number | 'all') => collect(rows, { windowDays }).points.map((p) => p.item);
    expect(itemsOf('all')).toEqual([1, 2, 3]);
    expect(itemsOf(0.25)).toEqual([3]);
  });

  test('the order is by the first action inside the window', () => {
    const rows = [
      { item: 1, day: 5 },
      { item: 2, day: 20 },
      { item: 1, day: 30 },
    ];
    expect(collect(rows).points.map((point) => point.item)).toEqual([2, 1]);
  });

  test('items first acted on at one instant are ordered by the bytes of their ids', () => {
    const idRank = Uint32Array.of(0, 3, 1, 2);
    const rows = [1, 2, 3].map((item) => ({ item, day: 50 }));
    expect(collect([{ item: 0, day: 49 }, ...rows], { idRank }).points.map((p) => p.item)).toEqual([
      0, 2, 3, 1,
    ]);
  });

  test('each action is left out for the first reason that applies', () => {
    const { points, leftOut } = collect(
      [
        { item: 1, day: 1, type: 2 },
        { item: 1, day: 1 },
        { item: 7, day: 50 },
        { item: 1, day: 60 },
        { item: 7, day: 101, type: 3 },
        { item: 7, day: 101 },
      ],
      { hasVector: (item) => item !== 7 },
    );
    expect(points.map((point) => point.item)).toEqual([1]);
    expect(leftOut).toEqual({ role: 2, afterAsOf: 1, outsideWindow: 1, unembedded: 1, truncated: 0 });
  });

  test('an action of weight 0 makes a point all the same', () => {
    expect(collect([{ item: 1, day: 50, weight: 0 }]).points).toEqual([
      { item: 1, days: [50], weights: [0] },
    ]);
  });

  test('beyond maxItems the newest last actions stay, and the rest is counted by action', () => {
    const rows = [
      { item: 1, day: 20 },
      { item: 2, day: 30 },
      { item: 3, day: 40 },
      { item: 2, day: 50 },
      { item: 1, day: 60 },
    ];
    const { points, leftOut } = collect(rows, { maxItems: 2 });
    expect(points).toEqual([
      { item: 1, days: [20, 60], weights: [1, 1] },
      { item: 2, days: [30, 50], weights: [1, 1] },
    ]);
    expect(leftOut).toEqual({ ...nothingLeftOut, truncated: 1 });
  });

  test('no action, and no action that counts', () => {
    expect(collect([])).toEqual({ points: [], leftOut: nothingLeftOut });
    expect(collect([{ item: 1, day: 50, type: 2 }]).points).toEqual([]);
  });

  test('an undeclared type code is a defect', () => {
    expect(() => collect([{ item: 1, day: 50, type: 9 }])).toThrow(/type code: got 9, expected one below 4/);
  });
});

const row: fc.Arbitrary<Row> = fc.record({
  item: fc.nat(15),
  day: fc.integer({ min: 5, max: 103 }),
  type: fc.nat(3),
  weight: fc.constantFrom(0, 1, 2.5),
});

/** Rows in time order, as a log yields them. */
const rows = fc.array(row, { maxLength: 60 }).map((list) => list.sort((a, b) => a.day - b.day));

const changed = fc.record({
  windowDays: fc.constantFrom('all' as const, 90, 30, 1),
  maxItems: fc.integer({ min: 1, max: 12 }),
  idRank: fc.constantFrom(
    Uint32Array.from({ length: 16 }, (_, i) => i),
    Uint32Array.from({ length: 16 }, (_, i) => (i * 7 + 3) % 16),
  ),
});

/** The definition, word by word. */
function twin(
  list: readonly Row[],
  { windowDays, maxItems, idRank }: Pick<CollectOptions, 'windowDays' | 'maxItems' | 'idRank'>,
) {
  const inWindow = (r: Row) => r.day <= asOfDay && (windowDays === 'all' || r.day > asOfDay - windowDays);
  const actions = list.filter((r) => types[r.type!].role === 'interest' && inWindow(r) && r.item !== 13);
  const points = [...new Set(actions.map((r) => r.item))].map((item) => {
    const own = actions.filter((r) => r.item === item);
    return { item, days: own.map((r) => r.day), weights: own.map((r) => r.weight! * types[r.type!].weight) };
  });
  points.sort((a, b) => a.days[0] - b.days[0] || idRank[a.item] - idRank[b.item]);
  const place = new Map(points.map((point, i) => [point.item, i]));
  const newest = [...points]
    .sort((a, b) => b.days.at(-1)! - a.days.at(-1)! || place.get(b.item)! - place.get(a.item)!)
    .slice(0, maxItems);
  return points.filter((point) => newest.includes(point));
}

const hasVector = (item: number) => item !== 13;

test('equals the plain twin, with one scratch for all users', () => {
  const scratch = new PointScratch();
  fc.assert(
    fc.property(rows, changed, (list, options) => {
      const got = plain(collectPoints(logOf(list), asOf, pointOptions({ ...options, hasVector }), scratch));
      expect(got.points).toEqual(twin(list, options));
      const used = got.points.reduce((sum, point) => sum + point.days.length, 0);
      const left = Object.values(got.leftOut).reduce((sum, count) => sum + count, 0);
      expect(used + left).toBe(list.length);
    }),
    { numRuns: 300 },
  );
});

test('points that are held stay as they are while others are collected, until they are released', () => {
  fc.assert(
    fc.property(fc.array(rows, { minLength: 1, maxLength: 8 }), changed, (users, options) => {
      const scratch = new PointScratch();
      const collectWith = (list: readonly Row[], own?: PointScratch): Points =>
        collectPoints(logOf(list), asOf, pointOptions({ ...options, hasVector }), own);
      for (let again = 0; again < 8; again++) {
        const held = users.map((list) => {
          const points = collectWith(list, scratch);
          scratch.hold(points);
          return points;
        });
        expect(held.map(plain)).toEqual(users.map((list) => plain(collectWith(list))));
        const rooms = held.map(({ times }) => times.buffer);
        scratch.release();
        if (again === 7) expect(new Set(rooms).size).toBe(1);
      }
    }),
  );
});

test('the order of the rows does not matter', () => {
  fc.assert(
    fc.property(
      rows.chain((list) =>
        fc.tuple(
          fc.constant(list),
          fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
        ),
      ),
      changed,
      ([list, shuffled], options) => {
        const sorted = (all: readonly Row[]) =>
          collect(all, { ...options, hasVector }).points.map((point) => ({
            ...point,
            // Actions of one item at one instant keep the order of their rows.
            weights: point.days
              .map((day, i) => [day, point.weights[i]])
              .sort((a, b) => a[0] - b[0] || a[1] - b[1]),
          }));
        expect(sorted(shuffled)).toEqual(sorted(list));
      },
    ),
  );
});

test('many items at one instant are ordered in far less than quadratic time', () => {
  const count = 20_000;
  const idRank = Uint32Array.from({ length: count }, (_, i) => count - i);
  const list = Array.from({ length: count }, (_, item) => ({ item, day: 50 }));
  const { itemKeys } = collectPoints(logOf(list), asOf, pointOptions({ idRank }));
  expect([itemKeys[0], itemKeys[count - 1]]).toEqual([count - 1, 0]);
});
