import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lru } from '../../src/math/lru.js';

/** The plain twin: a list, the most recently used last. */
class PlainLru {
  entries: { key: string; value: number; weight: number }[] = [];

  get(key: string): number | undefined {
    const found = this.entries.find((entry) => entry.key === key);
    if (found) this.entries = [...this.entries.filter((entry) => entry !== found), found];
    return found?.value;
  }

  set(key: string, value: number, weight: number, capacity: number): void {
    this.entries = [...this.entries.filter((entry) => entry.key !== key), { key, value, weight }];
    while (this.weight > capacity) this.entries.shift();
  }

  get weight(): number {
    return this.entries.reduce((sum, entry) => sum + entry.weight, 0);
  }
}

test('answers as a plain list does, whatever is asked and stored, and never exceeds its capacity', () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    value: fc.nat(99),
    weight: fc.integer({ min: 1, max: 8 }),
    does: fc.constantFrom('get', 'set', 'delete'),
  });
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 1, max: 15 }), (steps, capacity) => {
      const lru = new Lru<number>(capacity);
      const plain = new PlainLru();
      for (const { key, value, weight, does } of steps) {
        if (does === 'get') expect(lru.get(key)).toBe(plain.get(key));
        else if (does === 'delete') {
          lru.delete(key);
          plain.entries = plain.entries.filter((entry) => entry.key !== key);
        } else {
          lru.set(key, value, weight);
          plain.set(key, value, weight, capacity);
        }
        expect([lru.size, lru.weight]).toEqual([plain.entries.length, plain.weight]);
        expect([...lru.all()]).toEqual(plain.entries.map((entry) => [entry.key, entry.value]));
        expect(lru.weight).toBeLessThanOrEqual(capacity);
      }
    }),
  );
});
