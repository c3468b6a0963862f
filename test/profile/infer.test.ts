import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createClusterer } from '../../src/cluster/clusterer.js';
import { hashHex } from '../../src/math/hash.js';
import { createRng } from '../../src/math/rng.js';
import { orderedPropensity } from '../../src/math/sampling.js';
import { dayMs } from '../../src/model/action.js';
import type { Interest } from '../../src/model/profile.js';
import { type InferOptions, InferScratch, inferInterests, inferWith } from '../../src/profile/infer.js';
import { collectPoints } from '../../src/profile/points.js';
import { sampleInterests } from '../../src/profile/sample.js';
import { logOf, pointOptions, type Row, types } from './logs.js';

const asOfDay = 100;
const asOf = asOfDay * dayMs;
const identity = { user: 'ann', space: 'text', generation: 1 };
const options: InferOptions = { alpha: 0.4, lambda: 0.01, repeats: 'distinct', identity };
const newId = (item: number) => hashHex('interest', 'ann', 'text', 1, item);

/** Item k is at `place[k]`. */
type Places = readonly (readonly number[])[];

function infer(rows: readonly Row[], places: Places, changed: Partial<InferOptions> = {}): Interest[] {
  const points = collectPoints(logOf(rows), asOf, pointOptions({ windowDays: 'all' }));
  const vectors = Float32Array.from([...points.itemKeys].flatMap((item) => places[item]));
  return inferInterests({ ...points, vectors }, asOf, { ...options, ...changed });
}

const plain = (interests: readonly Interest[]) =>
  interests.map(({ members, counts, ...rest }) => ({ ...rest, members: [...members], counts: [...counts] }));

describe('by hand', () => {
  // Items 0, 1, 2 on a line at 0, .1, .4 and item 3 far away. Squared distances .01, .09, .16. Ward: {0, 1} at .01; with
  // 2: 2 · 2·1/3 · (.4 − .05)² = .163. So at α = .4 the three are one interest, at .1 two of them are.
  const places = [[0], [0.1], [0.4], [9]];
  const rows = [
    { item: 3, day: 0 },
    { item: 0, day: 10 },
    { item: 2, day: 40, type: 1 },
    { item: 1, day: 50, weight: 2 },
    { item: 2, day: 100 },
  ];

  test('clusters, medoids, importances, sizes, times and ids', () => {
    // The mean of 0, .1, .4 is .1667, so the medoid is item 1.
    // Importances: e^−.9 + .5 e^−.6 + 2 e^−.5 + 1 = .40656966 + .27440582 + 1.21306132 + 1; and e^−1.
    expect(plain(infer(rows, places))).toEqual([
      {
        id: newId(0),
        medoid: 1,
        importance: expect.closeTo(2.8940368, 7),
        size: 3,
        lastActionAt: asOf,
        members: [0, 2, 1],
        counts: [1, 2, 1],
      },
      {
        id: newId(3),
        medoid: 3,
        importance: expect.closeTo(0.36787944, 8),
        size: 1,
        lastActionAt: 0,
        members: [3],
        counts: [1],
      },
    ]);
  });

  test('a smaller alpha keeps item 2 apart', () => {
    const apart = infer(rows, places, { alpha: 0.1 }).map(({ members }) => [...members]);
    expect(apart).toEqual([[0, 1], [2], [3]]);
  });

  test('the medoid of two goes to more actions, then to the later action, then to the earlier point', () => {
    const medoidOf = (...list: Row[]) => infer(list, [[0], [0.1]])[0].medoid;
    const [first, second] = [0, 1].map((item) => (day: number) => ({ item, day }));
    expect(medoidOf(first(1), first(2), second(9))).toBe(0);
    expect(medoidOf(first(1), second(2))).toBe(1);
    expect(medoidOf(second(5), first(5))).toBe(0);
    expect(medoidOf(first(1), second(2), second(3), first(3))).toBe(0);
  });

  test('repeats: distinct merges what count keeps apart', () => {
    // Cosine .98: d = .04 for single points; 20 actions each make it 2 · 20·20/40 · .04 = .8 > .4.
    const angle = Math.acos(0.98);
    const circle = [
      [1, 0],
      [Math.cos(angle), Math.sin(angle)],
    ];
    const list = [0, 1].flatMap((item) => Array.from({ length: 20 }, (_, i) => ({ item, day: i })));
    expect(infer(list, circle).map(({ size }) => size)).toEqual([2]);
    expect(infer(list, circle, { repeats: 'count' }).map(({ size }) => size)).toEqual([20, 20]);
  });

  test('equal importances are ordered by id', () => {
    const interests = infer(
      [0, 1, 2].map((item) => ({ item, day: 50 })),
      [[0], [5], [10]],
    );
    expect(interests.map(({ id }) => id)).toEqual([newId(0), newId(1), newId(2)].sort());
  });

  test('weight 0 enters the geometry and adds nothing', () => {
    const heavy = infer(
      [0, 1, 2].map((item) => ({ item, day: 100, weight: item === 1 ? 0 : 1 })),
      places,
    );
    expect(heavy).toMatchObject([{ medoid: 1, importance: 2, size: 3 }]);
  });

  test('no points, no interests', () => {
    expect(infer([], places)).toEqual([]);
  });
});

