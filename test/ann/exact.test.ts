import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createExactSearch } from '../../src/ann/exact.js';
import { allocateVectors } from '../../src/math/vectors.js';
import { searchContract } from '../contract/search.js';
import { randomMatrix } from '../helpers/vectors.js';

searchContract('exact search', createExactSearch);

/** Every distance in float64, nearest first. */
function plainly(vectors: Float32Array, dim: number, query: Float32Array) {
  return Array.from({ length: vectors.length / dim }, (_, row) => {
    let squared = 0;
    for (let i = 0; i < dim; i++) squared += (query[i] - vectors[row * dim + i]) ** 2;
    return { row, score: 1 - squared / 2 };
  }).sort((a, b) => b.score - a.score || a.row - b.row);
}

describe('far from the origin', () => {
  test.each([0, 1, 100, -3e4, 1e7])('order and scores are those of the plain twin, at %d', (offset) => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 19 }),
        fc.constantFrom(1e-3, 0.05, 1, 1e4),
        fc.integer({ min: 1, max: 70 }),
        fc.boolean(),
        (seed, rows, dim, scale, k, isShared) => {
          const moved = randomMatrix(seed, rows, dim).map((x) => offset + scale * x);
          const vectors = isShared ? allocateVectors(rows, dim) : new Float32Array(rows * dim);
          vectors.set(moved);
          const query = moved.slice(0, dim);
          const live = new Uint8Array(rows).fill(1);
          const found = createExactSearch({ vectors, dim, live, normalized: false }).search(query, k);
          const expected = plainly(vectors, dim, query).slice(0, k);
          expect(Array.from(found.rows)).toEqual(expected.map(({ row }) => row));
          expect(Array.from(found.scores)).toEqual(expected.map(({ score }) => Math.fround(score)));
        },
      ),
    );
  });
});
