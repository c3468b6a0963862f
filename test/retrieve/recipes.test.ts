import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRng } from '../../src/math/rng.js';
import { type EmbeddingTable, vectorOf } from '../../src/model/item.js';
import type { Interest } from '../../src/model/profile.js';
import { interestChoices, mergeRules, queryKinds, type Recipe } from '../../src/model/recipe.js';
import { NeighborCache } from '../../src/retrieve/cache.js';
import type { LaneInput } from '../../src/retrieve/lane.js';
import { mixtureSource } from '../../src/retrieve/mixture.js';
import { PopularityPrior } from '../../src/retrieve/prior.js';
import { makeQueries, meanOf } from '../../src/retrieve/queries.js';
import { paperRecipe, recipeText, resolveRecipe, storedRecipe } from '../../src/retrieve/recipe.js';
import { type RetrieveInput, retrieve } from '../../src/retrieve/retrieve.js';
import { randomMatrix } from '../helpers/vectors.js';
import { byAngle, inputOf, interest, tableOf } from './tables.js';

const run = (input: RetrieveInput, recipe: Partial<Recipe>, count: number, because = 0) =>
  retrieve(input, { ...recipe, count, because }, createRng(4));

test('without a draw the weightiest come first, all of them or e, with shares and a propensity of 1', () => {
  const table = tableOf(byAngle(0, 30, 60, 90, 120), 2);
  const interests = [interest('a', 0, 1), interest('b', 1, 6), interest('c', 2, 3)];
  const of = (choice: Recipe['interests'], medoids: number) => {
    const { drawn, propensity } = run(inputOf(table, interests), { interests: choice, medoids }, 2);
    return { ids: drawn.map((d) => d.interest.id), shares: drawn.map((d) => d.probability), propensity };
  };
  expect(of('top', 2)).toEqual({ ids: ['b', 'c'], shares: [0.6, 0.3], propensity: 1 });
  expect(of('all', 1)).toEqual({ ids: ['b', 'c', 'a'], shares: [0.6, 0.3, 0.1], propensity: 1 });
});

test('an average is the mean of all points, and its candidates are told by the nearest medoid', () => {
  // Points at 0° (twice as often) and 90°: the mean points to 26.57°.
  const table = tableOf(byAngle(0, 90, 20, 35, 70, -60), 2);
  const often = { ...interest('a', 0, 2), counts: Uint32Array.of(2) };
  const { picks } = run(
    inputOf(table, [often, interest('b', 1, 1)], [0, 1]),
    { interests: 'all', query: 'average' },
    4,
    1,
  );
  expect(picks.map(({ item }) => item)).toEqual([2, 3, 4, 5]);
  const mean = (Math.atan2(1, 2) * 180) / Math.PI;
  expect(picks[0].score).toBeCloseTo(Math.cos(((mean - 20) * Math.PI) / 180), 6);
  expect(picks.map((pick) => pick.interest?.id)).toEqual(['a', 'a', 'b', 'a']);
  expect(picks.map((pick) => pick.because)).toEqual([[0], [0], [1], [0]]);
});

test('a centroid is the mean of its members, an item query each of them', () => {
  const table = tableOf(byAngle(0, 40, 20, 3, 41), 2);
  const input = inputOf(table, [interest('a', 0, 1, [0, 1])], [0, 1]);
  const items = (query: Recipe['query']) => run(input, { query }, 3).picks.map(({ item }) => item);
  expect(items('medoid')).toEqual([3, 2, 4]);
  expect(items('centroid')).toEqual([2, 3, 4]);
  expect(items('items')).toEqual([3, 4, 2]);
});

test('what cancels out still gives candidates', () => {
  const table = tableOf(byAngle(0, 180, 90), 2);
  const { picks } = run(
    inputOf(table, [interest('a', 0, 1), interest('b', 1, 1)], [0, 1]),
    { interests: 'all', query: 'average' },
    5,
  );
  expect(picks.map(({ item }) => item)).toEqual([2]);
});

