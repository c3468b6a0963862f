import { filterOf } from '../ann/score.js';
import { type ItemKey, vectorOf } from '../model/item.js';
import { portion } from './cache.js';
import { askNeighbors, availableRows, type Found, type LaneInput, type Source } from './lane.js';
import type { Query } from './queries.js';
import { tableScores } from './tablescores.js';

export interface MixtureOptions {
  readonly count: number;
  /** τ > 0. */
  readonly temperature: number;
  /** What is added to the score of a row: the popularity prior. */
  readonly bias: (row: number) => number;
  /** Whether all vectors have norm 1. */
  readonly normalized: boolean;
  /** The weighted mean of all queries. */
  readonly mean: Float32Array;
  /** Rows times queries up to which every row is scored. Default: 4,000,000. Effect: above, speed for exactness. */
  readonly scannedCells?: number;
}

const scannedCells = 4_000_000;

/**
 * What: items by τ ln Σ_q w_q exp((s_q − 1)/τ) + 1, s_q the score of the item for query q and w_q the query's weight, plus
 * the bias.
 * Source: a kernel density over the user's embeddings; ours. Its limits are the maximum over the queries (τ → 0) and
 * their mean (τ → ∞).
 * Convention: the interest behind an item is that of the largest w exp(s/τ), ties to the earlier query. Ties of the score
 * go to the lower row. Beyond `scannedCells` only the items among the nearest of each query and of the mean of all are
 * scored, as many of each as the count asks for (`portion`), and four times more while they do not suffice.
 * Shapes and units: scores in the unit of the cosine.
 * Preconditions and errors: weights ≥ 0; with all of them 0 every query counts the same.
 * Time and memory: O(rows · queries · dim), 20 bytes per row; else one search per query and O(pool · queries · dim).
 * Checked by: test/retrieve/recipes.test.ts (against a plain twin over the whole table).
 */
export function mixtureSource(input: LaneInput, queries: readonly Query[], options: MixtureOptions): Source {
  const rows = input.table.itemOfRow.length;
  const isSmall = rows * queries.length <= (options.scannedCells ?? scannedCells);
  const available = availableRows(input);
  let wanted = Math.min(available, portion(2 * options.count + 32));
  const rank = isSmall ? rankAll : rankPool;
  const list = (): readonly Found[] => rank(input, queries, wanted, options);
  let found = list();
  const given = new Set<ItemKey>();
  let at = 0;
  return () => {
    for (;;) {
      while (at < found.length) {
        const next = found[at++];
        if (given.has(next.item)) continue;
        given.add(next.item);
        return next;
      }
      if (wanted >= available) return null;
      wanted = Math.min(available, 4 * wanted);
      found = list();
      at = 0;
    }
  };
}

/** The best of all rows that may come back: `wanted` of them, and those as good as the last. */
function rankAll(
  { table, admit, barred }: LaneInput,
  queries: readonly Query[],
  wanted: number,
  options: MixtureOptions,
): Found[] {
  const rows = table.itemOfRow.length;
  const sums = new ExponentSums(rows);
  const known = tableScores(table, options.normalized);
  const logWeights = logWeightsOf(queries);
  queries.forEach((query, q) => {
    const scores = known.of(query.vector);
    const logWeight = logWeights[q];
    for (let row = 0; row < rows; row++)
      sums.add(row, q, logWeight + (scores[row] - 1) / options.temperature);
  });
  const mayReturn = filterOf(table.live, admit?.rows);
  const ranked = new Uint32Array(rows);
  const score = new Float64Array(rows);
  const values = new Float64Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    if (!mayReturn(row) || barred.has(table.itemOfRow[row])) continue;
    score[row] = options.temperature * sums.log(row) + 1 + options.bias(row);
    values[count] = score[row];
    ranked[count++] = row;
  }
  const rising = values.subarray(0, count).sort();
  const least = rising[Math.max(0, count - wanted)];
  const best = Array.from(ranked.subarray(0, count).filter((row) => score[row] >= least));
  best.sort((a, b) => score[b] - score[a] || a - b);
  return best.map((row) => ({
    item: table.itemOfRow[row],
    score: score[row],
    from: queries[sums.greatest[row]].from,
    list: null,
    place: 0,
  }));
}

/** e to the minus this adds nothing to 1 in float64. */
const negligible = 40;

/** Per row ln Σ exp of what was added, without overflow, and which addition was the greatest. */
class ExponentSums {
  readonly greatest: Int32Array;
  private readonly highest: Float64Array;
  private readonly sums: Float64Array;

  constructor(rows: number) {
    this.greatest = new Int32Array(rows);
    this.highest = new Float64Array(rows).fill(Number.NEGATIVE_INFINITY);
    this.sums = new Float64Array(rows);
  }

  add(row: number, which: number, exponent: number): void {
    const highest = this.highest[row];
    if (exponent === Number.NEGATIVE_INFINITY) return; // a query of weight 0
    if (exponent <= highest) {
      if (exponent > highest - negligible) this.sums[row] += Math.exp(exponent - highest);
      return;
    }
    this.sums[row] = this.sums[row] * Math.exp(highest - exponent) + 1;
    this.highest[row] = exponent;
    this.greatest[row] = which;
  }

  log(row: number): number {
    return this.highest[row] + Math.log(this.sums[row]);
  }
}

function rankPool(
  input: LaneInput,
  queries: readonly Query[],
  wanted: number,
  options: MixtureOptions,
): Found[] {
  const { table, barred } = input;
  const pool = new Set<number>();
  const center: Query = { vector: options.mean, row: null, weight: 0, from: null };
  for (const query of [...queries, center])
    for (const row of askNeighbors(input, query, wanted).rows)
      if (!barred.has(table.itemOfRow[row])) pool.add(row);
  const together = mixtureOf(queries, options.temperature);
  const found = Array.from(pool, (row) => {
    const item = table.itemOfRow[row];
    const vector = vectorOf(table, item) as Float32Array;
    const { score, greatest } = together(queries.map((query) => scoreOf(query.vector, vector)));
    return {
      row,
      item,
      from: queries[greatest].from,
      score: score + options.bias(row),
      list: null,
      place: 0,
    };
  });
  return found.sort((a, b) => b.score - a.score || a.row - b.row);
}

/** What the scores of all queries for one item come to, τ ln Σ w exp((s − 1)/τ) + 1, and which of them weighs most. */
export function mixtureOf(
  queries: readonly Query[],
  temperature: number,
): (scores: ArrayLike<number>) => { readonly score: number; readonly greatest: number } {
  const logWeights = logWeightsOf(queries);
  return (scores) => {
    const sums = new ExponentSums(1);
    logWeights.forEach((logWeight, q) => {
      sums.add(0, q, logWeight + (scores[q] - 1) / temperature);
    });
    return { score: temperature * sums.log(0) + 1, greatest: sums.greatest[0] };
  };
}

/** Where no query has a weight, all have the same. */
function logWeightsOf(queries: readonly Query[]): readonly number[] {
  const isEven = queries.every(({ weight }) => weight === 0);
  return queries.map(({ weight }) => Math.log(isEven ? 1 / queries.length : weight));
}

/** 1 − ‖q − x‖²/2, as every search scores. */
function scoreOf(query: Float32Array, vector: Float32Array): number {
  let squared = 0;
  for (let i = 0; i < vector.length; i++) squared += (query[i] - vector[i]) ** 2;
  return 1 - squared / 2;
}
