import type { RowSet, VectorSearch } from '../ann/search.js';
import type { Rng } from '../math/rng.js';
import { U32Map } from '../math/u32map.js';
import { type EmbeddingTable, type ItemKey, rowOf } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import type { MergeRule, Recipe } from '../model/recipe.js';
import type { DrawnInterest } from '../profile/sample.js';
import type { Admitted, NeighborCache } from './cache.js';
import { type TakeOptions, Taker } from './explain.js';
import { Lane, type LaneInput, type NeighborCursor, neighborCursor, neighborSource, Picked } from './lane.js';
import { mixtureSource } from './mixture.js';
import { type Pick, Picks } from './picks.js';
import { PopularityPrior } from './prior.js';
import { makeQueries, meanOf, type Query, usableInterests, useInterests } from './queries.js';
import { hasAverageBeside, resolveRecipe, usesPopularity } from './recipe.js';

export interface RetrieveInput {
  readonly interests: readonly Interest[];
  readonly table: EmbeddingTable;
  /** Whether all vectors have norm 1. */
  readonly normalized: boolean;
  readonly search: VectorSearch;
  /** Remembers the neighbours of medoids for all users; null to ask the index each time. */
  readonly cache: NeighborCache | null;
  /** The rows that may come back; null for all live ones. */
  readonly admit: Admitted | null;
  /** Items that must not come back: what the user acted on or excluded. */
  readonly barred: ReadonlySet<ItemKey>;
  /** Items by falling popularity: for a user without interests, and for the prior. */
  readonly popular: PopularItems;
  /** Made of `popular`, the table and the search; where it is not given and a recipe needs it, it is made for the request. */
  readonly prior?: PopularityPrior;
}

/** Items by falling popularity. */
export interface PopularItems {
  readonly items: Uint32Array;
  readonly scores: Float64Array;
}

/** The recipe, of which what is not given is the paper's, and what is asked of it. */
export interface RetrieveOptions extends Partial<Recipe>, TakeOptions {
  /** Candidates wanted. Range: integer ≥ 1. Fewer come back only where no more are admitted. */
  readonly count: number;
}

/** What was picked, but for the picks. */
export interface Retrieval {
  readonly fallback: 'popularity' | null;
  /** The interests that were used: in the order of the draw, or by falling importance where nothing is drawn. */
  readonly drawn: readonly DrawnInterest[];
  readonly propensity: number;
}

export interface Retrieved extends Retrieval {
  readonly picks: readonly Pick[];
}

/**
 * What: candidates of one user by a recipe: some or all interests, what to look for in each, the nearest items, merged,
 * without what the user acted on.
 * Source: algorithm.md §4 (paper, section 4: "candidate generation"); the other recipes are ours.
 * Convention: under `merge: turns` the queries share the count equally [ours]: they take turns in the order of the
 * draw, each giving its nearest item that is not there yet, so any prefix of the answer covers them evenly. Ties of
 * every rule go to the query drawn first; where one runs dry the others go on. Under `averageShare` one average over all
 * interests and the queries of the interests give in proportion (Sainte-Laguë; ties to the average), the queries among
 * themselves by the rule. Interests of which nothing has a vector in
 * the space are left out before the draw; a medoid need not be admitted itself. A candidate of an `average` is told as
 * coming from the interest whose medoid is nearest to it.
 * Time and memory: one search per query that gives anything (of `score` per query) for about twice its share, for four
 * times as many while that does not suffice; none for what the cache remembers.
 * Departures from the paper: merge order and shares, which it does not state; every recipe but the paper's.
 * Checked by: test/retrieve/retrieve.test.ts, test/retrieve/recipes.test.ts.
 */
export function retrieve(input: RetrieveInput, options: RetrieveOptions, rng: Rng): Retrieved {
  const picks = new Picks();
  const retrieval = retrieveBy(input, resolveRecipe(options), options, rng, picks);
  return { ...retrieval, picks: picks.all() };
}

/** What the retrieval that runs has picked: none ever waits in its middle for another. */
const places = new U32Map();