test('a popularity prior adds its strength in proportion to ln(1 + popularity); a share keeps the most popular', () => {
  const table = tableOf(byAngle(0, 10, 20, 30), 2);
  const popular = { items: Uint32Array.of(3, 2), scores: Float64Array.of(7, 1) };
  const input = { ...inputOf(table, [interest('a', 0, 1)], [0]), popular };
  const cosines = [10, 20, 30].map((angle) => Math.cos((angle * Math.PI) / 180));
  const { picks } = run(input, { prior: 0.3 }, 3);
  expect(picks.map(({ item }) => item)).toEqual([3, 2, 1]);
  [cosines[2] + 0.3, cosines[1] + (0.3 * Math.log(2)) / Math.log(8), cosines[0]].forEach((score, i) => {
    expect(picks[i].score).toBeCloseTo(score, 6);
  });
  expect(run(input, { prior: 0.01 }, 3).picks.map(({ item }) => item)).toEqual([1, 2, 3]);
  expect(run(input, { popularShare: 0.5 }, 3).picks.map(({ item }) => item)).toEqual([2, 3]);
});

test('an average beside the interests gives its share, from all of them though only some are drawn', () => {
  // Interests at 0° and 90° of equal weight: the average points to 45°; one of the two is drawn.
  const table = tableOf(byAngle(0, 90, 44, 46, 43, 1, 89, 2, 88), 2);
  const input = inputOf(table, [interest('a', 0, 1), interest('b', 1, 1)], [0, 1]);
  const { drawn, picks, propensity } = run(input, { medoids: 1, averageShare: 0.5 }, 4, 1);
  expect(drawn).toHaveLength(1);
  expect(propensity).toBe(0.5);
  const [own, likewise] = drawn[0].interest.id === 'a' ? [5, 7] : [6, 8];
  expect(picks.map(({ item }) => item)).toEqual([2, own, 3, likewise]);
  // Told by the nearest of the interests that were drawn.
  expect(new Set(picks.map((pick) => pick.interest?.id))).toEqual(new Set([drawn[0].interest.id]));
  expect(run(input, { averageShare: 0.5, query: 'average' }, 3).picks.map(({ item }) => item)).toEqual([
    2, 3, 4,
  ]);
});

test('diversity passes over what is like an earlier candidate', () => {
  const table = tableOf(byAngle(0, 10, 12, -14, 60), 2);
  const input = inputOf(table, [interest('a', 0, 1)], [0]);
  const items = (diversity: number) => run(input, { diversity }, 4).picks.map(({ item }) => item);
  expect(items(0)).toEqual([1, 2, 3, 4]);
  // cos 12° − cos 2° is −.021, cos 14° − cos 24° is +.057, cos 60° − cos 50° is −.143; then .064 (to 60°) against −.021.
  expect(items(1)).toEqual([1, 3, 2, 4]);
  expect(items(10)).toEqual([1, 4, 3, 2]);
});

/** ln(1 + popularity) by that of the most popular item. */
function popularityOf({ popular }: RetrieveInput): (item: number) => number {
  const most = Math.log1p(popular.scores[0]);
  return (item) => {
    const at = popular.items.indexOf(item);
    return at < 0 ? 0 : Math.log1p(popular.scores[at]) / most;
  };
}

/** Items that may come back, the most popular first: the share of all that the recipe wants, then those that a request may have. */
function openItems(input: RetrieveInput, { popularShare }: Recipe): number[] {
  const { table, barred, admit } = input;
  const popularity = popularityOf(input);
  const items = Array.from(table.itemOfRow).sort((a, b) => popularity(b) - popularity(a) || a - b);
  return items
    .slice(0, Math.ceil(popularShare * items.length))
    .filter((item) => !barred.has(item) && (!admit || admit.rows.bits[table.rowOfItem[item]] === 1));
}

