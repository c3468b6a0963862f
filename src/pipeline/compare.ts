import type { ActionLog } from '../actions/log.js';
import { createExactSearch } from '../ann/exact.js';
import type { Catalog } from '../catalog/catalog.js';
import type { LoadedSpace } from '../catalog/space.js';
import { adjustedRand } from '../cluster/rand.js';
import { PinnersageError } from '../errors.js';
import { createRng } from '../math/rng.js';
import { hasVector, type ItemKey, type UserKey } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import type { ProfileStore } from '../store/profiles.js';
import { type Recommender, requireGeneration } from './recommend.js';

export interface CompareOptions {
  /** Users sampled. Default: 200. */
  readonly users?: number;
  /** Items sampled. Default: 500. */
  readonly items?: number;
  /** Neighbours and candidates compared. Default: 20. */
  readonly k?: number;
  /** Of the samples and of the draws of interests. Default: 0. */
  readonly seed?: number;
}

/** Overlaps are shares from 0 to 1: how many of k are the same in both spaces, on average. */
export interface SpaceComparison {
  readonly spaces: readonly [string, string];
  readonly k: number;
  readonly seed: number;
  /** Over items with a vector in both spaces. null where there is none. */
  readonly neighbors: { readonly items: number; readonly overlap: number | null };
  /**
   * Over users with interests in both spaces. `adjustedRand`: whether the same items are together (1: the same interests,
   * about 0: unrelated), over users with two or more items in both.
   */
  readonly interests: {
    readonly users: number;
    readonly perUser: readonly [number, number];
    readonly adjustedRand: number | null;
  };
  /** Over the same users. */
  readonly candidates: { readonly users: number; readonly overlap: number | null };
}

const defaults = { users: 200, items: 500, k: 20, seed: 0 } as const;

/** @throws `space-unknown`, `no-profiles` where a space has had no batch. */
export function compareSpaces(
  catalog: Catalog,
  log: ActionLog,
  profiles: (space: string) => ProfileStore,
  recommender: Recommender,
  names: readonly [string, string],
  given: CompareOptions & { readonly medoids: number },
): SpaceComparison {
  const options = { ...defaults, ...given };
  for (const name of ['users', 'items', 'k'] as const)
    if (!Number.isSafeInteger(options[name]) || options[name] < 1)
      throw new PinnersageError('option-invalid', `${name}: got ${options[name]}, expected an integer ≥ 1`);
  const spaces = names.map((name) => catalog.load(name));
  const stores = names.map(profiles);
  for (const store of stores) requireGeneration(store);
  const users = sample(bothKnow(stores, log.users.count()), options.users, options.seed);
  // One space after the other: a recommender keeps the search of one.
  const [ofA, ofB] = names.map((space) =>
    users.map((user) => {
      const request = { count: options.k, medoids: options.medoids, seed: options.seed, space, nowMs: 0 };
      const { items } = recommender.recommend(log.users.idOf(user), request);
      return items.map(({ itemId }) => itemId);
    }),
  );
  const candidates = ofA.map((items, i) => overlap(items, ofB[i]));
  return {
    spaces: names,
    k: options.k,
    seed: options.seed,
    neighbors: compareNeighbors(spaces[0], spaces[1], options),
    interests: compareInterests(stores, users),
    candidates: { users: users.length, overlap: mean(candidates) },
  };
}

function compareNeighbors(
  a: LoadedSpace,
  b: LoadedSpace,
  options: { readonly items: number; readonly k: number; readonly seed: number },
): SpaceComparison['neighbors'] {
  const shared = Array.from(a.live.keys())
    .filter((row) => a.live[row] === 1)
    .map((row) => a.itemOfRow[row])
    .filter((item) => hasVector(b, item));
  const items = sample(shared, options.items, options.seed);
  const around = [a, b].map((space) => {
    const { vectors, dim, live, info, itemOfRow, rowOfItem } = space;
    const search = createExactSearch({ vectors, dim, live, normalized: info.normalized });
    return (item: ItemKey): number[] => {
      const query = vectors.subarray(rowOfItem[item] * dim, (rowOfItem[item] + 1) * dim);
      const found = Array.from(search.search(query, options.k + 1).rows, (row) => itemOfRow[row]);
      return found.filter((other) => other !== item).slice(0, options.k);
    };
  });
  const overlaps = items.map((item) => overlap(around[0](item), around[1](item)));
  return { items: items.length, overlap: mean(overlaps) };
}

function compareInterests(
  stores: readonly ProfileStore[],
  users: readonly UserKey[],
): SpaceComparison['interests'] {
  const pairs = users.map((user) => stores.map((store) => store.get(user)?.interests ?? []));
  const indices = pairs.flatMap(([a, b]) => {
    const inB = labelsOf(b);
    const shared = [...labelsOf(a)].filter(([item]) => inB.has(item));
    if (shared.length < 2) return [];
    return [
      adjustedRand(
        shared.map(([, label]) => label),
        shared.map(([item]) => inB.get(item) as number),
      ),
    ];
  });
  const perUser = [0, 1].map((side) => mean(pairs.map((pair) => pair[side].length)) ?? 0);
  return { users: users.length, perUser: [perUser[0], perUser[1]], adjustedRand: mean(indices) };
}

function labelsOf(interests: readonly Interest[]): Map<ItemKey, number> {
  const labels = new Map<ItemKey, number>();
  interests.forEach(({ members }, label) => {
    for (const item of members) labels.set(item, label);
  });
  return labels;
}

function bothKnow(stores: readonly ProfileStore[], users: number): UserKey[] {
  return Array.from({ length: users }, (_, user) => user).filter((user) =>
    stores.every((store) => (store.get(user)?.interests.length ?? 0) > 0),
  );
}

/** `count` of them, or all where there are no more, in an order drawn by `seed`. */
function sample(from: readonly number[], count: number, seed: number): number[] {
  const rng = createRng(seed);
  const pool = [...from];
  const taken = Math.min(count, pool.length);
  for (let i = 0; i < taken; i++) {
    const place = i + rng.below(pool.length - i);
    [pool[i], pool[place]] = [pool[place], pool[i]];
  }
  return pool.slice(0, taken);
}

/** Share of the longer list that is in the other; 1 where both are empty. */
function overlap<T>(a: readonly T[], b: readonly T[]): number {
  const longest = Math.max(a.length, b.length);
  if (longest === 0) return 1;
  const inB = new Set(b);
  return a.filter((one) => inB.has(one)).length / longest;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
