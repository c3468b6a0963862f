import { expect, test } from 'vitest';
import { negativesOf } from '../../src/evaluate/negatives.js';
import { createRng } from '../../src/math/rng.js';

/** Items 0 … 29 are rows 0 … 29, of which every seventh is gone; later items have no vector. */
const rows = 30;
const table = {
  dim: 1,
  vectors: new Float32Array(rows).fill(1),
  itemOfRow: Uint32Array.from({ length: rows }, (_, row) => row),
  rowOfItem: Int32Array.from({ length: 40 }, (_, item) => (item < rows ? item : -1)),
  live: Uint8Array.from({ length: rows }, (_, row) => (row % 7 === 6 ? 0 : 1)),
};
const [targets, barred] = [[3, 4], new Set([0, 1, 2])];
const shown = [20, 5, 35, 8, 9, 21, 22, 23, 36, 11, 12];

const cases = {
  impressions: shown.filter((item) => item < rows),
  sampled: [...table.itemOfRow].filter(
    (item) => item % 7 !== 6 && !barred.has(item) && !targets.includes(item),
  ),
};

/** χ² of 99.99 % with up to 21 degrees of freedom lies below. */
const improbable = 55;

test.each(['impressions', 'sampled'] as const)(
  'from %s each is as likely, and none comes twice',
  (rankAgainst) => {
    const possible = cases[rankAgainst];
    const times = new Map(possible.map((item) => [item, 0]));
    const rounds = 2000;
    const perTarget = 2;
    let drawn = 0;
    for (let seed = 0; seed < rounds; seed++) {
      const found = negativesOf(
        { targets, shown },
        barred,
        table,
        { rankAgainst, perTarget },
        createRng(seed),
      );
      drawn += new Set(found).size;
      for (const item of found) times.set(item, (times.get(item) ?? Number.NaN) + 1);
    }
    expect(drawn).toBe(4 * rounds);
    expect([...times.keys()]).toEqual(possible);
    const mean = (4 * rounds) / possible.length;
    const deviation = [...times.values()].reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    expect(deviation).toBeLessThan(improbable);
  },
);

test.each(['impressions', 'sampled'] as const)('from %s all come where no more are wanted', (rankAgainst) => {
  const rules = { rankAgainst, perTarget: 20 };
  const found = negativesOf({ targets, shown }, barred, table, rules, createRng(1));
  expect(found.toSorted((a, b) => a - b)).toEqual(cases[rankAgainst].toSorted((a, b) => a - b));
  const none = { targets, shown: [35] };
  expect(negativesOf(none, new Set(table.itemOfRow), table, rules, createRng(1))).toEqual([]);
});
