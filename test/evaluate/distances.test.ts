import { expect, test } from 'vitest';
import type { UserAtCut } from '../../src/evaluate/contender.js';
import { GrowingDistances } from '../../src/evaluate/distances.js';
import { randomMatrix } from '../helpers/vectors.js';

const dim = 6;
const all = randomMatrix(5, 40, dim);
const table = {} as UserAtCut['models']['table'];

/** As much of a user as is looked at: points by item number, whose vectors are rows of `all`. */
function userOf(items: readonly number[]): UserAtCut {
  const vectors = Float32Array.from(items.flatMap((item) => [...all.subarray(item * dim, (item + 1) * dim)]));
  return {
    vectors,
    points: { itemKeys: Uint32Array.from(items) },
    models: { table },
  } as unknown as UserAtCut;
}

function plain(items: readonly number[]): number[] {
  return items.flatMap((a, i) =>
    items.slice(i + 1).map((b) => {
      let sum = 0;
      for (let k = 0; k < dim; k++) sum += (all[a * dim + k] - all[b * dim + k]) ** 2;
      return sum;
    }),
  );
}

test('distances grow with a user, and start anew with another or where a point has gone', () => {
  const distances = new GrowingDistances();
  for (const items of [
    [3, 1, 2],
    [3, 1, 2, 7, 9],
    [3, 1, 2, 7, 9, 30],
    [1, 2, 7],
    [1],
    [5, 6],
    [5, 6, 1, 0],
  ]) {
    const found = distances.of(userOf(items));
    const expected = plain(items);
    expect(found).toHaveLength(expected.length);
    expected.forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 4);
    });
  }
});
