import { type EmbeddingTable, type ItemKey, vectorOf } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import type { Recipe } from '../model/recipe.js';
import type { DrawnInterest } from '../profile/sample.js';
import { cosine, type Measured, measured } from '../retrieve/lane.js';
import { mixtureOf } from '../retrieve/mixture.js';
import { makeQueries, type Query } from '../retrieve/queries.js';
import { hasAverageBeside, resolveRecipe, usesPopularity } from '../retrieve/recipe.js';
import { retrieve } from '../retrieve/retrieve.js';
import type { UserAtCut, UserModel } from './contender.js';

/**
 * A user as some interests, whoever found them, asked by a recipe: candidates are what production retrieves from them
 * (`src/retrieve`). An item is scored by its greatest cosine to any embedding of the user, under a mixture by that of all,
 * plus the popularity prior: those of the `top` interests under that choice, else of all of them; with an average beside them
 * (`averageShare`) that score and the average's, each with its prior, count by their shares. What the run sets for every contender (`shared`)
 * goes before the recipe's own.
 */
export function recipeModel(
  user: UserAtCut,
  interests: readonly Interest[],
  given: Partial<Recipe>,
): UserModel {
  const { models, barred, shared } = user;
  const { table, search, cache, normalized, popular } = models;
  const recipe = resolveRecipe({ ...given, ...shared });
  const priorIfUsed = usesPopularity(recipe) ? { prior: models.prior() } : {};
  const input = { interests, table, normalized, search, cache, admit: null, barred, popular, ...priorIfUsed };
  let scores: UserModel['score'] | null = null;
  return {
    candidates: (count, rng) =>
      Uint32Array.from(
        retrieve(input, { ...recipe, count, because: 0, attribute: false }, rng).picks,
        ({ item }) => item,
      ),
    score: (item) => {
      scores ??= scoresOf(user, interests, recipe);
      return scores(item);
    },
  };
}

function scoresOf(user: UserAtCut, interests: readonly Interest[], recipe: Recipe): UserModel['score'] {
  const { table, normalized, prior } = user.models;
  const used = recipe.interests === 'top' ? interests.slice(0, recipe.medoids) : interests;
  const queries = makeQueries(whole(used), recipe.query, table, normalized);
  const pointOf = new Map(Array.from(user.points.itemKeys, (item, point) => [item, point]));
  // Points come first: their cosines are known.
  const own = new Map<number, Query>();
  const others: Query[] = [];
  for (const query of queries) {
    const point = query.row === null ? undefined : pointOf.get(table.itemOfRow[query.row]);
    if (point === undefined) others.push(query);
    else own.set(point, query);
  }
  const points = Uint32Array.from(own.keys());
  const mixture = mixtureOf([...own.values(), ...others], recipe.temperature);
  const together = recipe.merge === 'mixture' ? (all: Float64Array) => mixture(all).score : greatest;
  const directions = others.map(({ vector }) => measured(vector));
  const all = new Float64Array(points.length + others.length);
  const beside = hasAverageBeside(recipe) ? recipe.averageShare : 0;
  const strength = (1 - beside) * recipe.prior + beside * recipe.averagePrior;
  const average = beside > 0 ? averageOf(interests, table, normalized) : null;
  return (item) => {
    const cosines = user.cosines(item);
    const vector = measured(vectorOf(table, item) as Float32Array);
    points.forEach((point, i) => {
      all[i] = cosines[point];
    });
    directions.forEach((direction, i) => {
      all[points.length + i] = cosine(direction, vector);
    });
    const own = together(all);
    const likeness = average ? (1 - beside) * own + beside * cosine(average, vector) : own;
    return likeness + (strength > 0 ? strength * prior().of(table.rowOfItem[item]) : 0);
  };
}

function averageOf(interests: readonly Interest[], table: EmbeddingTable, normalized: boolean): Measured {
  const [{ vector }] = makeQueries(whole(interests), 'average', table, normalized);
  return measured(vector);
}

/** Interests that were not drawn. */
function whole(interests: readonly Interest[]): DrawnInterest[] {
  return interests.map((interest) => ({ interest, probability: 0 }));
}

function greatest(cosines: Float64Array): number {
  return cosines.reduce((most, cosine) => Math.max(most, cosine), Number.NEGATIVE_INFINITY);
}

/** One of the user's items as an interest of its own. */
export function itemInterest({ points }: UserAtCut, point: number, importance = 1): Interest {
  const item: ItemKey = points.itemKeys[point];
  return {
    id: `item-${point}`,
    medoid: item,
    importance,
    size: 1,
    lastActionAt: points.times[points.actionOffsets[point + 1] - 1],
    members: Uint32Array.of(item),
    counts: Uint32Array.of(1),
  };
}
