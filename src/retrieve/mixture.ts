import { type EmbeddingTable, vectorOf } from '../model/item.js';
import type { DrawnInterest } from '../profile/sample.js';
import { portion } from './cache.js';
import { askNeighbors, availableRows, type Found, type LaneInput, type Source } from './lane.js';
import type { Query } from './queries.js';

export interface MixtureOptions {
  readonly count: number;
  /** τ > 0. */
  readonly temperature: number;
  /** What is added to the score of a row: the popularity prior. */
  readonly bias: (row: number) => number;
}

/**
 * What: items by τ ln Σ_q w_q exp((s_q − 1)/τ), s_q the score of the item for query q and w_q the query's weight, plus the
 * bias.
 * Source: a kernel density over the user's embeddings; ours. Its limits are the maximum over the queries (τ → 0) and
 * their mean (τ → ∞).
 * Convention: scored are the items among the nearest of each query and of the weighted mean of all queries, as many of
 * each as the count asks for (`portion`), and four times more while they do not suffice. The interest behind an item is
 * that of the largest w exp(s/τ), ties to the earlier query.
 * Shapes and units: scores in the unit of the cosine.
 * Preconditions and errors: weights ≥ 0; with all of them 0 every query counts the same.
 * Time and memory: one search per query, then O(pool · queries · dim).
 * Checked by: test/retrieve/recipes.test.ts (against a plain twin over the whole table).
 */
export function mixtureSource(
  input: LaneInput,
  queries: readonly Query[],
  mean: Float32Array,
  options: MixtureOptions,
): Source {
  const available = availableRows(input);
  let wanted = Math.min(available, portion(2 * options.count + 32));
  let list = rank(input, queries, mean, wanted, options);
  const given = new Set<number>();
  let at = 0;
  return () => {
    for (;;) {
      while (at < list.length) {
        const found = list[at++];
        if (given.has(found.item)) continue;
        given.add(found.item);
        return found;
      }
      if (wanted >= available) return null;
      wanted = Math.min(available, 4 * wanted);
      list = rank(input, queries, mean, wanted, options);
      at = 0;
    }
  };
}

function rank(
  input: LaneInput,
  queries: readonly Query[],
  mean: Float32Array,
  wanted: number,
  options: MixtureOptions,
): Found[] {
  const { table, barred } = input;
  const pool = new Set<number>();
  const center: Query = { vector: mean, row: null, weight: 0, from: null };
  for (const query of [...queries, center])
    for (const row of askNeighbors(input, query, wanted).rows)
      if (!barred.has(table.itemOfRow[row])) pool.add(row);
  const found = Array.from(pool, (row) => ({ row, ...scoreRow(table, row, queries, options) }));
  found.sort((a, b) => b.score - a.score || a.row - b.row);
  return found;
}

function scoreRow(
  table: EmbeddingTable,
  row: number,
  queries: readonly Query[],
  { temperature, bias }: MixtureOptions,
): Found {
  const item = table.itemOfRow[row];
  const vector = vectorOf(table, item) as Float32Array;
  const isUnweighted = queries.every(({ weight }) => weight === 0);
  let best = Number.NEGATIVE_INFINITY;
  let from: DrawnInterest | null = null;
  const exponents = queries.map((query) => {
    const weight = isUnweighted ? 1 / queries.length : query.weight;
    const exponent = Math.log(weight) + (scoreOf(query.vector, vector) - 1) / temperature;
    if (exponent > best || from === null) [best, from] = [exponent, query.from];
    return exponent;
  });
  const sum = exponents.reduce((all, exponent) => all + Math.exp(exponent - best), 0);
  return { item, from, score: temperature * (best + Math.log(sum)) + 1 + bias(row) };
}

/** 1 − ‖q − x‖²/2, as every search scores. */
function scoreOf(query: Float32Array, vector: Float32Array): number {
  let squared = 0;
  for (let i = 0; i < vector.length; i++) squared += (query[i] - vector[i]) ** 2;
  return 1 - squared / 2;
}