/** Everything written out: all scores of all live items, sorted; the merge by its definition. */
function twin(input: RetrieveInput, recipe: Recipe, count: number): number[] {
  const { table } = input;
  const open = openItems(input, recipe);
  if (input.interests.length === 0) return open.slice(0, count);
  const total = input.interests.reduce((sum, { importance }) => sum + importance, 0);
  const ordered = [...input.interests].sort((a, b) => b.importance - a.importance);
  const used = recipe.interests === 'top' ? ordered.slice(0, recipe.medoids) : ordered;
  const weights = used.map(({ importance }) => importance / total);
  const queries = plainQueries(table, used, weights, recipe.query);
  const popularity = popularityOf(input);
  const cosineOf = (query: number[], item: number): number =>
    query.reduce((sum, x, i) => sum + x * (vectorOf(table, item) as Float32Array)[i], 0);
  const sorted = (score: (item: number) => number): number[] =>
    [...open].sort((a, b) => score(b) - score(a) || a - b);
  const lane = (weight: number, score: (item: number) => number) => ({
    weight,
    score,
    list: sorted(score),
    given: 0,
  });
  const cosineLane = ({ vector, weight }: { vector: number[]; weight: number }, prior: number) =>
    lane(weight, (item) => cosineOf(vector, item) + prior * popularity(item));
  const { temperature, averageShare } = recipe;
  const mixture = (item: number): number =>
    temperature *
      Math.log(
        queries.reduce(
          (sum, { vector, weight }) => sum + weight * Math.exp((cosineOf(vector, item) - 1) / temperature),
          0,
        ),
      ) +
    recipe.prior * popularity(item);
  const lanes =
    recipe.merge === 'mixture' ? [lane(1, mixture)] : queries.map((query) => cosineLane(query, recipe.prior));
  const shares = ordered.map(({ importance }) => importance / total);
  const [whole] = plainQueries(table, ordered, shares, 'average');
  const average = cosineLane(whole, recipe.averagePrior);
  const isBeside = averageShare > 0 && recipe.query !== 'average';
  const picked: number[] = [];
  while (picked.length < Math.min(count, open.length)) {
    for (const each of [...lanes, average]) each.list = each.list.filter((item) => !picked.includes(item));
    const worth = lanes.map(({ given, weight, score, list }) => {
      if (recipe.merge === 'turns') return -given;
      return recipe.merge === 'importance' ? weight / (2 * given + 1) : score(list[0]);
    });
    const others = lanes.reduce((sum, { given }) => sum + given, 0);
    const behind = averageShare / (2 * average.given + 1) - (1 - averageShare) / (2 * others + 1);
    const next = isBeside && behind >= 0 ? average : lanes[worth.indexOf(Math.max(...worth))];
    picked.push(next.list[0]);
    next.given++;
  }
  return picked;
}

function plainQueries(
  table: EmbeddingTable,
  used: readonly Interest[],
  weights: readonly number[],
  kind: Recipe['query'],
): { vector: number[]; weight: number }[] {
  const own = (item: number): number[] => Array.from(vectorOf(table, item) as Float32Array);
  const mean = (vectors: number[][], by: readonly number[]): number[] => {
    const sum = vectors[0].map((_, i) => vectors.reduce((all, vector, v) => all + by[v] * vector[i], 0));
    const length = Math.hypot(...sum);
    return sum.map((x) => x / length);
  };
  const points = used.flatMap(({ members }, i) =>
    Array.from(members, (item) => ({ vector: own(item), weight: weights[i] / members.length })),
  );
  if (kind === 'average')
    return [
      {
        vector: mean(
          points.map(({ vector }) => vector),
          points.map(({ weight }) => weight),
        ),
        weight: 1,
      },
    ];
  if (kind === 'items') return [...points].sort((a, b) => b.weight - a.weight);
  return used.map(({ medoid, members }, i) => ({
    vector:
      kind === 'medoid'
        ? own(medoid)
        : mean(
            Array.from(members, own),
            Array.from(members, () => 1),
          ),
    weight: weights[i],
  }));
}

const fiveInterests = (): Interest[] =>
  [0, 1, 2, 3, 4].map((i) =>
    interest(`${i}`, 4 * i, 1.7 ** (3 - i), [4 * i, 4 * i + 1, 4 * i + 2].slice(i % 3)),
  );

