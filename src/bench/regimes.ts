import { createExactSearch } from '../ann/exact.js';
import { createWorld } from '../demo/world.js';
import { Bootstrap, type Estimate } from '../evaluate/bootstrap.js';
import { type Regime, regimeAlpha, regimeOf, regimeOfMany } from '../evaluate/regime.js';
import { deriveSeed } from '../math/hash.js';
import { createRng, type Rng } from '../math/rng.js';
import { allocateVectors } from '../math/vectors.js';
import { dayMs } from '../model/action.js';
import { type EmbeddingTable, vectorOf } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import type { Recipe } from '../model/recipe.js';
import { inferInterests } from '../profile/infer.js';
import { type RetrieveInput, retrieve } from '../retrieve/retrieve.js';

export interface RegimeOptions {
  /** Sizes of the catalog. Default: 10,000 and 100,000. */
  readonly items?: readonly number[];
  /** How many interests a user has. Default: 1, 2, 5, 10 and 20. */
  readonly interests?: readonly number[];
  /** How many candidates are asked for. Default: 50 and 400. */
  readonly budgets?: readonly number[];
  /** Dimensions. Default: 128. */
  readonly d?: number;
  /** Users per cell, half of whom choose alpha. Default: 60. */
  readonly users?: number;
  readonly seed?: number;
  readonly onNote?: (note: string) => void;
}

/** One regime: recall by one average and by several embeddings, on users who did not choose alpha. */
export interface RegimeCell {
  readonly items: number;
  /** Mean cosine of an item to the centre of its topic: the lower, the noisier. */
  readonly cosine: number;
  readonly interests: number;
  readonly budget: number;
  readonly alpha: number;
  /** Where its users seem to lie, as `evaluate` says it of any log. */
  readonly seen: Regime;
  readonly single: number;
  readonly several: number;
  readonly paper: number;
  /** Several less single, paired. */
  readonly difference: Estimate;
  readonly wins: 'several' | 'single' | 'unclear';
}

export interface RegimeBench {
  readonly seed: number;
  readonly d: number;
  readonly users: number;
  readonly cells: readonly RegimeCell[];
}

const interestCounts = [1, 2, 5, 10, 20];
/** The first is that of the demo world. */
const noises: readonly (readonly [number, number])[] = [
  [0.74, 0.96],
  [0.5, 0.7],
  [0.3, 0.5],
];
const usualBudgets = [50, 400];
const alphas = [0.6, 1.2, 1.6, 1.9];
const [actionsPerInterest, targetsPerInterest] = [6, 2];
const nowMs = 1_782_777_600_000;

const recipes = {
  single: { interests: 'all', query: 'average' },
  several: { interests: 'all', query: 'centroid', merge: 'importance' },
  paper: {},
} as const satisfies { [name: string]: Partial<Recipe> };
type Family = keyof typeof recipes;

/**
 * What: where several embeddings find more of what users do next than one average, in catalogs whose truth is known.
 * Convention: items of the demo's generator with other noise; a user likes some topics, unequally (k^−0.8), has acted on six
 * items of each on average and acts on two more of each next; recall is the share of these among the candidates. `several`
 * are all interests by their centroids in proportion to importance, at the alpha that half of the users found best;
 * `paper` is the paper's recipe at that alpha; no popularity prior. Figures are of the other half; 95 % intervals.
 */
export function benchRegimes(options: RegimeOptions = {}): RegimeBench {
  const {
    items = [10_000, 100_000],
    interests = interestCounts,
    budgets = usualBudgets,
    d = 128,
    users = 60,
    seed = 0,
    onNote,
  } = options;
  const cells: RegimeCell[] = [];
  for (const count of items) {
    for (const noise of noises) {
      onNote?.(`${count} items, cosine ${noise[0]} to ${noise[1]}`);
      const catalog = makeCatalog(count, d, noise, seed);
      for (const many of interests) cells.push(...regime(catalog, many, { budgets, users, seed }));
    }
  }
  return { seed, d, users, cells };
}

interface Catalog {
  readonly table: EmbeddingTable;
  readonly search: RetrieveInput['search'];
  readonly byTopic: readonly Uint32Array[];
  readonly cosine: number;
}

function makeCatalog(items: number, dim: number, noise: readonly [number, number], seed: number): Catalog {
  const world = createWorld({ seed, items, users: 0, dim, cosineToTopic: noise });
  const vectors = allocateVectors(items, dim);
  const lists: number[][] = world.topics.map(() => []);
  let row = 0;
  for (const { itemId, embedding } of world.items()) {
    vectors.set(embedding, row * dim);
    lists[world.topicsOf(itemId)[0]].push(row++);
  }
  const rows = Uint32Array.from({ length: items }, (_, i) => i);
  const live = new Uint8Array(items).fill(1);
  const table = { dim, vectors, itemOfRow: rows, rowOfItem: Int32Array.from(rows), live };
  return {
    table,
    search: createExactSearch({ ...table, normalized: true }),
    byTopic: lists
      .map((list) => Uint32Array.from(list))
      .filter((list) => list.length > actionsPerInterest + 20),
    cosine: noise[0] + (2 / 3) * (noise[1] - noise[0]), // the greater of two uniform draws
  };
}

