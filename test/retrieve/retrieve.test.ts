import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRng } from '../../src/math/rng.js';
import type { EmbeddingTable } from '../../src/model/item.js';
import { type MergeRule, mergeRules } from '../../src/model/recipe.js';
import { type Admitted, NeighborCache } from '../../src/retrieve/cache.js';
import { type Retrieved, retrieve } from '../../src/retrieve/retrieve.js';
import { randomMatrix } from '../helpers/vectors.js';
import { byAngle, inputOf, interest, tableOf } from './tables.js';

test('sampled interests take turns with their nearest items, and name the members behind them', () => {
  // Items 0, 1, 2 lie around 0°, items 5 and 6 around 90°; the user acted on 0, 2 and 5.
  const table = tableOf(byAngle(0, 5, -8, 12, 45, 90, 96), 2);
  const interests = [interest('a', 0, 2, [0, 2]), interest('b', 5, 1)];
  const found = retrieve(
    inputOf(table, interests, [0, 2, 5]),
    { count: 4, medoids: 2, merge: 'turns', because: 2 },
    createRng(1),
  );
  expect(found.fallback).toBeNull();
  const of = (id: string) => found.picks.filter((pick) => pick.interest?.id === id).map((pick) => pick.item);
  expect(of('a')).toEqual([1, 3]);
  expect(of('b')).toEqual([6, 4]);
  const first = found.picks.find((pick) => pick.item === 1);
  expect(first?.score).toBeCloseTo(Math.cos((5 * Math.PI) / 180), 6);
  expect(first?.because).toEqual([0, 2]);
  expect(found.picks.find((pick) => pick.item === 6)?.because).toEqual([5]);
});

test('the draw is by importance: shares, and the propensity of the order', () => {
  const table = tableOf(byAngle(0, 30, 60, 90), 2);
  const interests = [interest('a', 0, 6), interest('b', 1, 3), interest('c', 2, 1)];
  const found = retrieve(
    inputOf(table, interests),
    { count: 1, medoids: 2, merge: 'turns', because: 0 },
    createRng(3),
  );
  const share = { a: 0.6, b: 0.3, c: 0.1 } as Record<string, number>;
  const [first, second] = found.drawn;
  expect(first.probability).toBeCloseTo(share[first.interest.id], 12);
  const expected = share[first.interest.id] * (share[second.interest.id] / (1 - share[first.interest.id]));
  expect(found.propensity).toBeCloseTo(expected, 12);
});

test('what was barred never comes, nothing comes twice, and the count is met while the catalog can', () => {
  fc.assert(
    fc.property(
      fc.nat(1e6),
      fc.integer({ min: 1, max: 80 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 90 }),
      fc.array(fc.nat(79), { maxLength: 70 }),
      (seed, items, medoids, count, barredPlaces) => {
        const table = tableOf(randomMatrix(seed, items, 4), 4);
        const barred = new Set(barredPlaces.map((place) => place % items));
        const interests = [0, 1, 2].map((i) => interest(`${i}`, (seed + 7 * i) % items, i + 1));
        const { picks } = retrieve(
          inputOf(table, interests, barred),
          { count, medoids, merge: 'turns', because: 0 },
          createRng(seed),
        );
        const found = picks.map((pick) => pick.item);
        expect(found).toHaveLength(Math.min(count, items - barred.size));
        expect(new Set(found).size).toBe(found.length);
        expect(found.some((item) => barred.has(item))).toBe(false);
      },
    ),
  );
});

