import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { createRng } from '../../src/math/rng.js';
import {
  adoptVectors,
  allocateVectors,
  blockRows,
  createDistanceScan,
  createGather,
  createScan,
  nearPairs,
  shareVectors,
} from '../../src/math/vectors.js';

function fill(x: Float32Array, seed: number): Float32Array {
  const rng = createRng(seed);
  return x.map(() => rng.normal());
}

test.each([1, 3, 8, 37, 256])('products of %d dimensions, in place and copied, equal plain ones', (dim) => {
  const rows = 53;
  const shared = allocateVectors(rows, dim);
  shared.set(fill(new Float32Array(rows * dim), dim));
  const query = fill(new Float32Array(dim), 99);
  const inPlace = createScan(shared, dim);
  const copied = createScan(Float32Array.from(shared), dim);
  const whole = Float32Array.from(inPlace(query, 0, rows));
  expect(Array.from(copied(query, 0, rows))).toEqual(Array.from(whole));
  for (let row = 0; row < rows; row++) {
    let product = 0;
    let size = 0;
    for (let k = 0; k < dim; k++) {
      product += shared[row * dim + k] * query[k];
      size += Math.abs(shared[row * dim + k] * query[k]);
    }
    expect(Math.abs(whole[row] - product)).toBeLessThanOrEqual(1e-6 * size);
    // Alone, in another place of its block: the same bits.
    expect(inPlace(query, row, 1)[0]).toBe(whole[row]);
  }
});

test.each([1, 3, 8, 37, 256])(
  'squared distances of %d dimensions, in place and copied, equal plain ones',
  (dim) => {
    const rows = 53;
    const shared = allocateVectors(rows, dim);
    shared.set(fill(new Float32Array(rows * dim), dim).map((x) => 1000 + x));
    const query = fill(new Float32Array(dim), 99).map((x) => 1000 + x);
    const inPlace = createDistanceScan(shared, dim);
    const whole = Float64Array.from(inPlace(query, 0, rows));
    const copied = createDistanceScan(Float32Array.from(shared), dim);
    expect(Array.from(copied(query, 0, rows))).toEqual(Array.from(whole));
    for (let row = 0; row < rows; row++) {
      let squared = 0;
      for (let k = 0; k < dim; k++) squared += (query[k] - shared[row * dim + k]) ** 2;
      expect(Math.abs(whole[row] - squared)).toBeLessThanOrEqual(1e-14 * squared);
      // Alone, in another place of its block: the same bits.
      expect(inPlace(query, row, 1)[0]).toBe(whole[row]);
    }
  },
);

test('a block may hold many rows, and several scans share one memory', () => {
  const shared = allocateVectors(blockRows + 5, 4).fill(1);
  const [one, other] = [createScan(shared, 4), createScan(shared, 4)];
  expect(one(Float32Array.of(1, 2, 3, 4), 5, blockRows).every((product) => product === 10)).toBe(true);
  expect(Array.from(other(Float32Array.of(0, 0, 0, 2), blockRows, 5))).toEqual([2, 2, 2, 2, 2]);
});

test('another thread sees the same matrix', () => {
  const shared = allocateVectors(2, 2);
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(shared);
  const { message } = receiveMessageOnPort(port2) as { message: Float32Array };
  port1.close();
  shared.set([1, 2, 3, 4]);
  expect(Array.from(message)).toEqual([1, 2, 3, 4]);
  expect(Array.from(createScan(message, 2)(Float32Array.of(1, 1), 0, 2))).toEqual([3, 7]);
});

test('a matrix that another thread adopted is scanned where it lies, with a query of its own', () => {
  const own = allocateVectors(3, 2);
  own.set([1, 2, 3, 4, 5, 6]);
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(shareVectors(own));
  const { message } = receiveMessageOnPort(port2) as { message: ReturnType<typeof shareVectors> };
  port1.close();
  const adopted = adoptVectors(message, 1);
  const [here, there] = [createScan(own, 2), createScan(adopted, 2)];
  const first = here(Float32Array.of(1, 0), 0, 3);
  expect(Array.from(there(Float32Array.of(0, 1), 0, 3))).toEqual([2, 4, 6]);
  expect(Array.from(first)).toEqual([1, 3, 5]); // the other scan has not touched it
  own[0] = 9;
  expect(adopted[0]).toBe(9);
});

describe.each([5, 256, 20_000])('rows of %d dimensions', (dim) => {
  test.each(['in place', 'adopted', 'copied'])('gathered %s are the rows of their items', (how) => {
    const made = allocateVectors(40, dim);
    made.set(fill(new Float32Array(40 * dim), 3));
    const vectors = how === 'copied' ? Float32Array.from(made) : made;
    const gather = createGather(
      how === 'adopted' ? adoptVectors(shareVectors(made), 3, 'gather') : vectors,
      dim,
    );
    for (const count of [0, 1, 63, 64, 65, 200]) {
      const rng = createRng(count);
      const rowOfItem = Int32Array.from({ length: 50 }, () => rng.below(40));
      const items = Uint32Array.from({ length: count }, () => rng.below(50));
      const out = new Float32Array((count + 1) * dim).fill(7);
      gather(out, items, rowOfItem);
      const same = [...items].every((item, i) => {
        const from = rowOfItem[item] * dim;
        return vectors.subarray(from, from + dim).every((value, k) => value === out[i * dim + k]);
      });
      expect(same).toBe(true);
      expect(out.subarray(count * dim).every((value) => value === 7)).toBe(true);
    }
    expect(Array.from(vectors.subarray(0, 9))).toEqual(Array.from(fill(new Float32Array(9), 3)));
  });
});

describe.each([1, 5, 16, 40, 256])('pairs of rows of %d dimensions', (dim) => {
  test.each(['in place', 'adopted', 'copied'])(
    'read %s are as far apart as plain sums say, or too far',
    (how) => {
      const made = allocateVectors(30, dim);
      made.set(fill(new Float32Array(30 * dim), dim));
      made.copyWithin(0, dim, 2 * dim); // rows 0 and 1 are the same
      const vectors = how === 'copied' ? Float32Array.from(made) : made;
      const given = how === 'adopted' ? adoptVectors(shareVectors(made), 4, 'gather') : vectors;
      const rng = createRng(dim);
      // More than a kernel takes at once.
      const pairs = Uint32Array.from({ length: 2 * 5000 }, () => rng.below(30)).fill(0, 0, 2);
      pairs.set([0, 1], 2);
      const exact = Float64Array.from({ length: 5000 }, (_, p) => {
        let sum = 0;
        for (let k = 0; k < dim; k++)
          sum += (vectors[pairs[2 * p] * dim + k] - vectors[pairs[2 * p + 1] * dim + k]) ** 2;
        return sum;
      });
      const some = exact[7];
      for (const most of [0, some, Number.POSITIVE_INFINITY]) {
        const expected = exact.map((distance) => (distance > most ? Number.POSITIVE_INFINITY : distance));
        expect(nearPairs(given, dim, pairs, most)).toEqual(expected);
      }
      expect(nearPairs(given, dim, new Uint32Array(0), 1).length).toBe(0);
      expect(Math.max(...exact)).toBeGreaterThan(some);
      expect(Array.from(vectors.subarray(2 * dim))).toEqual(
        Array.from(fill(new Float32Array(30 * dim), dim).subarray(2 * dim)),
      );
    },
  );
});