interface RegimeUser {
  readonly past: readonly number[];
  readonly next: ReadonlySet<number>;
}

function drawUser({ byTopic }: Catalog, interests: number, rng: Rng): RegimeUser {
  const topics = new Set<number>();
  while (topics.size < Math.min(interests, byTopic.length)) topics.add(rng.below(byTopic.length));
  const liked = [...topics];
  const shares = liked.map((_, k) => (k + 1) ** -0.8);
  const past = new Set<number>();
  const next = new Set<number>();
  const take = (into: Set<number>, wanted: number): void => {
    while (into.size < wanted) {
      const list = byTopic[liked[weighted(shares, rng)]];
      const item = list[rng.below(list.length)];
      if (!past.has(item)) into.add(item);
    }
  };
  take(past, actionsPerInterest * liked.length);
  take(next, targetsPerInterest * liked.length);
  return { past: [...past], next };
}

function weighted(weights: readonly number[], rng: Rng): number {
  let left = rng.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < weights.length - 1; i++) {
    left -= weights[i];
    if (left < 0) return i;
  }
  return weights.length - 1;
}

interface Draw {
  readonly budgets: readonly number[];
  readonly users: number;
  readonly seed: number;
}

function regime(catalog: Catalog, interests: number, { budgets, users, seed }: Draw): RegimeCell[] {
  const drawn = Array.from({ length: users }, (_, i) =>
    drawUser(catalog, interests, createRng(deriveSeed('regime', seed, interests, i))),
  );
  const half = Math.ceil(users / 2);
  const choosers = drawn.slice(0, half);
  const judges = drawn.slice(half);
  const meanRecall = (alpha: number): number =>
    choosers.reduce((sum, user, i) => {
      const found = recalls(
        catalog,
        user,
        inferAt(catalog, user, alpha),
        'several',
        budgets,
        deriveSeed(seed, i),
      );
      return sum + found.reduce((all, value) => all + value, 0);
    }, 0);
  const worth = alphas.map(meanRecall);
  const alpha = alphas[worth.indexOf(Math.max(...worth))];
  const families = Object.keys(recipes) as Family[];
  const shares = judges.map((user, i) => {
    const own = inferAt(catalog, user, alpha);
    const sums = families.flatMap((family) =>
      recalls(catalog, user, own, family, budgets, deriveSeed(seed, i)),
    );
    return { sums, counts: [1] };
  });
  const seen = regimeOfMany(
    judges.map((user) => regimeOf(inferAt(catalog, user, regimeAlpha), catalog.table)),
  );
  const bootstrap = new Bootstrap(shares, new Array(families.length * budgets.length).fill(0), seed);
  return budgets.map((budget, b) => {
    const column = (family: Family): number => families.indexOf(family) * budgets.length + b;
    const mean = (family: Family): number => bootstrap.means[column(family)];
    const difference = bootstrap.of((row) => row[column('several')] - row[column('single')]);
    const wins = difference.low > 0 ? 'several' : difference.high < 0 ? 'single' : 'unclear';
    const [single, several, paper] = families.map(mean);
    const about = {
      items: catalog.table.itemOfRow.length,
      cosine: catalog.cosine,
      interests,
      budget,
      alpha,
      seen,
    };
    return { ...about, single, several, paper, difference, wins };
  });
}

function inferAt({ table }: Catalog, { past }: RegimeUser, alpha: number): Interest[] {
  const vectors = new Float32Array(past.length * table.dim);
  past.forEach((item, i) => {
    vectors.set(vectorOf(table, item) as Float32Array, i * table.dim);
  });
  const input = {
    vectors,
    itemKeys: Uint32Array.from(past),
    actionOffsets: Uint32Array.from({ length: past.length + 1 }, (_, i) => i),
    times: Float64Array.from(past, (_, i) => nowMs - (past.length - i) * dayMs),
    weights: new Float64Array(past.length).fill(1),
  };
  const identity = { user: 'u', space: 'regimes', generation: 1 };
  return inferInterests(input, nowMs, { alpha, lambda: 0, repeats: 'distinct', identity });
}

/** Per budget the share of the next items that were found: the first k of an answer are the answer for k. */
function recalls(
  { table, search }: Catalog,
  { past, next }: RegimeUser,
  interests: readonly Interest[],
  family: Family,
  budgets: readonly number[],
  seed: number,
): number[] {
  const popular = { items: new Uint32Array(0), scores: new Float64Array(0) };
  const input = {
    interests,
    table,
    normalized: true,
    search,
    cache: null,
    admit: null,
    barred: new Set(past),
    popular,
  };
  const options = { ...recipes[family], count: Math.max(...budgets), because: 0, attribute: false };
  const { picks } = retrieve(input, options, createRng(seed));
  const found = picks.map(({ item }) => next.has(item));
  return budgets.map((count) => found.slice(0, count).filter(Boolean).length / next.size);
}
