import type { Rng } from '../math/rng.js';
import { type EmbeddingTable, hasVector, type ItemKey, vectorOf } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import type { QueryKind, Recipe } from '../model/recipe.js';
import { type DrawnInterest, type InterestSample, sampleInterests } from '../profile/sample.js';

/** Something whose nearest items are candidates. */
export interface Query {
  readonly vector: Float32Array;
  /** Row of the table that it is, for the cache; null where it is no item. */
  readonly row: number | null;
  /** Share of the importance; the weights of all queries add up to 1 (all 0 where the importances are). */
  readonly weight: number;
  /** The interest it stands for; null where it stands for all of them. */
  readonly from: DrawnInterest | null;
}

/** The heaviest items that are looked up under `query: items`: bounds time. */
const mostItems = 128;

/** The interests that the recipe uses: under 'sample' drawn with `rng`, else by falling importance. */
export function useInterests(
  interests: readonly Interest[],
  { interests: choice, medoids }: Pick<Recipe, 'interests' | 'medoids'>,
  rng?: Rng,
): InterestSample {
  if (choice === 'sample' && rng) return sampleInterests(interests, medoids, rng);
  const total = interests.reduce((sum, { importance }) => sum + importance, 0);
  const all = interests.map((interest) => ({
    interest,
    probability: total > 0 ? interest.importance / total : 1 / interests.length,
  }));
  all.sort(
    (a, b) => b.interest.importance - a.interest.importance || (a.interest.id < b.interest.id ? -1 : 1),
  );
  return { drawn: choice === 'top' ? all.slice(0, medoids) : all, propensity: 1 };
}

interface Usable {
  readonly rowOfItem: Int32Array;
  readonly kind: QueryKind;
  readonly interests: readonly Interest[];
}

/** Of each list of interests, for the table and the kind it was asked for last. */
const usable = new WeakMap<readonly Interest[], Usable>();

/** Those of which anything can be looked up. The same list as long as it is asked for the same, which many requests do. */
export function usableInterests(
  interests: readonly Interest[],
  table: EmbeddingTable,
  kind: QueryKind,
): readonly Interest[] {
  const { rowOfItem } = table;
  const known = usable.get(interests);
  if (known?.rowOfItem === rowOfItem && known.kind === kind) return known.interests;
  const found = interests.filter((interest) => isUsable(table, interest, kind));
  usable.set(interests, { rowOfItem, kind, interests: found });
  return found;
}

/** Whether anything of the interest can be looked up. */
function isUsable(table: EmbeddingTable, interest: Interest, kind: QueryKind): boolean {
  if (kind === 'medoid') return hasVector(table, interest.medoid);
  return interest.members.some((item) => hasVector(table, item));
}

export function makeQueries(
  drawn: readonly DrawnInterest[],
  kind: QueryKind,
  table: EmbeddingTable,
  normalized: boolean,
): Query[] {
  const total = drawn.reduce((sum, { interest }) => sum + interest.importance, 0);
  const share = ({ interest }: DrawnInterest): number =>
    total > 0 ? interest.importance / total : 1 / drawn.length;
  if (kind === 'average') return averageQuery(drawn, share, table, normalized);
  if (kind === 'items') return itemQueries(drawn, share, table);
  return drawn.map((from) => {
    const { medoid, members } = from.interest;
    const weight = share(from);
    if (kind === 'medoid') return itemQuery(table, medoid, weight, from);
    const sum = new Float64Array(table.dim);
    for (const item of members) addVector(sum, table, item, 1);
    return { vector: directionOf(sum, normalized, members.length), row: null, weight, from };
  });
}

/**
 * Σ importance · mean of the members (by their actions): the mean of all points, each decayed like its interest as a
 * whole. Exactly the decayed average where λ = 0 or every interest is one item.
 */
function averageQuery(
  drawn: readonly DrawnInterest[],
  share: (from: DrawnInterest) => number,
  table: EmbeddingTable,
  normalized: boolean,
): Query[] {
  const sum = new Float64Array(table.dim);
  for (const from of drawn) {
    const { members, counts } = from.interest;
    const actions = counts.reduce((all, count) => all + count, 0);
    members.forEach((item, i) => {
      addVector(sum, table, item, (share(from) * counts[i]) / actions);
    });
  }
  return [{ vector: directionOf(sum, normalized, 1), row: null, weight: 1, from: null }];
}

function itemQueries(
  drawn: readonly DrawnInterest[],
  share: (from: DrawnInterest) => number,
  table: EmbeddingTable,
): Query[] {
  const all = drawn.flatMap((from) => {
    const { members, counts } = from.interest;
    const actions = counts.reduce((sum, count) => sum + count, 0);
    return Array.from(members, (item, i) => ({ item, weight: (share(from) * counts[i]) / actions, from }));
  });
  return all
    .filter(({ item }) => vectorOf(table, item) !== null)
    .sort((a, b) => b.weight - a.weight)
    .slice(0, mostItems)
    .map(({ item, weight, from }) => itemQuery(table, item, weight, from));
}

function itemQuery(table: EmbeddingTable, item: ItemKey, weight: number, from: DrawnInterest): Query {
  return { vector: vectorOf(table, item) as Float32Array, row: table.rowOfItem[item], weight, from };
}

function addVector(sum: Float64Array, table: EmbeddingTable, item: ItemKey, weight: number): void {
  const vector = vectorOf(table, item);
  if (vector) for (let i = 0; i < sum.length; i++) sum[i] += weight * vector[i];
}

/** The weighted mean of all queries. */
export function meanOf(queries: readonly Query[], normalized: boolean): Float32Array {
  const sum = new Float64Array(queries[0].vector.length);
  const total = queries.reduce((all, { weight }) => all + weight, 0);
  for (const { vector, weight } of queries) {
    const share = total > 0 ? weight / total : 1 / queries.length;
    for (let i = 0; i < sum.length; i++) sum[i] += share * vector[i];
  }
  return directionOf(sum, normalized, 1);
}

/** A mean, at length 1 in a normalised space. Where everything cancels no direction is any better than the first. */
function directionOf(sum: Float64Array, normalized: boolean, count: number): Float32Array {
  let squared = 0;
  for (const x of sum) squared += x * x;
  if (normalized && squared === 0) return new Float32Array(sum.length).fill(1, 0, 1);
  const scale = normalized ? 1 / Math.sqrt(squared) : 1 / count;
  return Float32Array.from(sum, (x) => x * scale);
}
