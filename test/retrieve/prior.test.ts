import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createExactSearch } from '../../src/ann/exact.js';
import type { RowSet } from '../../src/ann/search.js';
import type { EmbeddingTable } from '../../src/model/item.js';
import { PopularityPrior } from '../../src/retrieve/prior.js';
import { randomMatrix } from '../helpers/vectors.js';
import { tableOf } from './tables.js';

interface World {
  readonly table: EmbeddingTable;
  readonly popularity: Float64Array;
  readonly query: Float32Array;
  readonly admit: RowSet | undefined;
  prior(scannedRows?: number): PopularityPrior;
}

function worldOf(seed: number, rows: number, normalized: boolean, filtered: boolean): World {
  const table = tableOf(randomMatrix(seed, rows, 5, normalized), 5);
  table.live.forEach((_, row) => {
    if ((row + seed) % 7 === 0) table.live[row] = 0;
  });
  const popularity = Float64Array.from({ length: rows }, (_, row) => ((row * (seed + 3)) % 11) ** 2);
  const items = Uint32Array.from(popularity.keys()).filter((item) => popularity[item] > 0);
  items.sort((a, b) => popularity[b] - popularity[a] || a - b);
  const popular = { items, scores: Float64Array.from(items, (item) => popularity[item]) };
  const bits = Uint8Array.from(table.live, (alive, row) => (alive && row % 3 > 0 ? 1 : 0));
  const admit = filtered ? { bits, count: bits.reduce((sum, bit) => sum + bit, 0) } : undefined;
  const search = createExactSearch({ ...table, normalized });
  return {
    table,
    popularity,
    query: randomMatrix(seed + 1, 1, 5, normalized),
    admit,
    prior: (scannedRows) =>
      new PopularityPrior({
        table,
        normalized,
        search,
        popular,
        ...(scannedRows === undefined ? {} : { scannedRows }),
      }),
  };
}

/** Rows that may come back by score + strength · p, everything written out. */
function plain(
  { table, popularity, query, admit }: World,
  strength: number,
): { row: number; score: number }[] {
  const most = Math.log1p(Math.max(...popularity)) || 1;
  return Array.from(table.live.keys())
    .filter((row) => table.live[row] === 1 && (!admit || admit.bits[row] === 1))
    .map((row) => {
      const x = table.vectors.subarray(row * 5, row * 5 + 5);
      const squared = x.reduce((sum, value, i) => sum + (query[i] - value) ** 2, 0);
      return { row, score: 1 - squared / 2 + (strength * Math.log1p(popularity[row])) / most };
    })
    .sort((a, b) => b.score - a.score || a.row - b.row);
}

test('a search with a prior equals its plain twin; from a pool that holds everything, too', () => {
  fc.assert(
    fc.property(
      fc.nat(1e6),
      fc.integer({ min: 2, max: 200 }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(0.01, 0.4, 3),
      fc.boolean(),
      fc.boolean(),
      (seed, rows, k, strength, normalized, filtered) => {
        const world = worldOf(seed, rows, normalized, filtered);
        const expected = plain(world, strength);
        const exact = world.prior().searchWith(strength).search(world.query, k, world.admit);
        expect([...exact.rows]).toEqual(expected.slice(0, k).map(({ row }) => row));
        exact.scores.forEach((score, i) => {
          expect(score).toBeCloseTo(expected[i].score, 4);
        });
        const whole = world.prior(0).searchWith(strength).search(world.query, rows, world.admit);
        expect([...whole.rows]).toEqual(expected.map(({ row }) => row));
      },
    ),
  );
});

test('from a pool come the best of the nearest and of the most popular', () => {
  const world = worldOf(5, 2000, true, false);
  const found = world.prior(0).searchWith(0.5).search(world.query, 10);
  const near = plain(world, 0).slice(0, 80);
  const order = [...world.table.live.keys()]
    .filter((row) => world.table.live[row] === 1)
    .sort((a, b) => world.popularity[b] - world.popularity[a] || a - b);
  const pool = new Set([...near.map(({ row }) => row), ...order.slice(0, 80)]);
  const expected = plain(world, 0.5).filter(({ row }) => pool.has(row));
  expect([...found.rows]).toEqual(expected.slice(0, 10).map(({ row }) => row));
});

test('a share are the most popular live rows, at least one', () => {
  const world = worldOf(2, 50, true, false);
  const { bits, count } = world.prior().rows(0.2);
  const live = world.table.live.reduce((sum, bit) => sum + bit, 0);
  expect(count).toBe(Math.ceil(0.2 * live));
  const least = Math.min(...[...bits.keys()].filter((row) => bits[row]).map((row) => world.popularity[row]));
  const others = [...bits.keys()].filter((row) => !bits[row] && world.table.live[row] === 1);
  expect(others.every((row) => world.popularity[row] <= least)).toBe(true);
  expect(world.prior().rows(1e-9).count).toBe(1);
});

test('without any popularity a prior changes nothing', () => {
  const { table, query } = worldOf(1, 40, true, false);
  const search = createExactSearch({ ...table, normalized: true });
  const popular = { items: new Uint32Array(0), scores: new Float64Array(0) };
  const prior = new PopularityPrior({ table, normalized: true, search, popular });
  expect(prior.searchWith(2).search(query, 9)).toEqual(search.search(query, 9));
});
