import { closeHash, type Hash64, hash64, mixWord } from '../math/hash.js';
import type { U32Map } from '../math/u32map.js';
import type { Interest } from '../model/profile.js';
import { importanceOfRun } from './importance.js';
import { asWeight, byImportance, type InferPoints } from './infer.js';
import type { ProfileOptions } from './options.js';

/** Rises when a change of the code gives other clusters for the same points. */
const clusteringVersion = 2;

/** What decides the clusters of a whole run: one space of vectors, and the options that shape its geometry. */
export function runBasis(
  space: string,
  spaceGeneration: number,
  { alpha, repeats }: Pick<ProfileOptions, 'alpha' | 'repeats'>,
): Hash64 {
  return hash64('clusters', clusteringVersion, space, spaceGeneration, alpha, repeats);
}

const timeBits = new Float64Array(1);
const timeWords = new Uint32Array(timeBits.buffer);
/** Of the points at hand. */
let rows = new Int32Array(1024);

/**
 * What: a digest of all that a user's clusters and medoids depend on: the vectors in point order, and per point the
 * number of its actions and the time of the last one (sizes and medoid ties, algorithm.md §2 and §3). While it stays the
 * same, clustering again would give the same partition, so a batch takes the stored one and only sums importances.
 * Shapes and units: `rowOfItem[item]` names an item's vector within its space generation; a replaced vector has
 * another row.
 * Departures: two different inputs have the same 64 bits with probability 2⁻⁶⁴.
 * Checked by: test/profile/reuse.test.ts, test/pipeline/incremental.test.ts.
 */
export function clusterBasis(
  run: Hash64,
  { itemKeys, actionOffsets, times }: Pick<InferPoints, 'itemKeys' | 'actionOffsets' | 'times'>,
  rowOfItem: Int32Array,
): Hash64 {
  const n = itemKeys.length;
  if (n > rows.length) rows = new Int32Array(2 * n);
  // Looked up ahead: many are on their way at a time, while the digest takes one after another.
  for (let point = 0; point < n; point++) rows[point] = rowOfItem[itemKeys[point]];
  let high = mixWord(run.high, n);
  let low = mixWord(run.low, n);
  for (let point = 0; point < n; point++) {
    const row = rows[point];
    const end = actionOffsets[point + 1];
    const count = end - actionOffsets[point];
    timeBits[0] = times[end - 1];
    high = mixWord(mixWord(mixWord(mixWord(high, row), count), timeWords[0]), timeWords[1]);
    low = mixWord(mixWord(mixWord(mixWord(low, timeWords[1]), timeWords[0]), count), row);
  }
  return closeHash({ high, low });
}

/**
 * Stored interests with the importances of now, summed over today's actions in the order in which a recompute sums
 * them: what `inferWith` would return, to the last bit. Everything else stays; ids too, because a cluster continues
 * the interest with which it shares all members.
 * Precondition: `points` has the `clusterBasis` of the stored interests.
 */
export function weighAgain(
  stored: readonly Interest[],
  { itemKeys, actionOffsets, times, weights }: InferPoints,
  asOfMs: number,
  lambda: number,
  map: U32Map,
): Interest[] {
  map.reset(itemKeys.length);
  stored.forEach(({ members }, index) => {
    for (const item of members) map.getOrSet(item, index);
  });
  const importances = new Float64Array(stored.length);
  for (let point = 0; point < itemKeys.length; point++) {
    const [from, to] = [actionOffsets[point], actionOffsets[point + 1]];
    importances[map.get(itemKeys[point])] += importanceOfRun(times, weights, from, to, asOfMs, lambda);
  }
  return stored
    .map((interest, index) => ({ ...interest, importance: importances[index] }))
    .sort(byImportance);
}

/** What `weighMembers` writes, for interests of `weighAgain`. */
export function weighMembersAgain(
  weights: Float32Array,
  interests: readonly Interest[],
  { itemKeys, actionOffsets, times, weights: given }: InferPoints,
  asOfMs: number,
  lambda: number,
  map: U32Map,
): void {
  map.reset(itemKeys.length);
  for (let point = 0; point < itemKeys.length; point++) map.getOrSet(itemKeys[point], point);
  let at = 0;
  for (const { members } of interests)
    for (const item of members) {
      const point = map.get(item);
      const [from, to] = [actionOffsets[point], actionOffsets[point + 1]];
      weights[at++] = asWeight(importanceOfRun(times, given, from, to, asOfMs, lambda));
    }
}
