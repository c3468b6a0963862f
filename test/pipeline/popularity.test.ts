import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeptPopularity, popularityUnit, rankPopularity } from '../../src/pipeline/popularity.js';
import type { Generation, ProfileStore } from '../../src/store/profiles.js';

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

test('what is popular is read once for each batch', () => {
  const kept = new KeptPopularity();
  let read = 0;
  const after = (batch: number | null): number => {
    const store = {
      current: () => (batch === null ? null : ({ space: 'default', number: batch } as Generation)),
      popularity: () => {
        read++;
        return batch === null ? null : { items: Uint32Array.of(batch), scores: Float64Array.of(1) };
      },
    } as Partial<ProfileStore>;
    return kept.of(store as ProfileStore).items[0] ?? -1;
  };
  expect([after(null), after(null), after(7), after(7), after(8)]).toEqual([-1, -1, 7, 7, 8]);
  expect(read).toBe(3);
});
