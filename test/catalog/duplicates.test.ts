import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findDuplicates } from '../../src/catalog/duplicates.js';
import { type Rows, sketchRows } from '../../src/catalog/sketch.js';
import { createRng } from '../../src/math/rng.js';
import { randomMatrix } from '../helpers/vectors.js';

function cosineOf({ vectors, dim }: Rows, a: number, b: number): number {
  const dot = (i: number, j: number): number => {
    let sum = 0;
    for (let k = 0; k < dim; k++) sum += vectors[i * dim + k] * vectors[j * dim + k];
    return sum;
  };
  return dot(a, b) / (Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b)));
}

/** The plain twin: every pair, in order. */
function plain(rows: Rows, threshold: number): { keeper: number[]; cosine: number[] } {
  const kept: number[] = [];
  const keeper: number[] = [];
  const cosine: number[] = [];
  rows.order.forEach((row, place) => {
    const found = kept
      .map((other) => ({ other, cosine: cosineOf(rows, row, rows.order[other]) }))
      .filter((pair) => pair.cosine >= threshold)
      .sort((a, b) => b.cosine - a.cosine || a.other - b.other)[0];
    if (!found) kept.push(place);
    keeper.push(found?.other ?? -1);
    cosine.push(found?.cosine ?? 0);
  });
  return { keeper, cosine };
}

/** Groups of near rows around random ones, some of them equal; in a shuffled order. */
function grouped(seed: number, n: number, dim: number, noise: number, unit: boolean): Rows {
  const rng = createRng(seed);
  const vectors = randomMatrix(seed, n, dim, unit);
  for (let row = 1; row < n; row++) {
    if (rng.uniform() < 0.4) continue;
    const from = rng.below(row) * dim;
    const far = rng.uniform() < 0.3 ? 0 : noise / Math.sqrt(dim);
    for (let k = 0; k < dim; k++) vectors[row * dim + k] = vectors[from + k] + far * rng.normal();
  }
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return { vectors, dim, order: order.subarray(0, n - (n >> 3)) };
}

test('keepers are those of comparing every pair, with the same cosines', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1e6),
      fc.integer({ min: 1, max: 150 }),
      fc.constantFrom(1, 2, 7, 16, 17, 40, 90),
      fc.constantFrom(0.05, 0.2, 0.6),
      fc.boolean(),
      fc.constantFrom(0.5, 0.9, 0.98, 1),
      async (seed, n, dim, noise, unit, threshold) => {
        const rows = grouped(seed, n, dim, noise, unit);
        const found = await findDuplicates(rows, { cosine: threshold });
        expect({ keeper: [...found.keeper], cosine: [...found.cosine] }).toEqual(plain(rows, threshold));
      },
    ),
    { numRuns: 100 },
  );
});

test('sketches bound every cosine from above', () => {
  for (const dim of [5, 17, 64, 200]) {
    const rows = grouped(dim, 80, dim, 0.3, false);
    const { width, values } = sketchRows(rows, 0.98);
    expect(width).toBeLessThanOrEqual(Math.max(16, dim / 2 + 1));
    for (let i = 0; i < rows.order.length; i++)
      for (let j = 0; j < i; j++) {
        let bound = 0;
        for (let k = 0; k < width; k++) bound += values[i * width + k] * values[j * width + k];
        expect(bound + 1e-5).toBeGreaterThanOrEqual(cosineOf(rows, rows.order[i], rows.order[j]));
      }
  }
});

test('a row that is left out keeps nothing out: of a chain of small steps every other one stays', async () => {
  const angles = [0, 10, 20, 30, 40].map((degrees) => (degrees * Math.PI) / 180);
  const vectors = Float32Array.from(angles.flatMap((a) => [Math.cos(a), Math.sin(a)]));
  const rows = { vectors, dim: 2, order: Uint32Array.of(0, 1, 2, 3, 4) };
  const { keeper } = await findDuplicates(rows, { cosine: Math.cos((11 * Math.PI) / 180) });
  expect([...keeper]).toEqual([-1, 0, -1, 2, -1]);
});

test('it can be stopped, and says how far it is', async () => {
  const rows = grouped(1, 400, 20, 0.2, true);
  const seen: number[] = [];
  await findDuplicates(rows, { cosine: 0.98, onStep: async (done, total) => void seen.push(done / total) });
  expect(seen.at(-1)).toBe(1);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  const stop = new Error('stop');
  await expect(
    findDuplicates(rows, {
      cosine: 0.98,
      onStep: async () => {
        throw stop;
      },
    }),
  ).rejects.toBe(stop);
});