test('every recipe without a draw equals its plain twin', () => {
  fc.assert(
    fc.property(
      fc.nat(1e6),
      fc.integer({ min: 20, max: 60 }),
      fc.constantFrom(...interestChoices.filter((choice) => choice !== 'sample')),
      fc.constantFrom(...queryKinds),
      fc.constantFrom(...mergeRules),
      fc.constantFrom(0, 0.25, 1),
      fc.constantFrom(0.05, 0.3, 5),
      fc.constantFrom(0, 0.4, 0.75, 1),
      (seed, rows, interests, query, merge, prior, temperature, averageShare) => {
        const table = tableOf(randomMatrix(seed, rows, 5), 5);
        const mine = fiveInterests();
        const popular = { items: Uint32Array.of(9, 3, 5), scores: Float64Array.of(20, 6, 0.5) };
        const input = {
          ...inputOf(
            table,
            mine,
            mine.flatMap(({ medoid, members }) => [medoid, ...members]),
          ),
          popular,
        };
        const recipe = {
          ...paperRecipe,
          interests,
          medoids: 2,
          query,
          merge,
          prior,
          temperature,
          averageShare,
          averagePrior: 3 * prior,
        };
        const found = run(input, recipe, 15).picks.map(({ item }) => item);
        expect(found).toEqual(twin(input, recipe, 15));
      },
    ),
    { numRuns: 300, seed: 4 },
  );
});

/** Every nth row, or all. */
function everyNth(rows: number, n: number): RetrieveInput['admit'] {
  if (n === 1) return null;
  const bits = Uint8Array.from({ length: rows }, (_, row) => (row % n === 0 ? 1 : 0));
  return { text: `every ${n}`, rows: { bits, count: bits.reduce((sum, bit) => sum + bit, 0) } };
}

test('under a filter, a share of what is popular and a prior, one memory for all, recipes equal their twin', () => {
  const requests = fc.array(
    fc.record({
      step: fc.constantFrom(1, 2, 3),
      isKnown: fc.constantFrom(true, true, true, false),
      popularShare: fc.constantFrom(1, 0.9, 0.7, 0.02),
      prior: fc.constantFrom(0, 0, 0.25, 1),
      averageShare: fc.constantFrom(0, 0.4),
      merge: fc.constantFrom(...mergeRules),
    }),
    { minLength: 8, maxLength: 8 },
  );
  fc.assert(
    fc.property(fc.nat(1e6), fc.integer({ min: 200, max: 300 }), requests, (seed, rows, asked) => {
      const table = tableOf(randomMatrix(seed, rows, 5), 5);
      const mine = fiveInterests();
      const items = Uint32Array.from({ length: rows / 2 }, (_, i) => (2 * i + (seed % 2) * (i % 2)) % rows);
      const popular = { items, scores: Float64Array.from(items, (_, i) => 300 / (i + 1)) };
      const barred = mine.flatMap(({ medoid, members }) => [medoid, ...members]);
      const base = { ...inputOf(table, mine, barred), popular, cache: new NeighborCache() };
      const shared = { ...base, prior: new PopularityPrior(base) };
      for (const { step, isKnown, ...given } of asked) {
        const input = { ...shared, interests: isKnown ? mine : [], admit: everyNth(rows, step) };
        const recipe = { ...paperRecipe, ...given, interests: 'all', averagePrior: given.prior / 2 } as const;
        const found = run(input, recipe, 12).picks.map(({ item }) => item);
        expect(found).toEqual(twin(input, recipe, 12));
      }
    }),
    { numRuns: 40, seed: 4 },
  );
});

test('a mixture over a pool that holds everything equals that over all rows', () => {
  const table = tableOf(randomMatrix(6, 60, 5), 5);
  const mine = [interest('a', 0, 5, [0, 1]), interest('b', 9, 2), interest('c', 20, 0)];
  const input: LaneInput = inputOf(table, mine, [0, 1, 9]);
  const drawn = mine.map((own) => ({ interest: own, probability: 0 }));
  const queries = makeQueries(drawn, 'centroid', table, true);
  const bias = (row: number): number => row / 100;
  const options = { count: 20, temperature: 0.2, bias, normalized: true, mean: meanOf(queries, true) };
  const all = (scannedCells: number) => {
    const source = mixtureSource(input, queries, { ...options, scannedCells });
    return Array.from({ length: 57 }, () => source());
  };
  const pooled = all(0);
  expect(pooled.at(-1)).not.toBeNull();
  expect(pooled.map((found) => [found?.item, found?.from?.interest.id])).toEqual(
    all(1e6).map((found) => [found?.item, found?.from?.interest.id]),
  );
  pooled.forEach((found, i) => {
    expect(found?.score).toBeCloseTo(all(1e6)[i]?.score ?? Number.NaN, 5);
  });
});

