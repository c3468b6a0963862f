import { expect, test } from 'vitest';
import { regimeOf, regimeOfMany } from '../../src/evaluate/regime.js';
import { byAngle, interest, tableOf } from '../retrieve/tables.js';

test('items spread evenly over k interests count as k, unevenly as fewer; a cosine is to the mean of the interest', () => {
  const table = tableOf(byAngle(0, 60, 180, 200, 90), 2);
  const two = [interest('a', 0, 9, [0, 1]), interest('b', 2, 1, [2, 3])];
  const even = regimeOf(two, table);
  expect(even.interests).toBeCloseTo(2, 12);
  // 30° on both sides of the mean in one, 10° in the other; vectors are float32.
  expect(even.cosine).toBeCloseTo((Math.cos(Math.PI / 6) + Math.cos(Math.PI / 18)) / 2, 6);
  const three = regimeOf([...two, interest('c', 4, 1)], table);
  expect(three.interests).toBeCloseTo(Math.exp(-0.8 * Math.log(0.4) - 0.2 * Math.log(0.2)), 12);
  expect(three.cosine).toBe(even.cosine);
});

test('of many users the median number and the mean cosine; who has no interest of two items has no cosine', () => {
  const table = tableOf(byAngle(0, 90), 2);
  const alone = regimeOf([interest('a', 0, 1), interest('b', 1, 1)], table);
  expect(alone).toEqual({ interests: expect.closeTo(2, 12), cosine: Number.NaN });
  const known = { interests: 5, cosine: 0.5 };
  expect(regimeOfMany([alone, known, { interests: 3, cosine: 0.7 }, regimeOf([], table)])).toEqual({
    interests: 3,
    cosine: expect.closeTo(0.6, 12),
  });
  expect(regimeOfMany([])).toEqual({ interests: Number.NaN, cosine: Number.NaN });
});
