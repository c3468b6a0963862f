import type { Merges } from './dendrogram.js';
import { condensedBase } from './distances.js';
import type { Linkage } from './linkage.js';

/** Scratch of `chainInto` for up to a number of points. */
export interface ChainScratch {
  readonly base: Float64Array;
  readonly live: Int32Array;
  readonly stack: Int32Array;
}

export function createChainScratch(n: number): ChainScratch {
  return { base: new Float64Array(n), live: new Int32Array(n), stack: new Int32Array(n) };
}

/**
 * What: agglomerative clustering by nearest-neighbour chain, in float64.
 * Source: algorithm.md §2 (paper, Algorithm 1); Müllner, arXiv:1109.2378.
 * Convention: squared distances; a union keeps the slot of its first member. Ties: the chain's predecessor, then the
 * cluster with the smallest first member.
 * Shapes: `distances` condensed, n (n − 1) / 2; `sizes` n; both are consumed. Room for n − 1 merges.
 * Preconditions: finite distances; a reducible linkage.
 * Time and memory: O(n²), no allocation.
 * Checked by: test/cluster/ward.test.ts (against the twin), test/cluster/golden.test.ts (SciPy).
 */
export function chainInto(
  merges: Merges,
  distances: Float64Array,
  sizes: Float64Array,
  n: number,
  linkage: Linkage,
  scratch: ChainScratch,
): void {
  const { base, live, stack } = scratch;
  for (let i = 0; i < n; i++) {
    base[i] = condensedBase(n, i);
    live[i] = i;
  }
  let liveCount = n;
  let depth = 0;
  for (let m = 0; m < n - 1; m++) {
    if (depth === 0) stack[depth++] = live[0];
    // Grow the chain until its last two are each other's nearest.
    for (;;) {
      const tip = stack[depth - 1];
      const before = depth > 1 ? stack[depth - 2] : -1;
      const next = nearest(distances, base, live, liveCount, tip, before);
      if (next === before) break;
      stack[depth++] = next;
    }
    depth -= 2;
    const i = Math.min(stack[depth], stack[depth + 1]);
    const j = Math.max(stack[depth], stack[depth + 1]);
    merges.a[m] = i;
    merges.b[m] = j;
    merges.heights[m] = distances[base[i] + j];
    liveCount = remove(live, liveCount, j);
    unite(distances, sizes, scratch, liveCount, i, j, linkage);
  }
}

/** The live cluster nearest to `tip`: `before` if it ties, else the first. */
function nearest(
  distances: Float64Array,
  base: Float64Array,
  live: Int32Array,
  liveCount: number,
  tip: number,
  before: number,
): number {
  let best = before;
  let least = Number.POSITIVE_INFINITY;
  if (before >= 0) least = distances[before < tip ? base[before] + tip : base[tip] + before];
  let p = 0;
  for (; live[p] < tip; p++) {
    const d = distances[base[live[p]] + tip];
    if (d < least) {
      least = d;
      best = live[p];
    }
  }
  for (p++; p < liveCount; p++) {
    const d = distances[base[tip] + live[p]];
    if (d < least) {
      least = d;
      best = live[p];
    }
  }
  return best;
}

function remove(live: Int32Array, liveCount: number, slot: number): number {
  let low = 0;
  for (let high = liveCount; low < high; ) {
    const middle = (low + high) >> 1;
    if (live[middle] < slot) low = middle + 1;
    else high = middle;
  }
  live.copyWithin(low, low + 1, liveCount);
  return liveCount - 1;
}

/** Merges j into i < j: distances to every other live cluster, then the size. */
function unite(
  distances: Float64Array,
  sizes: Float64Array,
  scratch: ChainScratch,
  liveCount: number,
  i: number,
  j: number,
  linkage: Linkage,
): void {
  const { base, live } = scratch;
  const dij = distances[base[i] + j];
  for (let p = 0; p < liveCount; p++) {
    const k = live[p];
    if (k === i) continue;
    const ik = k < i ? base[k] + i : base[i] + k;
    const jk = k < j ? base[k] + j : base[j] + k;
    distances[ik] = linkage(distances[ik], distances[jk], dij, sizes[i], sizes[j], sizes[k]);
  }
  sizes[i] += sizes[j];
}
