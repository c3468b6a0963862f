import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type ActionEmbedding,
  type ActionEmbeddingOptions,
  embedActions,
  type UserScan,
} from '../../src/embed/actions.js';
import { mixEmbeddings } from '../../src/embed/mix.js';
import { PairSums } from '../../src/embed/pairs.js';
import { dayMs } from '../../src/model/action.js';

type History = readonly (readonly [item: number, time: number])[];

interface Golden {
  readonly name: string;
  readonly dim: number;
  readonly options: Omit<ActionEmbeddingOptions, 'dim' | 'seed'>;
  readonly actions: readonly History[];
  readonly keys: readonly number[];
  readonly usersOf: readonly number[];
  readonly cosines: readonly (readonly number[])[];
  readonly mix: {
    readonly textKeys: readonly number[];
    readonly text: readonly number[];
    readonly dim: number;
    readonly actionWeight: number;
    readonly confidence: number;
    readonly keys: readonly number[];
    readonly cosines: readonly (readonly number[])[];
  };
}

const golden = JSON.parse(
  readFileSync(new URL('../golden/data/coengagement.json', import.meta.url), 'utf8'),
) as Golden[];

/** One buffer for all users, longer than most need, as the log hands them out. */
function scanOf(histories: readonly History[]): UserScan {
  return (visit) => {
    const items = new Uint32Array(64);
    const times = new Float64Array(64);
    for (const history of histories) {
      history.forEach(([item, time], i) => {
        items[i] = item;
        times[i] = time;
      });
      visit(items, times, history.length);
    }
  };
}

function expectCosines(
  vectors: Float32Array,
  dim: number,
  expected: readonly (readonly number[])[],
  places: number,
): void {
  const row = (i: number) => vectors.subarray(i * dim, (i + 1) * dim);
  const found = expected.map((_, i) =>
    expected.map((_, j) => row(i).reduce((sum, x, p) => sum + x * row(j)[p], 0)),
  );
  found.flat().forEach((cosine, i) => {
    expect(cosine).toBeCloseTo(expected.flat()[i], places);
  });
}

test.each(golden)(
  'equals NumPy and SciPy: $name',
  ({ actions, dim, options, keys, usersOf, cosines, mix }) => {
    const found = embedActions(scanOf(actions), { ...options, dim, seed: 4, powerIterations: 30 });
    expect([...found.keys]).toEqual(keys);
    expect([...found.usersOf]).toEqual(usersOf);
    expectCosines(found.vectors, found.dim, cosines, 4);

    const text = { keys: Uint32Array.from(mix.textKeys), vectors: Float32Array.from(mix.text), dim: 5 };
    const mixed = mixEmbeddings(text, found, mix);
    expect([...mixed.keys]).toEqual(mix.keys);
    expectCosines(mixed.vectors, mixed.dim, mix.cosines, 4);
  },
);

const histories: History[] = Array.from({ length: 40 }, (_, user) =>
  Array.from(
    { length: 2 + (user % 9) },
    (_, i) => [(7 * user + 5 * i * i) % 23, (user + 3 * i) * dayMs] as const,
  ),
);
const options = { dim: 6, seed: 1 };

test('nothing after the cut is read: any future gives the same vectors', () => {
  const untilMs = 20 * dayMs;
  const past = histories.map((history) => history.filter(([, time]) => time <= untilMs));
  const expected = embedActions(scanOf(past), { ...options, untilMs });
  expect(expected.keys.length).toBeGreaterThan(5);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 90 })), { maxLength: 20 }),
      (planted) => {
        const future = planted
          .map(([item, days]) => [item, untilMs + days * dayMs] as const)
          .sort((a, b) => a[1] - b[1]);
        const found = embedActions(scanOf(past.map((history) => [...history, ...future])), {
          ...options,
          untilMs,
        });
        expect(found).toEqual(expected);
      },
    ),
  );
  expect(embedActions(scanOf(histories), options)).not.toEqual(expected);
});

test('the same log and seed give the same bytes', () => {
  const run = (seed: number): ActionEmbedding => embedActions(scanOf(histories), { ...options, seed });
  expect(run(1)).toEqual(run(1));
});

test('sums per pair are those of a map, in any order of the pair', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(60), fc.nat(60), fc.integer({ min: 1, max: 9 }))), (triples) => {
      const sums = new PairSums(61, 100_000);
      const plain = new Map<string, number>();
      for (const [a, b, weight] of triples) {
        if (a === b) continue;
        sums.add(a, b, weight);
        const key = `${Math.min(a, b)} ${Math.max(a, b)}`;
        plain.set(key, (plain.get(key) ?? 0) + weight);
      }
      const found = new Map<string, number>();
      sums.each((a, b, weight) => found.set(`${a} ${b}`, weight));
      expect(sums.size).toBe(plain.size);
      expect(found).toEqual(plain);
    }),
  );
});

test('a full table forgets light pairs, never more than its room, and keeps those that come again', () => {
  const sums = new PairSums(1 << 20, 5000);
  for (let round = 0; round < 30; round++) {
    for (let a = 0; a < 100; a++) sums.add(a, a + 1, 1);
    for (let i = 0; i < 1000; i++) sums.add(1000 + 1000 * round + i, 900_000, 1);
    expect(sums.size).toBeLessThanOrEqual(5000);
  }
  expect(sums.forgotten).toBeGreaterThan(20_000);
  let often = 0;
  sums.each((a, _, weight) => {
    if (a < 100) often += weight;
  });
  expect(often).toBe(3000);
});

test('without two users who share two items there is no embedding, and options are checked', () => {
  const alone = scanOf([[[1, 0]], [[2, 5]]]);
  expect(embedActions(alone, options)).toMatchObject({ items: 2, skipped: 2, users: 0, pairs: 0 });
  for (const bad of [{ dim: 0 }, { damping: 2 }, { smoothing: 0 }, { windowDays: -1 }, { neighbors: 0 }])
    expect(() => embedActions(alone, { ...options, ...bad })).toThrow(/got .*expected/);
});

test('an item that one part lacks lies where the other part puts it', () => {
  const text = { keys: Uint32Array.of(1, 2), vectors: Float32Array.of(1, 0, 0.6, 0.8), dim: 2 };
  const actions = {
    keys: Uint32Array.of(2, 3),
    vectors: Float32Array.of(0, 1, 1, 0),
    dim: 2,
    usersOf: Uint32Array.of(5, 15),
  };
  const found = mixEmbeddings(text, actions, { dim: 4, actionWeight: 0.5, confidence: 5 });
  expect([...found.keys]).toEqual([1, 2, 3]);
  expect(found).toMatchObject({ textOnly: 1, actionsOnly: 1, both: 1 });
  const [first, second, third] = [0, 4, 8].map((at) => [...found.vectors.subarray(at, at + 4)]);
  expect(first).toEqual([1, 0, 0, 0]);
  expect(third).toEqual([0, 0, 1, 0]);
  // √½ · (0.6, 0.8) beside √½ · 5/(5+5) · (0, 1), at length 1
  const length = Math.hypot(0.6, 0.8, 0.5);
  [0.6, 0.8, 0, 0.5].forEach((x, i) => {
    expect(second[i]).toBeCloseTo(x / length, 6);
  });
});
