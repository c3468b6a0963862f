import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockOf } from '../../src/store/block.js';
import { PendingProfiles } from '../../src/store/pending.js';

/** A user's bytes, as long as a profile may be and known again: multiples of 8. The place of the slot is left as it is. */
const bytesOf = (user: number): Uint8Array => new Uint8Array(8 * (2 + (user % 3))).fill(1 + (user % 250));

const written = (user: number): string => Buffer.from(blockOf([[user, bytesOf(user)]]).bytes).toString('hex');

/** Rising users, cut into blocks; after each it may be that what is whole is taken. */
const blocks = fc.array(
  fc.record({
    steps: fc.array(fc.constantFrom(1, 1, 1, 2, 9, 40), { minLength: 1, maxLength: 12 }),
    isTaken: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
);

test('entries are handed on whole, each once, without those left out, and none that is empty', () => {
  fc.assert(
    fc.property(blocks, fc.integer({ min: 1, max: 5 }), (given, every) => {
      const isLeftOut = (user: number): boolean => every > 1 && user % every !== 0;
      const pending = new PendingProfiles();
      const put: [number, string][] = [];
      const take = (atEnd: boolean): void =>
        pending.take(atEnd, isLeftOut, (first, bytes) => put.push([first, bytes.toString('hex')]));
      const all: number[] = [];
      let user = -1;
      for (const { steps, isTaken } of given) {
        const users = steps.map((step) => {
          user += step;
          return user;
        });
        pending.add(blockOf(users.map((each) => [each, bytesOf(each)] as const)));
        all.push(...users);
        if (isTaken) take(false);
      }
      take(true);
      take(true);
      const expected = new Map<number, string>();
      for (const each of all.filter((one) => !isLeftOut(one))) {
        const first = 16 * Math.floor(each / 16);
        expected.set(first, (expected.get(first) ?? '') + written(each));
      }
      expect(put).toEqual([...expected]);
    }),
    { numRuns: 150 },
  );
});