/** The same with a whole recipe. The picks are put into `picks`, in place of those that were there. */
export function retrieveBy(
  input: RetrieveInput,
  recipe: Recipe,
  options: Omit<RetrieveOptions, keyof Recipe>,
  rng: Rng,
  picks: Picks,
): Retrieval {
  picks.clear();
  const usable = usableInterests(input.interests, input.table, recipe.query);
  const prior = usesPopularity(recipe) ? (input.prior ?? new PopularityPrior(input)) : null;
  const limited = limit(input, recipe, prior);
  if (usable.length === 0) return popularPicks(input, limited.admit, options.count, picks);
  const { drawn, propensity } = useInterests(usable, recipe, rng);
  const queries = makeQueries(drawn, recipe.query, input.table, input.normalized);
  const { count } = options;
  places.reset(Math.min(count, input.table.itemOfRow.length));
  const taker = new Taker(input.table, drawn, options, picks);
  const { merge, diversity, averageShare } = recipe;
  if (merge === 'turns' && diversity === 0 && !hasAverageBeside(recipe)) {
    const share = Math.ceil(count / queries.length);
    takeTurns(
      queries.map((query) => neighborCursor(limited, query, share)),
      count,
      taker,
    );
    return { fallback: null, drawn, propensity };
  }
  const picked = new Picked(input.table, places);
  const plan = { recipe, normalized: input.normalized, prior, picked };
  const beside = averageLane(input, usable, { ...plan, count: Math.ceil(count * averageShare) });
  const own = Math.ceil(count * (beside ? 1 - averageShare : 1));
  const lanes = makeLanes(limited, queries, { ...plan, count: Math.max(1, own) });
  while (picks.length < count) {
    const lane = beside ? nextBeside(lanes, beside, recipe, picks.length) : nextLane(lanes, merge);
    if (!lane) break;
    taker.take(lane.give());
  }
  return { fallback: null, drawn, propensity };
}

/** The rule `turns` over neighbours alone, as most requests want it: the lanes of the other rules take twice as long. */
function takeTurns(cursors: NeighborCursor[], count: number, taker: Taker): void {
  for (let turn = 0, given = 0; given < count && cursors.length > 0; ) {
    const cursor = cursors[turn];
    if (nextNew(cursor, given)) {
      taker.take(cursor);
      given++;
      turn++;
    } else cursors.splice(turn, 1);
    if (turn >= cursors.length) turn = 0;
  }
}

/** Goes on to the next that is not picked yet, which then is; whether there is one. */
function nextNew(cursor: NeighborCursor, given: number): boolean {
  while (cursor.next()) if (places.getOrSet(cursor.item, given) === given) return true;
  return false;
}

/** A prior leads all queries to the same items, most of which somebody active has acted on. Speed only. */
const overlap = 256;

/** Search and rows as the recipe wants them. What is remembered of a search with a prior is kept apart. */
function limit(
  input: RetrieveInput,
  { prior: strength, popularShare }: Recipe,
  prior: PopularityPrior | null,
): LaneInput {
  const { table, barred, admit } = input;
  if (!prior) return input;
  const search = strength > 0 ? prior.searchWith(strength) : input.search;
  const cache = input.cache && prior.cacheOf(strength);
  const more = strength > 0 ? overlap : 0;
  if (popularShare === 1) return { table, barred, search, admit, cache, more };
  const rows = prior.rows(popularShare);
  const text = `${admit?.text ?? ''} share=${popularShare}`;
  return {
    table,
    barred,
    search,
    admit: { text, rows: admit ? bothRows(admit.rows, rows) : rows },
    cache,
    more,
  };
}

function bothRows(a: RowSet, b: RowSet): RowSet {
  const bits = a.bits.map((bit, row) => bit & b.bits[row]);
  return { bits, count: bits.reduce((sum, bit) => sum + bit, 0) };
}

interface LanePlan {
  readonly count: number;
  readonly recipe: Recipe;
  readonly normalized: boolean;
  readonly prior: PopularityPrior | null;
  readonly picked: Picked;
}