test('a mixture asks again until the count is met, and nothing comes twice', () => {
  const table = tableOf(randomMatrix(3, 900, 5), 5);
  const barred = Array.from({ length: 700 }, (_, i) => i);
  const mine = [interest('a', 0, 2), interest('b', 800, 1)];
  const { picks } = run(inputOf(table, mine, barred), { interests: 'all', merge: 'mixture' }, 190);
  expect(new Set(picks.map(({ item }) => item)).size).toBe(190);
  expect(run(inputOf(table, mine, barred), { interests: 'all', merge: 'mixture' }, 500).picks).toHaveLength(
    200,
  );
});

test('the average beside has a prior of its own, which follows the other where only that is given', () => {
  const table = tableOf(byAngle(0, 90, 44, 46, 30, 1, 89), 2);
  const popular = (item: number) => ({ items: Uint32Array.of(item), scores: Float64Array.of(7) });
  const input = {
    ...inputOf(table, [interest('a', 0, 2), interest('b', 1, 1)], [0, 1]),
    popular: popular(6),
  };
  const recipe: Partial<Recipe> = { interests: 'top', medoids: 1, averageShare: 0.5 };
  const picks = (given: Partial<Recipe>) => run(input, { ...recipe, ...given }, 2).picks;
  expect(picks({}).map(({ item }) => item)).toEqual([4, 5]); // the average points to 26.57°
  const [first, second] = picks({ averagePrior: 1 });
  expect([first.item, second.item]).toEqual([6, 5]);
  expect(first.score).toBeCloseTo(1 + Math.cos(((89 - 26.565) * Math.PI) / 180), 5);
  expect(second.score).toBeCloseTo(Math.cos(Math.PI / 180), 5);
  expect(picks({ prior: 2, averagePrior: 0 }).map(({ item }) => item)).toEqual([4, 6]);
  expect(resolveRecipe({ prior: 0.4 }).averagePrior).toBe(0.4);
  expect(resolveRecipe({ prior: 0.4, averagePrior: 2 }).averagePrior).toBe(2);
  expect(resolveRecipe({ medoids: 1 }, resolveRecipe({ prior: 0.4, averagePrior: 2 })).averagePrior).toBe(2);
});

test("the paper's recipe is the default, and what is out of range is refused", () => {
  expect(resolveRecipe({})).toEqual(paperRecipe);
  expect(resolveRecipe({ medoids: 5 })).toEqual({ ...paperRecipe, medoids: 5 });
  const { averageShare: _, ...older } = { ...paperRecipe, prior: 0.4 };
  expect(storedRecipe(older)).toEqual({ ...paperRecipe, prior: 0.4 });
  expect(storedRecipe(older)).toBe(storedRecipe(older));
  expect(recipeText(paperRecipe)).toBe(
    'interests=sample medoids=3 query=medoid merge=turns averageShare=0 averagePrior=0 temperature=0.1 prior=0 popularShare=1 diversity=0',
  );
  const bad = [
    { medoids: 0 },
    { averageShare: 1.1 },
    { averageShare: -0.1 },
    { averagePrior: -1 },
    { averagePrior: Number.POSITIVE_INFINITY },
    { temperature: 0 },
    { prior: -1 },
    { popularShare: 0 },
    { diversity: 11 },
    { merge: 'best' as 'score' },
    { query: 'mean' as 'average' },
    { interests: 'some' as 'all' },
  ];
  for (const given of bad)
    expect(() => resolveRecipe(given), JSON.stringify(given)).toThrow(/got .*expected/);
});
