import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orthonormalize } from '../../src/math/qr.js';
import { createRng } from '../../src/math/rng.js';
import { type CsrMatrix, createCsrBuilder, multiply, transpose } from '../../src/math/sparse.js';
import { truncatedSvd } from '../../src/math/svd.js';

interface Golden {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly entries: readonly (readonly [number, number, number])[];
  readonly rank: number;
  readonly singularValues: readonly number[];
  readonly u: readonly (readonly number[])[];
}

const golden = JSON.parse(
  readFileSync(new URL('../golden/data/svd.json', import.meta.url), 'utf8'),
) as Golden[];

function csr({ rows, cols, entries }: Pick<Golden, 'rows' | 'cols' | 'entries'>): CsrMatrix {
  const rowStart = new Uint32Array(rows + 1);
  for (const [row] of entries) rowStart[row + 1]++;
  for (let i = 0; i < rows; i++) rowStart[i + 1] += rowStart[i];
  const columns = Uint32Array.from(entries, (e) => e[1]);
  return { rows, cols, rowStart, columns, values: Float32Array.from(entries, (e) => e[2]) };
}

function gramError(q: Float64Array, rows: number, k: number): number {
  let worst = 0;
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += q[row * k + i] * q[row * k + j];
      worst = Math.max(worst, Math.abs(sum - (i === j ? 1 : 0)));
    }
  }
  return worst;
}

test.each(golden)('equals a dense SVD: $name', (c) => {
  const found = truncatedSvd(csr(c), { rank: c.rank, seed: 3, powerIterations: 30 });
  expect(found.rank).toBe(c.rank);
  c.singularValues.forEach((s, i) => {
    expect(Math.abs(found.singularValues[i] - s)).toBeLessThan(1e-9 * c.singularValues[0]);
  });
  c.u.flat().forEach((x, at) => {
    expect(found.u[at]).toBeCloseTo(x, 6);
  });
  expect(gramError(found.u, c.rows, c.rank)).toBeLessThan(1e-12);
});

test('with the default two power iterations the singular values are close and never too large', () => {
  const c = golden[0];
  const found = truncatedSvd(csr(c), { rank: 8, seed: 3 });
  c.singularValues.forEach((s, i) => {
    expect(found.singularValues[i]).toBeLessThan(s * (1 + 1e-9));
    expect(found.singularValues[i]).toBeGreaterThan(s * 0.97);
  });
});

test('a matrix of rank 5 gives five dimensions however many are asked for', () => {
  const c = golden.find((g) => g.name === 'rank 5')!;
  expect(truncatedSvd(csr(c), { rank: 30, seed: 1 }).rank).toBe(5);
});

test('a matrix of zeros, without rows or without columns has rank 0', () => {
  for (const [rows, cols] of [
    [4, 3],
    [0, 3],
    [4, 0],
  ]) {
    expect(truncatedSvd(csr({ rows, cols, entries: [] }), { rank: 2, seed: 1 }).rank).toBe(0);
  }
});

test('the same seed gives the same bits, another seed the same values', () => {
  const a = csr(golden[1]);
  const first = truncatedSvd(a, { rank: 8, seed: 5, powerIterations: 20 });
  expect(truncatedSvd(a, { rank: 8, seed: 5, powerIterations: 20 })).toEqual(first);
  const other = truncatedSvd(a, { rank: 8, seed: 6, powerIterations: 20 });
  expect(other.u).not.toEqual(first.u);
  first.u.forEach((x, i) => {
    expect(other.u[i]).toBeCloseTo(x, 6);
  });
});

test('orthonormalize: Q is orthonormal, Q·Lᵀ is the matrix, dependent columns become zero', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 1, max: 23 }),
      fc.integer({ min: 1, max: 9 }),
      (seed, rows, k) => {
        const rng = createRng(seed);
        const y = Float64Array.from({ length: rows * k }, () => rng.normal());
        if (k > 3) for (let r = 0; r < rows; r++) y[r * k + 3] = 2 * y[r * k] - y[r * k + 1];
        const q = y.slice();
        const l = orthonormalize(q, rows, k);
        const independent = Math.min(rows, k > 3 ? k - 1 : k);
        const lengths = Array.from({ length: k }, (_, j) => {
          let sum = 0;
          for (let r = 0; r < rows; r++) sum += q[r * k + j] ** 2;
          return sum;
        });
        expect(lengths.filter((s) => s > 0).length).toBe(independent);
        for (const s of lengths) expect(Math.min(s, Math.abs(s - 1))).toBeLessThan(1e-12);
        for (let r = 0; r < rows; r++) {
          for (let j = 0; j < k; j++) {
            let sum = 0;
            for (let p = 0; p <= j; p++) sum += q[r * k + p] * l[j * k + p];
            expect(sum).toBeCloseTo(y[r * k + j], 4);
          }
        }
      },
    ),
    { numRuns: 60, seed: 7 },
  );
});

test('sparse products equal dense ones', () => {
  const c = golden[0];
  const a = csr(c);
  const rng = createRng(1);
  const k = 3;
  const x = Float64Array.from({ length: c.cols * k }, () => rng.normal());
  const y = Float64Array.from({ length: c.rows * k }, () => rng.normal());
  const ax = new Float64Array(c.rows * k);
  const aty = new Float64Array(c.cols * k);
  for (const [i, j, value] of c.entries) {
    for (let p = 0; p < k; p++) {
      ax[i * k + p] += value * x[j * k + p];
      aty[j * k + p] += value * y[i * k + p];
    }
  }
  const got = new Float64Array(c.rows * k).fill(9);
  multiply(a, x, k, got);
  expect(got).toEqual(ax);
  const gotTransposed = new Float64Array(c.cols * k).fill(9);
  multiply(transpose(a), y, k, gotTransposed);
  expect(gotTransposed).toEqual(aty);
});

test('the builder keeps rows apart, sorts columns, scales to length 1 and outgrows its first buffers', () => {
  const builder = createCsrBuilder(200);
  const rows = 2000;
  for (let row = 0; row < rows; row++) {
    builder.addUnitRow(new Map(Array.from({ length: 60 }, (_, i) => [(row + 199 - i * 3) % 200, i + 1])));
  }
  const a = builder.finish();
  expect([a.rows, a.cols, a.values.length]).toEqual([rows, 200, rows * 60]);
  const row = 1500;
  const columns = a.columns.subarray(a.rowStart[row], a.rowStart[row + 1]);
  const values = a.values.subarray(a.rowStart[row], a.rowStart[row + 1]);
  expect(columns).toEqual(columns.slice().sort());
  const length = Math.sqrt((60 * 61 * 121) / 6);
  expect(values[columns.indexOf((row + 199) % 200)]).toBeCloseTo(1 / length, 6);
  expect(values[columns.indexOf((row + 199 - 59 * 3) % 200)]).toBeCloseTo(60 / length, 6);
});

test('orthonormalize: nearly parallel columns still give an orthonormal Q and an exact product', () => {
  const rng = createRng(8);
  const [rows, k] = [203, 6];
  const y = new Float64Array(rows * k);
  for (let r = 0; r < rows; r++) {
    const shared = rng.normal();
    for (let j = 0; j < k; j++) y[r * k + j] = shared + 3e-5 * rng.normal();
  }
  const q = y.slice();
  const l = orthonormalize(q, rows, k);
  expect(gramError(q, rows, k)).toBeLessThan(1e-13);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < k; j++) {
      let sum = 0;
      for (let p = 0; p <= j; p++) sum += q[r * k + p] * l[j * k + p];
      expect(Math.abs(sum - y[r * k + j])).toBeLessThan(1e-13);
    }
  }
});