test('while no interest runs dry, each gives an equal part of any prefix', () => {
  const table = tableOf(randomMatrix(5, 400, 6), 6);
  const interests = [0, 1, 2, 3].map((i) => interest(`${i}`, 90 * i, 1 + i));
  const { picks } = retrieve(
    inputOf(table, interests),
    { count: 40, medoids: 4, merge: 'turns', because: 0 },
    createRng(2),
  );
  for (let prefix = 4; prefix <= 40; prefix += 4) {
    const counts = new Map<string, number>();
    for (const { interest: from } of picks.slice(0, prefix)) {
      const id = from?.id ?? '';
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect([...counts.values()]).toEqual([prefix / 4, prefix / 4, prefix / 4, prefix / 4]);
  }
});

test('the same seed gives the same answer, another one another draw', () => {
  const table = tableOf(randomMatrix(8, 100, 4), 4);
  const interests = Array.from({ length: 20 }, (_, i) => interest(`${i}`, i, 1));
  const run = (seed: number) =>
    retrieve(
      inputOf(table, interests),
      { count: 9, medoids: 3, merge: 'turns', because: 1 },
      createRng(seed),
    );
  expect(run(1)).toEqual(run(1));
  const draws = Array.from({ length: 20 }, (_, seed) =>
    run(seed)
      .drawn.map(({ interest: i }) => i.id)
      .join(),
  );
  expect(new Set(draws).size).toBeGreaterThan(10);
});

test('where one interest runs dry the others go on, whatever the rule', () => {
  const table = tableOf(byAngle(0, 10, 80, 90, 100, 110), 2);
  const input = inputOf(table, [interest('dry', 0, 1), interest('other', 3, 1)]);
  // As an index may have it: near the first there is nothing but itself.
  const search: typeof input.search = {
    size: 6,
    search: (query, k) => input.search.search(query, query[0] > 0.99 ? 1 : k),
  };
  for (const merge of ['turns', 'importance', 'score'] satisfies MergeRule[]) {
    const options = { count: 6, interests: 'all', merge, because: 0 } as const;
    const { picks } = retrieve({ ...input, search }, options, createRng(1));
    expect(picks.map(({ item }) => item).toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  }
});

test('of the interests and the average beside them, where one runs dry the other goes on', () => {
  const table = tableOf(byAngle(0, 90, 45, 44, 46, 180), 2);
  const input = inputOf(table, [interest('a', 0, 1), interest('b', 1, 1)]);
  const isAverage = (query: Float32Array): boolean => Math.abs(query[0] - query[1]) < 0.1;
  for (const isAverageDry of [true, false])
    for (const merge of ['turns', 'importance', 'score'] satisfies MergeRule[]) {
      const search: typeof input.search = {
        size: 6,
        search: (query, k) => input.search.search(query, isAverage(query) === isAverageDry ? 1 : k),
      };
      const options = { count: 6, interests: 'all', averageShare: 0.5, merge, because: 0 } as const;
      const { picks } = retrieve({ ...input, search }, options, createRng(1));
      expect(picks.map(({ item }) => item).toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
    }
});

test('which interests can be used is another question for each kind of query and each table', () => {
  const table = tableOf(randomMatrix(9, 9, 4), 4);
  const interests = [interest('half', 500, 1, [500, 2])]; // its medoid has no vector here, its other member has
  const fallback = (of: EmbeddingTable, query: 'medoid' | 'centroid') =>
    retrieve({ ...inputOf(of, interests), table: of }, { count: 3, query, because: 0 }, createRng(1))
      .fallback;
  expect([fallback(table, 'medoid'), fallback(table, 'centroid')]).toEqual(['popularity', null]);
  const without = { ...table, rowOfItem: table.rowOfItem.map((row, item) => (item === 2 ? -1 : row)) };
  expect([fallback(without, 'centroid'), fallback(table, 'centroid')]).toEqual(['popularity', null]);
});

test('a user without usable interests gets popular items, then the rest, and is told so', () => {
  const table = tableOf(randomMatrix(9, 9, 4), 4);
  table.live[0] = 0;
  const gone = interest('gone', 500, 1); // its medoid has no vector here
  const found = retrieve(
    inputOf(table, [gone], [3, 1]),
    { count: 20, medoids: 3, merge: 'turns', because: 3 },
    createRng(1),
  );
  expect(found.fallback).toBe('popularity');
  expect(found.drawn).toEqual([]);
  expect(found.picks.map(({ item, score }) => [item, score])).toEqual([
    [7, 9],
    [2, 0],
    [4, 0],
    [5, 0],
    [6, 0],
    [8, 0],
  ]);
});

const admitted = (table: EmbeddingTable, admits: (row: number) => boolean): Admitted => {
  const bits = Uint8Array.from(table.live, (alive, row) => (alive && admits(row) ? 1 : 0));
  return { text: 'some', rows: { bits, count: bits.reduce((sum, bit) => sum + bit, 0) } };
};

/** Without the items of lists, which are there where a list was read before. */
function listsOf(retrieved: Retrieved) {
  const picks = retrieved.picks.map(({ list, ...pick }) => ({
    ...pick,
    list: list && { rows: list.rows, scores: list.scores },
  }));
  return { ...retrieved, picks };
}

test('only admitted items come, as many as there are, and a cache changes nothing', () => {
  fc.assert(
    fc.property(
      fc.nat(1e6),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(...mergeRules),
      fc.boolean(),
      (seed, items, count, step, merge, known) => {
        const table = tableOf(randomMatrix(seed, items, 4), 4);
        const interests = known ? [0, 1, 2].map((i) => interest(`${i}`, (seed + 7 * i) % items, i + 1)) : [];
        const barred = [seed % items];
        const admit = admitted(table, (row) => row % step === 0);
        const input = { ...inputOf(table, interests, barred), admit };
        const options = { count, medoids: 3, merge, because: 0 };
        const plain = retrieve(input, options, createRng(seed));
        const found = plain.picks.map(({ item }) => item);
        const expected = Array.from({ length: items }, (_, i) => i).filter(
          (i) => i % step === 0 && !barred.includes(i),
        );
        expect(found).toHaveLength(Math.min(count, expected.length));
        expect(found.every((item) => expected.includes(item))).toBe(true);
        expect(new Set(found).size).toBe(found.length);
        const cache = new NeighborCache();
        for (let again = 0; again < 2; again++)
          expect(listsOf(retrieve({ ...input, cache }, options, createRng(seed)))).toEqual(listsOf(plain));
      },
    ),
    { numRuns: 60 },
  );
});

test('by score the best come first, by importance in proportion to it', () => {
  const table = tableOf(randomMatrix(5, 400, 6), 6);
  const interests = [6, 3, 1].map((importance, i) => interest(`${i}`, 90 * i, importance));
  const run = (merge: MergeRule) =>
    retrieve(inputOf(table, interests), { count: 40, medoids: 3, merge, because: 0 }, createRng(2)).picks;
  const scores = run('score').map((pick) => pick.score);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  const shares = [0, 1, 2].map(
    (id) => run('importance').filter((pick) => pick.interest?.id === `${id}`).length,
  );
  expect(shares).toEqual([24, 12, 4]);
});
