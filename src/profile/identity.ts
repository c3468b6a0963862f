import { closeHash, extendHash, hexOf, type OpenHash, openHash } from '../math/hash.js';
import { U32Map } from '../math/u32map.js';
import type { Interest } from '../model/profile.js';

/** What a new interest's id is derived from, besides its first member (algorithm.md §3). */
export interface InterestIdentity {
  readonly user: string | number;
  readonly space: string;
  readonly generation: number;
}

/** The published part of an interest that decides which new one continues it. */
export type Published = Pick<Interest, 'id' | 'members'>;

/** An interest continues a published one only if they share at least this part of the smaller of the two. */
const leastOverlap = 0.5;

interface Match {
  readonly published: number;
  readonly cluster: number;
  readonly shared: number;
}

/**
 * What: an id per cluster, kept across recomputes.
 * Source: algorithm.md §3, last bullet [ours].
 * Convention: pairs (published interest, cluster) with overlap |A∩B| / min(|A|, |B|) ≥ .5 are taken greedily by
 * shared members, each side once; ties to the lower id, then to the earlier cluster. A cluster that continues none
 * gets a new id from user, space, generation and first member; one that is taken, also by a published interest that
 * ended, is derived again with a counter. So ids are unique within a profile and never pass on by accident.
 * Shapes: `clusters[c]` holds the item keys of cluster c, in point order; each item in at most one cluster, and in at
 * most one published interest.
 * Time and memory: O(members + p log p) for p overlapping pairs; without published interests only the new ids.
 * Checked by: test/profile/identity.test.ts.
 */
export function assignIds(
  clusters: readonly Uint32Array[],
  identity: InterestIdentity,
  published: readonly Published[] = [],
  map: U32Map = new U32Map(),
): string[] {
  const ids = new Array<string>(clusters.length).fill('');
  const taken = new Set<string>();
  const own = openHash('interest', identity.user, identity.space, identity.generation);
  if (published.length > 0) {
    for (const { id } of published) taken.add(id);
    continueIds(ids, overlaps(clusters, published, map), published);
  }
  for (let cluster = 0; cluster < clusters.length; cluster++) {
    if (ids[cluster] !== '') continue;
    ids[cluster] = newId(own, clusters[cluster][0], taken);
    taken.add(ids[cluster]);
  }
  return ids;
}

/** The first members of all clusters: cluster c begins with item `itemKeys[order[starts[c]]]`. */
interface FirstMembers {
  readonly count: number;
  readonly order: Int32Array;
  readonly starts: Int32Array;
  readonly itemKeys: Uint32Array;
}

/**
 * What `assignIds` gives where nothing was published, two words an id. False where it would have to derive one again, or
 * might: two have a word in common.
 */
export function newIdWords(
  words: Uint32Array,
  { count, order, starts, itemKeys }: FirstMembers,
  identity: InterestIdentity,
  map: U32Map,
): boolean {
  const own = openHash('interest', identity.user, identity.space, identity.generation);
  map.reset(count);
  for (let cluster = 0; cluster < count; cluster++) {
    const { high, low } = closeHash(extendHash(own, itemKeys[order[starts[cluster]]]));
    words[2 * cluster] = high;
    words[2 * cluster + 1] = low;
    if (map.getOrSet(low, cluster) !== cluster) return false;
  }
  return true;
}

function continueIds(ids: string[], matches: Match[], published: readonly Published[]): void {
  matches.sort(
    (a, b) =>
      b.shared - a.shared ||
      compare(published[a.published].id, published[b.published].id) ||
      a.cluster - b.cluster,
  );
  const used = new Uint8Array(published.length);
  for (const match of matches) {
    if (used[match.published] === 1 || ids[match.cluster] !== '') continue;
    used[match.published] = 1;
    ids[match.cluster] = published[match.published].id;
  }
}

/** Every pair that shares enough. */
function overlaps(clusters: readonly Uint32Array[], published: readonly Published[], map: U32Map): Match[] {
  map.reset(published.reduce((sum, interest) => sum + interest.members.length, 0));
  published.forEach((interest, index) => {
    for (const item of interest.members) map.getOrSet(item, index);
  });
  const matches: Match[] = [];
  const shared = new Uint32Array(published.length);
  clusters.forEach((members, cluster) => {
    const touched: number[] = [];
    for (const item of members) {
      const index = map.get(item);
      if (index !== -1 && shared[index]++ === 0) touched.push(index);
    }
    for (const index of touched) {
      const smaller = Math.min(members.length, published[index].members.length);
      if (shared[index] >= leastOverlap * smaller)
        matches.push({ published: index, cluster, shared: shared[index] });
      shared[index] = 0;
    }
  });
  return matches;
}

function newId(own: OpenHash, item: number, taken: Set<string>): string {
  const ofItem = extendHash(own, item);
  let id = hexOf(closeHash(ofItem));
  for (let again = 1; taken.has(id); again++) id = hexOf(closeHash(extendHash(ofItem, again)));
  return id;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