test('wrong vectors and options are refused', () => {
  const rows = [
    { item: 0, day: 50 },
    { item: 1, day: 60 },
  ];
  const points = collectPoints(logOf(rows), asOf, pointOptions());
  const run = (vectors: number[], alpha: number) =>
    inferInterests({ ...points, vectors: Float32Array.from(vectors) }, asOf, { ...options, alpha });
  expect(() => run([1, 2, 3], 1)).toThrow(/got 3 numbers for 2 points/);
  expect(() => run([], 1)).toThrow(expect.objectContaining({ code: 'dimension-mismatch' }));
  expect(() => run([1, Number.NaN], 1)).toThrow(expect.objectContaining({ code: 'vector-invalid' }));
  expect(() => run([1, 2], 0)).toThrow(expect.objectContaining({ code: 'option-invalid' }));
});

/** The definition of algorithm.md §2 and §3, word by word, without any of its shortcuts. */
function twin(rows: readonly Row[], places: Places, { alpha, lambda, repeats }: InferOptions) {
  const actions = rows.filter((row) => types[row.type ?? 0].role === 'interest' && row.day <= asOfDay);
  const points = [...new Set(actions.map((row) => row.item))].map((item) => {
    const own = actions.filter((row) => row.item === item);
    return { item, own, at: places[item], copies: repeats === 'count' ? own.length : 1 };
  });
  points.sort((a, b) => a.own[0].day - b.own[0].day || a.item - b.item);
  const apart = (p: readonly number[], q: readonly number[]) =>
    p.reduce((sum, x, k) => sum + (x - q[k]) ** 2, 0);
  type Cluster = typeof points;
  const sizeOf = (c: Cluster) => c.reduce((sum, { copies }) => sum + copies, 0);
  const meanOf = (c: Cluster) =>
    c[0].at.map((_, k) => c.reduce((sum, { at, copies }) => sum + copies * at[k], 0) / sizeOf(c));
  const height = (a: Cluster, b: Cluster) =>
    ((2 * sizeOf(a) * sizeOf(b)) / (sizeOf(a) + sizeOf(b))) * apart(meanOf(a), meanOf(b));
  let clusters: Cluster[] = points.map((point) => [point]);
  for (;;) {
    const pairs = clusters.flatMap((a, i) => clusters.slice(0, i).map((b) => ({ a, b, d: height(a, b) })));
    const next = pairs.sort((p, q) => p.d - q.d).find(({ d }) => d <= alpha);
    if (next === undefined) break;
    clusters = [...clusters.filter((c) => c !== next.a && c !== next.b), [...next.a, ...next.b]];
  }
  return clusters
    .map((cluster) => {
      const members = points.filter((point) => cluster.includes(point));
      const spread = (m: (typeof points)[0]) =>
        members.reduce((sum, { at, copies }) => sum + copies * apart(m.at, at), 0);
      const least = Math.min(...members.map(spread));
      const central = members.filter((m) => spread(m) <= least * (1 + 1e-6));
      central.sort((a, b) => b.own.length - a.own.length || b.own.at(-1)!.day - a.own.at(-1)!.day);
      const all = members.flatMap(({ own }) => own);
      const worth = ({ day, weight, type }: Row) =>
        weight! * types[type!].weight * Math.exp(-lambda * (asOfDay - day));
      return {
        medoid: central[0].item,
        importance: all.reduce((sum, action) => sum + worth(action), 0),
        size: sizeOf(members),
        lastActionAt: Math.max(...all.map(({ day }) => day)) * dayMs,
        members: members.map(({ item }) => item),
        counts: members.map(({ own }) => own.length),
      };
    })
    .sort((a, b) => a.members[0] - b.members[0]);
}

const items = 14;
/** Distinct generic places, so that no two heights tie: ties of the clustering are tested in test/cluster. */
const placesOf = (seed: number): Places => {
  const rng = createRng(seed);
  return Array.from({ length: items }, () => Array.from({ length: 3 }, () => Math.fround(rng.normal())));
};
const row: fc.Arbitrary<Row> = fc.record({
  item: fc.nat(items - 1),
  day: fc.integer({ min: 5, max: 103 }),
  type: fc.nat(3),
  weight: fc.constantFrom(0, 1, 2.5),
});
const rowsArb = fc.array(row, { maxLength: 40 }).map((list) => list.sort((a, b) => a.day - b.day));
const alphaArb = fc.constantFrom(0.1, 1, 3, 8, 1e6);
const repeatsArb = fc.constantFrom('distinct' as const, 'count' as const);

