import fc from 'fast-check';
import { expect, test } from 'vitest';
import { U32Map } from '../../src/math/u32map.js';

const key = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.nat(20),
  fc.nat(4000).map((i) => i * 2 ** 20),
);

test('holds what a Map holds, first value first, with memory used again', () => {
  const map = new U32Map();
  fc.assert(
    fc.property(fc.array(key, { maxLength: 200 }), fc.array(key, { maxLength: 20 }), (keys, absent) => {
      map.reset(keys.length);
      const twin = new Map<number, number>();
      keys.forEach((k, i) => {
        if (!twin.has(k)) twin.set(k, 0xffffffff - i);
        expect(map.getOrSet(k, 0xffffffff - i)).toBe(twin.get(k));
      });
      for (const k of [...keys, ...absent]) expect(map.get(k)).toBe(twin.get(k) ?? -1);
    }),
  );
});
