import type { Centred, Engine } from './engine.js';
import { longest, roundUp } from './layout.js';
import { partByLeaders } from './leaders.js';

/** Fewer points than this are clustered whole: there is nothing to save. */
const minPoints = 64;

/** How far the mean lower bound of a pair's distance must lie above alpha for a prefix of coordinates to be enough. */
const clearance = 1.45;

/**
 * What: the components of a superset of the pairs with d ≤ alpha; no flat cluster reaches across two.
 * `views.parents[i]` becomes the first point of i's component. False where clustering all points at once is no slower.
 * Source: algorithm.md §2 and docs/performance.md (the exact split).
 * Time: see the two ways to it, `partByLeaders` and `partByPrefix`; memory O(n dim).
 * Checked by: test/cluster/split.test.ts.
 */
export function findComponents(engine: Engine, centred: Centred, alpha: number): boolean {
  for (let i = 0; i < ways.length; i++) {
    const parted = ways[i](engine, centred, alpha);
    if (parted !== undefined) return parted;
  }
  return false;
}

/** Whether it parted the points; undefined where that is for the next way to tell. */
type Way = (engine: Engine, centred: Centred, alpha: number) => boolean | undefined;

/**
 * One after another, called in one place: a call that is first made late would have V8 discard what it has compiled of all
 * that surrounds it.
 */
const ways: readonly Way[] = [
  (_, { n, largest }, alpha) => (n < minPoints || !(largest > 0) || alpha > largest ? false : undefined),
  (engine, centred, alpha) => partByLeaders(engine, centred, alpha) || undefined,
  (engine, centred, alpha) => partByPrefix(engine, centred, alpha),
];

/** Up to which squared distance two points may not be parted: alpha, and what float32 can be wrong by. */
export function limitOf({ largest }: Centred, alpha: number): number {
  return alpha * 1.0001 + largest * 2e-5;
}

/**
 * What: the connected components of a superset of the pairs with d ≤ alpha, as `findComponents` gives them, by bounds
 * from the first coordinates of every pair (kernels/filter.ts). False where one component holds most points.
 * Time O(n² dim) with a factor of a quarter of the full path's.
 */
export function partByPrefix(engine: Engine, centred: Centred, alpha: number): boolean {
  const { kernel, layout, views } = engine;
  const { depth, energy } = layout;
  const { n, z } = centred;
  kernel.energyOf(z, n, depth, energy);
  const prefix = prefixFor(views.energy, depth, (clearance * alpha * Math.ceil(n / 4)) / 2);
  if (prefix === 0) return false;
  const limit = limitOf(centred, alpha);
  const found = linked(engine, centred, limit, prefix, prefix === depth);
  return found === 2 ? linked(engine, centred, limit, depth, true) === 0 : found === 0;
}

/** The shortest prefix, a multiple of 8, that holds `enough` energy; 0 where even all coordinates do not. */
function prefixFor(energy: Float32Array, whole: number, enough: number): number {
  let sum = 0;
  for (let k = 0; k < energy.length; k++) {
    sum += energy[k];
    if (sum >= enough) return Math.min(whole, Math.max(16, roundUp(k + 1, 8)));
  }
  return 0;
}

function linked(engine: Engine, centred: Centred, limit: number, prefix: number, patient: boolean): number {
  const { kernel, layout, dim } = engine;
  const { n, scale, z, largest } = centred;
  const { x, depth, zeros, norms, panels, halves, parents, members, tile } = layout;
  const unit = Math.fround(longest / Math.sqrt(largest));
  const pairs = roundUp(prefix / 2 + 1, 2);
  kernel.quantize(z, n, depth, zeros, prefix, unit, norms, pairs, panels, halves);
  // A rounding of half a unit in each of two vectors moves their inner product by at most √prefix · (half of both norms).
  const rounding = 1.03 * Math.sqrt(prefix) * longest;
  const slack = Math.ceil((limit * unit * unit) / 2 + rounding + 4e-5 * longest * longest);
  if (slack >= 2 ** 29) return 1;
  return kernel.link(
    panels,
    pairs,
    n,
    halves,
    slack,
    Number(patient),
    x,
    dim,
    scale,
    limit,
    parents,
    members,
    tile,
  );
}