test('equals the plain twin of points and inference', () => {
  fc.assert(
    fc.property(rowsArb, fc.nat(), alphaArb, repeatsArb, (rows, seed, alpha, repeats) => {
      const places = placesOf(seed);
      const got = infer(rows, places, { alpha, repeats });
      const byFirst = plain(got).sort((a, b) => a.members[0] - b.members[0]);
      const want = twin(rows, places, { ...options, alpha, repeats });
      expect(byFirst).toEqual(
        want.map((interest, i) => ({
          ...interest,
          id: byFirst[i]?.id,
          importance: expect.closeTo(interest.importance, 9),
        })),
      );
      for (let i = 1; i < got.length; i++)
        expect(got[i - 1].importance).toBeGreaterThanOrEqual(got[i].importance);
    }),
    { numRuns: 300 },
  );
});

test('repeats: count is the same as repeating the point', () => {
  fc.assert(
    fc.property(rowsArb, fc.nat(), alphaArb, (rows, seed, alpha) => {
      const places = placesOf(seed);
      const kept = rows.filter(({ type, day }) => type! < 2 && day <= asOfDay);
      // Every action acts on an item of its own, at the place of the item it was on.
      const copies = kept.map((action, i) => ({ ...action, item: i }));
      const repeated = infer(
        copies,
        kept.map(({ item }) => places[item]),
        { alpha },
      );
      const counted = infer(rows, places, { alpha, repeats: 'count' });
      const summary = (interests: Interest[], itemOf: (member: number) => number) =>
        interests
          .map(({ members, size, lastActionAt }) => ({
            items: [...new Set([...members].map(itemOf))].sort((a, b) => a - b),
            size,
            lastActionAt,
          }))
          .sort((a, b) => a.items[0] - b.items[0]);
      expect(summary(counted, (item) => item)).toEqual(summary(repeated, (copy) => kept[copy].item));
    }),
  );
});

test('importances add up to the importance of all actions, whatever the clusters', () => {
  fc.assert(
    fc.property(rowsArb, fc.nat(), (rows, seed) => {
      const total = (alpha: number) =>
        infer(rows, placesOf(seed), { alpha }).reduce((sum, { importance }) => sum + importance, 0);
      expect(total(1e-6)).toBeCloseTo(total(1e6), 9);
    }),
  );
});

test('with no new actions a recompute later samples as before', () => {
  fc.assert(
    fc.property(rowsArb, fc.nat(), fc.nat(60), fc.nat(), (rows, seed, days, draw) => {
      const points = collectPoints(logOf(rows), asOf, pointOptions({ windowDays: 'all' }));
      const places = placesOf(seed);
      const vectors = Float32Array.from([...points.itemKeys].flatMap((item) => places[item]));
      const now = inferInterests({ ...points, vectors }, asOf, options);
      const later = inferInterests({ ...points, vectors }, asOf + days * dayMs, options);
      const { drawn, propensity } = sampleInterests(now, 3, createRng(draw));
      const importances = (interests: Interest[]) =>
        now.map(({ id }) => interests.find((interest) => interest.id === id)!.importance);
      const indices = drawn.map(({ interest }) => now.indexOf(interest));
      expect(orderedPropensity(importances(later), indices)).toBeCloseTo(propensity, 11);
    }),
  );
});

test('one clusterer and one scratch for all users give what fresh ones give, and keep nothing', () => {
  const clusterer = createClusterer(3);
  const scratch = new InferScratch();
  const places = placesOf(5);
  fc.assert(
    fc.property(rowsArb, rowsArb, repeatsArb, (yesterday, today, repeats) => {
      const published = infer(yesterday, places, { repeats });
      const points = collectPoints(logOf(today), asOf, pointOptions({ windowDays: 'all' }));
      const vectors = Float32Array.from([...points.itemKeys].flatMap((item) => places[item]));
      const fresh = inferInterests({ ...points, vectors }, asOf, { ...options, repeats }, published);
      clusterer.vectors(points.itemKeys.length).set(vectors);
      const reused = inferWith(clusterer, scratch, points, asOf, { ...options, repeats }, published);
      const seen = plain(reused);
      infer(yesterday, places);
      clusterer.active(
        1,
        { actionOffsets: Uint32Array.of(0, 1), times: Float64Array.of(7), weights: Float64Array.of(7) },
        { alpha: 1, sized: true, asOf: 7, unit: 1, lambda: 0 },
      );
      expect(plain(reused)).toEqual(seen);
      expect(seen).toEqual(plain(fresh));
    }),
  );
});
