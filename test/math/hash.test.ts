import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hash64, hashHex } from '../../src/math/hash.js';

test('a number counts as its digits behind a sign, whichever way it is read', () => {
  const edges = [
    0,
    9,
    10,
    99,
    100,
    999_999_999,
    1_000_000_000,
    2 ** 31 - 1,
    2 ** 31,
    -1,
    -0,
    0.5,
    1e21,
    Number.NaN,
  ];
  for (const number of edges) expect(hash64('a', number, 'b')).toEqual(hash64('a', `#${number}`, 'b'));
  fc.assert(
    fc.property(fc.oneof(fc.nat(), fc.double(), fc.maxSafeInteger()), (number) => {
      expect(hash64(number, 7)).toEqual(hash64(`#${number}`, '#7'));
    }),
  );
});

test('parts are told apart, and what was hashed once stays the same', () => {
  expect(hashHex('a', 'b')).not.toBe(hashHex('ab'));
  // Ids of interests are stored: these digits must not change.
  expect(hashHex('interest', 'ann', 'text', 1, 42)).toBe('82f6e90b0b3622d7');
});
