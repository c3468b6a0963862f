import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Pick, Picks } from '../../src/retrieve/picks.js';
import { interest } from './tables.js';

const interests = [interest('a', 0, 1), interest('b', 1, 1), null];
const listOf = (...rows: number[]) => ({
  rows: Uint32Array.from(rows),
  scores: new Float32Array(rows.length),
});
const lists = [listOf(1, 2), listOf(1, 2), null];
const pick = fc.record({
  item: fc.nat(2 ** 32 - 1),
  score: fc.double({ noNaN: true }),
  interest: fc.constantFrom(...interests),
  list: fc.constantFrom(...lists),
  place: fc.nat(500),
  because: fc.array(fc.nat(9), { maxLength: 3 }),
});

test('columns give back the picks that were put in, also when they are used again', () => {
  const picks = new Picks();
  const check = (given: readonly Pick[], isExplained: boolean): void => {
    picks.clear();
    for (const one of given) {
      picks.add(one, one.interest);
      if (isExplained) picks.because.push(one.because);
    }
    const found = picks.all();
    expect(found).toEqual(isExplained ? given : given.map((one) => ({ ...one, because: [] })));
    found.forEach(({ interest, list }, i) => {
      expect(interest).toBe(given[i].interest);
      expect(list).toBe(given[i].list); // two lists may hold the same
    });
    const sources = new Set(
      given.map(({ interest, list }) => `${interest?.id} ${lists.indexOf(list as null)}`),
    );
    expect(picks.sources).toHaveLength(sources.size);
  };
  fc.assert(fc.property(fc.array(pick, { minLength: 0, maxLength: 300 }), fc.boolean(), check), {
    numRuns: 60,
  });
});
