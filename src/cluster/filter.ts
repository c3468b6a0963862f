import type { Centred, Engine } from './engine.js';
import { roundUp } from './layout.js';

/** Fewer points than this are clustered whole: there is nothing to save. */
const minPoints = 64;

/** The longest row in units of the integer filter: its squares stay below 31 bits, its coordinates below 16. */
const longest = 32000;

/** How far the mean lower bound of a pair's distance must lie above alpha for a prefix of coordinates to be enough. */
const clearance = 1.45;

/**
 * What: the connected components of a superset of the pairs with d ≤ alpha; no flat cluster reaches across two.
 * `views.parents[i]` becomes the first point of i's component. False where clustering all points at once is no slower.
 * Source: algorithm.md §2 and docs/performance.md (the exact split); kernels/filter.ts.
 * Time O(n² dim) with a factor of a quarter of the full path's, memory O(n dim).
 * Checked by: test/cluster/split.test.ts.
 */
export function findComponents(engine: Engine, centred: Centred, alpha: number): boolean {
  const { n, largest } = centred;
  const whole = engine.dim & ~7;
  if (n < minPoints || whole < 16 || !(largest > 0) || alpha > largest) return false;
  const prefix = prefixFor(engine.views.energy, whole, (clearance * alpha * Math.ceil(n / 4)) / 2);
  if (prefix === 0) return false;
  const found = linked(engine, centred, alpha, prefix, prefix === whole);
  return found === 2 ? linked(engine, centred, alpha, whole, true) === 0 : found === 0;
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

function linked(engine: Engine, centred: Centred, alpha: number, prefix: number, patient: boolean): number {
  const { kernel, layout, dim } = engine;
  const { n, scale, largest } = centred;
  const { x, mean, gap, norms, panels, halves, parents, members, tile } = layout;
  const unit = Math.fround(longest / Math.sqrt(largest));
  const pairs = roundUp(prefix / 2 + 1, 2);
  kernel.quantize(x, n, dim, scale, mean, gap, prefix, unit, norms, pairs, panels, halves);
  const limit = alpha * 1.0001 + largest * 2e-5;
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
