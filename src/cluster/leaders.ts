import type { Centred, Engine } from './engine.js';
import { limitOf } from './filter.js';
import { longest, roundUp } from './layout.js';

/** Leaders pay where each reaches so many points. */
const pointsPerLeader = 5;

/**
 * What: components of a superset of the pairs with d ≤ alpha, as `findComponents` gives them, by groups around leaders
 * that are proved apart (kernels/leaders.ts). False where leaders reach too few points each, or where most points would
 * be one component.
 * Time O(n · leaders · dim), memory O(n · leaders), in the room of the matrix.
 */
export function partByLeaders(engine: Engine, centred: Centred, alpha: number): boolean {
  const { kernel, layout } = engine;
  const { n, z, largest } = centred;
  const { depth, panels: q, halves, parents, members: group, columns, matrix } = layout;
  const width = roundUp(Math.ceil(n / pointsPerLeader), 4);
  const lows = matrix + 4 * roundUp(n, 4) * width;
  if (lows + 4 * width * width > layout.end) return false;
  const unit = Math.fround(longest / Math.sqrt(largest));
  const reach = Math.floor((alpha * unit * unit) / 2);
  const column = 4 * roundUp(layout.points, 8);
  const leads = columns + 2 * column;
  kernel.roundRows(z, n, depth, unit, q, halves);
  // What was nearest is not needed any more where the parents are written.
  const count = kernel.lead(
    q,
    n,
    depth,
    halves,
    reach,
    pointsPerLeader,
    width,
    matrix,
    parents,
    group,
    leads,
  );
  if (count === 0) return false;
  // Rounding moves each of two points by at most half a unit in every coordinate.
  const bar = 1.0001 * Math.sqrt(limitOf(centred, alpha)) * unit + 1.02 * Math.sqrt(engine.dim);
  const biggest = kernel.apart(
    n,
    count,
    width,
    matrix,
    group,
    leads,
    bar,
    lows,
    columns,
    columns + column,
    parents,
  );
  return biggest * 5 <= n * 3;
}
