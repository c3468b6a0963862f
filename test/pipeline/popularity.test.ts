import fc from 'fast-check';
import { expect, test } from 'vitest';
import { popularityUnit, rankPopularity } from '../../src/pipeline/popularity.js';

test('items by falling popularity, equal ones by rising number, without those that nobody acted on', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.nat(4),
          fc.nat(2 ** 40),
          fc.nat(60).map((bits) => 2 ** (2 * bits)),
        ),
        { maxLength: 60 },
      ),
      (sums) => {
        const plain = [...sums.keys()].filter((item) => sums[item] > 0);
        plain.sort((a, b) => sums[b] - sums[a] || a - b);
        const { items, scores } = rankPopularity(Float64Array.from(sums));
        expect([...items]).toEqual(plain);
        expect([...scores]).toEqual(plain.map((item) => sums[item] * popularityUnit));
      },
    ),
  );
});
