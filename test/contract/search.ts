import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ExactSearchInput } from '../../src/ann/exact.js';
import type { Neighbors, RowSet, VectorSearch } from '../../src/ann/search.js';
import { randomMatrix } from '../helpers/vectors.js';

/** The slow, plain twin: every distance in float64, a full sort. */
function plainSearch(
  input: ExactSearchInput,
  query: Float32Array,
  admit?: RowSet,
): { row: number; score: number }[] {
  const { vectors, dim, live } = input;
  const found = Array.from(live.keys(), (row) => {
    let squared = 0;
    for (let i = 0; i < dim; i++) squared += (query[i] - vectors[row * dim + i]) ** 2;
    return { row, score: 1 - squared / 2 };
  });
  return found
    .filter(({ row }) => live[row] === 1 && (admit?.bits[row] ?? 1) === 1)
    .sort((a, b) => b.score - a.score || a.row - b.row);
}

/** Each row once, with its own score, best first. */
function expectTrueScores(found: Neighbors, all: readonly { row: number; score: number }[]): void {
  const scoreOf = new Map(all.map(({ row, score }) => [row, score]));
  expect(new Set(found.rows).size).toBe(found.rows.length);
  found.scores.forEach((score, i) => {
    expect(score).toBeCloseTo(scoreOf.get(found.rows[i]) ?? Number.NaN, 3);
    if (i > 0) expect(score).toBeLessThanOrEqual(found.scores[i - 1]);
  });
}

export interface Allowance {
  /** The least share of the true neighbours that must be found. Default: 1, each rank held to the twin's score. */
  readonly recall?: number;
}

/** What every search promises; exact ones are held to the twin's order, approximate ones to a recall. */
export function searchContract(
  name: string,
  create: (input: ExactSearchInput) => VectorSearch,
  { recall = 1 }: Allowance = {},
): void {
  const make = (
    seed: number,
    rows: number,
    dim: number,
    normalized: boolean,
    dead: readonly number[] = [],
  ) => {
    const live = new Uint8Array(rows).fill(1);
    for (const row of dead) live[row % rows] = 0;
    return { vectors: randomMatrix(seed, rows, dim, normalized), dim, live, normalized };
  };

  describe(name, () => {
    test('finds the nearest live rows, nearest first, as the plain twin does', () => {
      fc.assert(
        fc.property(
          fc.nat(1e6),
          fc.integer({ min: 1, max: 60 }),
          fc.integer({ min: 1, max: 19 }),
          fc.boolean(),
          fc.array(fc.nat(60), { maxLength: 30 }),
          fc.integer({ min: 1, max: 70 }),
          (seed, rows, dim, normalized, dead, k) => {
            const input = make(seed, rows, dim, normalized, dead);
            const query = randomMatrix(seed + 1, 1, dim, normalized);
            const expected = plainSearch(input, query).slice(0, k);
            const found = create(input).search(query, k);
            expect(found.rows).toHaveLength(expected.length);
            expectTrueScores(found, plainSearch(input, query));
            if (recall === 1)
              found.scores.forEach((score, i) => {
                expect(score).toBeCloseTo(expected[i].score, 3);
              });
            for (const row of found.rows) expect(input.live[row]).toBe(1);
          },
        ),
      );
    });

    test('finds the nearest of the admitted rows, as many as there are', () => {
      fc.assert(
        fc.property(
          fc.nat(1e6),
          fc.integer({ min: 1, max: 60 }),
          fc.boolean(),
          fc.array(fc.nat(60), { maxLength: 30 }),
          fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
          fc.integer({ min: 0, max: 70 }),
          (seed, rows, normalized, dead, admitted, k) => {
            const input = make(seed, rows, 8, normalized, dead);
            const bits = Uint8Array.from(admitted.slice(0, rows), Number);
            const admit = { bits, count: bits.filter((bit) => bit === 1).length };
            const query = randomMatrix(seed + 1, 1, 8, normalized);
            const expected = plainSearch(input, query, admit).slice(0, k);
            const found = create(input).search(query, k, admit);
            expect(found.rows).toHaveLength(expected.length);
            expectTrueScores(found, plainSearch(input, query));
            if (recall === 1)
              found.scores.forEach((score, i) => {
                expect(score).toBeCloseTo(expected[i].score, 3);
              });
            for (const row of found.rows) expect(input.live[row] & bits[row]).toBe(1);
          },
        ),
      );
    });

    test.each([
      ['normalised', true],
      ['not normalised', false],
    ])('finds the true neighbours among a thousand rows, %s', (_, normalized) => {
      const input = make(
        11,
        1000,
        24,
        normalized,
        Array.from({ length: 100 }, (__, i) => 7 * i),
      );
      const search = create(input);
      const bits = Uint8Array.from({ length: 1000 }, (__, row) => (row % 3 === 0 ? 0 : 1));
      const admit = { bits, count: bits.filter((bit) => bit === 1).length };
      for (const admitted of [undefined, admit]) {
        let hits = 0;
        for (let q = 0; q < 30; q++) {
          const query = randomMatrix(100 + q, 1, 24, normalized);
          const expected = new Set(
            plainSearch(input, query, admitted)
              .slice(0, 20)
              .map(({ row }) => row),
          );
          for (const row of search.search(query, 20, admitted).rows) if (expected.has(row)) hits++;
        }
        expect(hits / (30 * 20)).toBeGreaterThanOrEqual(Math.min(recall, 0.999)); // float32 may swap the last two
      }
    });

    test('a query with NaN is refused', () => {
      const search = create(make(12, 300, 4, true));
      expect(() => search.search(Float32Array.of(1, Number.NaN, 0, 0), 3)).toThrow(/NaN/);
    });

    test('equal rows come by rising row', () => {
      const vectors = Float32Array.from([1, 0, 0, 1, 1, 0, 1, 0]);
      const search = create({ vectors, dim: 2, live: Uint8Array.of(1, 1, 1, 1), normalized: true });
      expect([...search.search(Float32Array.of(1, 0), 3).rows]).toEqual([0, 2, 3]);
    });

    test('asks for more than there is give what there is', () => {
      const input = make(1, 5, 4, true, [2]);
      const search = create(input);
      expect(search.size).toBe(4);
      expect(search.search(randomMatrix(2, 1, 4), 100).rows).toHaveLength(4);
    });

    test('earlier answers stay valid after later searches', () => {
      const search = create(make(3, 20, 4, true));
      const first = search.search(randomMatrix(4, 1, 4), 5);
      const copy = [...first.rows];
      search.search(randomMatrix(5, 1, 4), 5);
      expect([...first.rows]).toEqual(copy);
    });

    test('an empty matrix answers with nothing', () => {
      const search = create({
        vectors: new Float32Array(0),
        dim: 3,
        live: new Uint8Array(0),
        normalized: true,
      });
      expect(search.search(Float32Array.of(1, 0, 0), 5).rows).toHaveLength(0);
    });
  });
}