/** One list per query, or one of all queries under a mixture. */
function makeLanes(input: LaneInput, queries: readonly Query[], plan: LanePlan): Lane[] {
  const { count, recipe, prior, picked } = plan;
  const { diversity, temperature } = recipe;
  if (recipe.merge === 'mixture') {
    const bias = (row: number): number => (prior ? recipe.prior * prior.of(row) : 0);
    const { normalized } = plan;
    const options = { count, temperature, bias, normalized, mean: meanOf(queries, normalized) };
    return [new Lane(mixtureSource(input, queries, options), 1, picked, diversity, count)];
  }
  const share = Math.ceil(count / queries.length);
  return queries.map((query) => makeLane(input, query, share, plan));
}

function makeLane(input: LaneInput, query: Query, share: number, { picked, recipe }: LanePlan): Lane {
  return new Lane(neighborSource(input, query, share), query.weight, picked, recipe.diversity, share);
}

/** The average over all interests, drawn or not, where the recipe wants it beside them. */
function averageLane(input: RetrieveInput, interests: readonly Interest[], plan: LanePlan): Lane | null {
  const { recipe, prior } = plan;
  if (!hasAverageBeside(recipe)) return null;
  const limited = limit(input, { ...recipe, prior: recipe.averagePrior }, prior);
  const { drawn } = useInterests(interests, { interests: 'all', medoids: 1 });
  const [average] = makeQueries(drawn, 'average', input.table, plan.normalized);
  return makeLane(limited, average, plan.count, plan);
}

/** The next of the interests or of the average beside them, whichever is farther below its share of the `given`. */
function nextBeside(lanes: readonly Lane[], beside: Lane, recipe: Recipe, given: number): Lane | null {
  const { averageShare } = recipe;
  const others = given - beside.given;
  const isAverage = averageShare / (2 * beside.given + 1) >= (1 - averageShare) / (2 * others + 1);
  const average = (): Lane | null => nextLane([beside], 'importance');
  const interests = (): Lane | null => nextLane(lanes, recipe.merge);
  return isAverage ? (average() ?? interests()) : (interests() ?? average());
}

/** Which lane is first. Only `score` looks at what a lane has: the lists of the others are made when their turn comes. */
const priorities: Record<MergeRule, (lane: Lane) => number> = {
  turns: (lane) => -lane.given,
  importance: (lane) => lane.weight / (2 * lane.given + 1),
  score: (lane) => lane.peek()?.score ?? Number.NEGATIVE_INFINITY,
  mixture: () => 0,
};

/** The lane that the rule puts first among those with an item left, which it then shows. */
function nextLane(lanes: readonly Lane[], rule: MergeRule): Lane | null {
  const priorityOf = priorities[rule];
  let best: Lane | null = null;
  let highest = Number.NEGATIVE_INFINITY;
  for (const lane of lanes) {
    const priority = priorityOf(lane);
    if ((best !== null && priority <= highest) || !lane.peek()) continue;
    best = lane;
    highest = priority;
  }
  return best;
}

/** For users of whom nothing is known: popular items, then the rest of what is admitted with score 0. */
function popularPicks(
  { table, barred, popular }: RetrieveInput,
  admit: Admitted | null,
  count: number,
  picks: Picks,
): Retrieval {
  const allowed = admit?.rows.bits ?? table.live;
  const taken = new Set<ItemKey>();
  const take = (item: ItemKey, score: number): void => {
    const row = rowOf(table, item);
    if (row < 0 || table.live[row] !== 1 || allowed[row] !== 1 || barred.has(item) || taken.has(item)) return;
    taken.add(item);
    picks.add({ item, score, list: null, place: 0 }, null);
  };
  for (let i = 0; i < popular.items.length && picks.length < count; i++)
    take(popular.items[i], popular.scores[i]);
  for (let row = 0; row < table.itemOfRow.length && picks.length < count; row++)
    take(table.itemOfRow[row], 0);
  return { fallback: 'popularity', drawn: [], propensity: 1 };
}
