import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hash64, hashHex, hexOf } from '../../src/math/hash.js';
import { U32Map } from '../../src/math/u32map.js';
import { assignIds, newIdWords, type Published } from '../../src/profile/identity.js';

const identity = { user: 'ann', space: 'text', generation: 1 };
const clustersOf = (...members: number[][]) => members.map((items) => Uint32Array.from(items));
const published = (all: Record<string, number[]>): Published[] =>
  Object.entries(all).map(([id, items]) => ({ id, members: Uint32Array.from(items) }));
const ids = (clusters: number[][], before: Record<string, number[]> = {}) =>
  assignIds(clustersOf(...clusters), identity, published(before));
const fresh = (item: number, ...again: number[]) => hashHex('interest', 'ann', 'text', 1, item, ...again);

describe('by hand', () => {
  test('a new id comes from user, space, generation and first member', () => {
    expect(ids([[4, 2], [7]])).toEqual([fresh(4), fresh(7)]);
    const others = [
      { ...identity, user: 'bob' },
      { ...identity, space: 'tags' },
      { ...identity, generation: 2 },
    ];
    const firsts = others.map((other) => assignIds(clustersOf([4, 2]), other)[0]);
    expect(new Set([fresh(4), ...firsts]).size).toBe(4);
  });

  test('an interest that grew, shrank or moved keeps its id', () => {
    expect(ids([[9, 1, 2, 3]], { a: [1, 2, 3] })).toEqual(['a']);
    expect(ids([[2]], { a: [1, 2, 3] })).toEqual(['a']);
    expect(ids([[3, 2, 8]], { a: [1, 2, 3] })).toEqual(['a']);
  });

  test('half of the smaller one is enough, less is not', () => {
    // |A∩B| / min(|A|, |B|) = 2 / 4, then 1 / 3.
    expect(ids([[1, 2, 8, 9]], { a: [1, 2, 3, 4, 5] })).toEqual(['a']);
    expect(ids([[1, 8, 9]], { a: [1, 2, 3, 4] })).toEqual([fresh(1)]);
  });

  test('after a split the part that shares more keeps the id', () => {
    expect(ids([[1], [2, 3]], { a: [1, 2, 3] })).toEqual([fresh(1), 'a']);
  });

  test('after a merge the id that shares more stays', () => {
    expect(ids([[1, 2, 3]], { a: [1], b: [2, 3] })).toEqual(['b']);
  });

  test('ties go to the lower id, then to the earlier cluster', () => {
    expect(ids([[1, 2]], { b: [1], a: [2] })).toEqual(['a']);
    expect(ids([[1], [2]], { a: [1, 2] })).toEqual(['a', fresh(2)]);
  });

  test('each published interest is continued once, each cluster continues one', () => {
    // 3 shared: (a, 0). Of the rest a and cluster 0 are used up, so b goes to cluster 1.
    expect(
      ids(
        [
          [1, 2, 3, 5],
          [4, 6],
        ],
        { a: [1, 2, 3, 4], b: [5, 6] },
      ),
    ).toEqual(['a', 'b']);
  });

  test('a derived id that is taken, even by an interest that ended, is derived again', () => {
    // Both parts of a split begin with the item that gave the published id.
    expect(ids([[1], [2, 3]], { [fresh(1)]: [1, 2, 3] })).toEqual([fresh(1, 1), fresh(1)]);
    expect(ids([[1, 8, 9]], { [fresh(1)]: [1, 2, 3, 4] })).toEqual([fresh(1, 1)]);
  });
});

/** A partition of some of the items 0 … 19 into clusters. */
const partition = fc
  .array(fc.integer({ min: -1, max: 5 }), { minLength: 20, maxLength: 20 })
  .map((labels) => {
    const clusters: number[][] = [[], [], [], [], [], []];
    labels.forEach((label, item) => {
      if (label >= 0) clusters[label].push(item);
    });
    return clusters.filter((cluster) => cluster.length > 0);
  });

/** The rule as written, pair by pair. */
function twin(clusters: number[][], before: Record<string, number[]>): (string | undefined)[] {
  const pairs = Object.entries(before).flatMap(([id, items]) =>
    clusters.map((members, cluster) => {
      const shared = members.filter((item) => items.includes(item)).length;
      return { id, cluster, shared, overlap: shared / Math.min(members.length, items.length) };
    }),
  );
  const result: (string | undefined)[] = clusters.map(() => undefined);
  pairs.sort(
    (a, b) => b.shared - a.shared || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0) || a.cluster - b.cluster,
  );
  for (const { id, cluster, overlap } of pairs)
    if (overlap >= 0.5 && !result.includes(id) && result[cluster] === undefined) result[cluster] = id;
  return result;
}

test('equals the rule as written; ids are unique and new ones are new', () => {
  fc.assert(
    fc.property(partition, partition, (earlier, clusters) => {
      const before = Object.fromEntries(
        earlier.map((items, i) => [i % 2 ? `id${i}` : fresh(items[0]), items]),
      );
      const got = ids(clusters, before);
      expect(new Set(got).size).toBe(clusters.length);
      const continued = got.map((id) => (id in before ? id : undefined));
      expect(continued).toEqual(twin(clusters, before));
    }),
    { numRuns: 300 },
  );
});

test('a recompute that changes nothing changes no id', () => {
  fc.assert(
    fc.property(partition, (clusters) => {
      const first = ids(clusters);
      const before = Object.fromEntries(clusters.map((items, i) => [first[i], items]));
      expect(ids([...clusters].reverse(), before).reverse()).toEqual(first);
    }),
  );
});

/** Clusters as the clusterer gives them: the points lie cluster by cluster in `order`, here the other way round. */
function newIds(clusters: number[][]): string[] | null {
  const itemKeys = Uint32Array.from(clusters.flat().reverse());
  const order = Int32Array.from(itemKeys, (_, i) => itemKeys.length - 1 - i);
  const starts = new Int32Array(clusters.length);
  for (let c = 1; c < clusters.length; c++) starts[c] = starts[c - 1] + clusters[c - 1].length;
  const words = new Uint32Array(2 * clusters.length);
  const areNew = newIdWords(
    words,
    { count: clusters.length, order, starts, itemKeys },
    identity,
    new U32Map(),
  );
  return areNew ? clusters.map((_, c) => hexOf({ high: words[2 * c], low: words[2 * c + 1] })) : null;
}

test('where nothing was published the words are those ids, or are left to the general way', () => {
  fc.assert(
    fc.property(partition, (clusters) => {
      expect(newIds(clusters)).toEqual(ids(clusters));
    }),
  );
  // Two items, found by trying, whose ids have their second word in common.
  const seen = new Map<number, number>();
  let item = 0;
  const low = (of: number): number => hash64('interest', 'ann', 'text', 1, of).low;
  for (; !seen.has(low(item)); item++) seen.set(low(item), item);
  const twins = [seen.get(low(item)) as number, item];
  expect(newIds([[twins[0]], [twins[1], 3]])).toBeNull();
  expect(newIds([[twins[0], twins[1]]])).toEqual(ids([twins]));
});
