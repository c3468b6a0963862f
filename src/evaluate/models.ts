import { createExactSearch } from '../ann/exact.js';
import type { VectorSearch } from '../ann/search.js';
import { allocateVectors } from '../math/vectors.js';
import { type EmbeddingTable, hasVector } from '../model/item.js';
import { addPopularity, rankPopularity } from '../pipeline/popularity.js';
import { popularityDecay } from '../profile/options.js';
import { collectPoints, PointScratch } from '../profile/points.js';
import { NeighborCache } from '../retrieve/cache.js';
import { PopularityPrior } from '../retrieve/prior.js';
import type { GlobalModels } from './contender.js';
import type { Provenance } from './guard.js';
import type { HistoryRules } from './history.js';
import { type LogTable, userLogUntil, usersOf } from './log.js';
import { remembering } from './memo.js';
import type { ItemFacts } from './walker.js';

/** Vectors of a space as they were known at some time. */
export interface FittedSpace {
  readonly name: string;
  readonly generation: number;
  readonly normalized: boolean;
  readonly table: EmbeddingTable;
  /** What it was built from. */
  readonly sources: readonly Provenance[];
}

/** What is fitted for one period: plain data over shared arrays, for threads. */
export interface PeriodData {
  readonly cutMs: number;
  /** Decayed popularity per item, in units of 2⁻²⁰. */
  readonly popularity: Float64Array;
  /** See `GlobalModels`. */
  readonly exposure: Float64Array;
  readonly facts: ItemFacts;
  /** Vectors fitted for this period; null where those of the stored space serve. */
  readonly space: FittedSpace | null;
  readonly sources: readonly Provenance[];
}

const headShare = 0.2;

/** Everything that is common to all users, from what happened up to `cutMs`. */
export function fitPeriod(
  log: LogTable,
  rules: HistoryRules,
  cutMs: number,
  table: EmbeddingTable,
  space: FittedSpace | null,
): PeriodData {
  const items = rules.idRank.length;
  const popularity = new Float64Array(new SharedArrayBuffer(8 * items));
  const actedBy = new Float64Array(items);
  const scratch = new PointScratch();
  const { options, types, idRank } = rules;
  const collecting = {
    windowDays: options.windowDays,
    types,
    maxItems: options.maxItemsPerUser,
    hasVector: (item: number) => hasVector(table, item),
    idRank,
  };
  let newestMs = Number.NEGATIVE_INFINITY;
  let users = 0;
  for (let user = 0; user < usersOf(log); user++) {
    const own = userLogUntil(log, user, cutMs);
    if (own.length === 0) continue;
    users++;
    const points = collectPoints(own, cutMs, collecting, scratch);
    addPopularity(popularity, points, cutMs, popularityDecay(options));
    for (const item of points.itemKeys) actedBy[item]++;
    for (const time of points.times) newestMs = Math.max(newestMs, time);
  }
  const facts = { novelty: noveltyOf(actedBy, users), tail: tailOf(actedBy, table) };
  const sources = [{ what: 'popularity', newestMs }, ...(space?.sources ?? [])];
  return { cutMs, popularity, exposure: exposureAt(log, types, cutMs, items), facts, space, sources };
}

function exposureAt(log: LogTable, types: HistoryRules['types'], cutMs: number, items: number): Float64Array {
  const counts = {
    impression: new Float64Array(new SharedArrayBuffer(8 * items)),
    interest: new Float64Array(new SharedArrayBuffer(8 * items)),
  };
  let impressions = 0;
  for (let i = 0; i < log.times.length; i++) {
    if (log.times[i] > cutMs) continue;
    const { role } = types[log.types[i]];
    if (role === 'exclude') continue;
    counts[role][log.items[i]]++;
    if (role === 'impression') impressions++;
  }
  return impressions > 0 ? counts.impression : counts.interest;
}

/** −log2 of the share of users who acted on an item, (n + 1) / (users + 1). Source: Vargas and Castells 2011, doi:10.1145/2043932.2043955. */
function noveltyOf(actedBy: Float64Array, users: number): Float64Array {
  const novelty = new Float64Array(new SharedArrayBuffer(8 * actedBy.length));
  for (let item = 0; item < actedBy.length; item++)
    novelty[item] = -Math.log2((actedBy[item] + 1) / (users + 1));
  return novelty;
}

/** Marks the live items that are not among the fifth acted on by most users (ties: the lower number is ahead). */
function tailOf(actedBy: Float64Array, { itemOfRow, live }: EmbeddingTable): Uint8Array {
  const tail = new Uint8Array(new SharedArrayBuffer(actedBy.length));
  const items = itemOfRow.filter((_, row) => live[row] === 1);
  items.sort((a, b) => actedBy[b] - actedBy[a] || a - b);
  for (const item of items.subarray(Math.ceil(headShare * items.length))) tail[item] = 1;
  return tail;
}

/** The stored space as a thread has it. */
export interface StoredSpace {
  readonly name: string;
  readonly generation: number;
  readonly normalized: boolean;
  readonly table: EmbeddingTable;
  readonly search: VectorSearch;
}

/** What contenders see of a period. */
export function modelsOf(period: PeriodData, stored: StoredSpace): GlobalModels {
  const { space, popularity, exposure, cutMs } = period;
  const { name, generation, normalized, table, search } = space ? ownCopy(space) : stored;
  const popular = rankPopularity(popularity);
  let prior: PopularityPrior | null = null;
  return {
    cutMs,
    space: name,
    spaceGeneration: generation,
    normalized,
    table,
    search,
    cache: new NeighborCache(),
    popular,
    popularity,
    exposure,
    prior: () => {
      prior ??= new PopularityPrior({ table, normalized, search, popular });
      return prior;
    },
  };
}

/** A copy that this thread scans in place, with an exact search over it. */
function ownCopy({ name, generation, normalized, table: shared }: FittedSpace): StoredSpace {
  const vectors = allocateVectors(shared.itemOfRow.length, shared.dim);
  vectors.set(shared.vectors);
  const table = { ...shared, vectors };
  const search = createExactSearch({ ...table, normalized });
  return { name, generation, normalized, table, search: remembering(search, vectors) };
}
