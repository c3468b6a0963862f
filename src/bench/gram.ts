import { centreRows, createEngine, makeRoom } from '../cluster/engine.js';
import { maxMatrixPoints, roundUp } from '../cluster/layout.js';
import { here } from './stats.js';

/** Gram and distances of n points alone, in GFLOP/s: 2 d operations for each of the n² / 2 pairs. */
export function gramSpeed(x: Float32Array, n: number, d: number): number {
  const engine = createEngine(d, maxMatrixPoints);
  makeRoom(engine, n);
  engine.views.x.set(x);
  const { z, depth, zeros, panels, norms, matrix, tile, x: rows } = engine.layout;
  const { kernel } = engine;
  const { scale } = centreRows(engine, n);
  kernel.pack(z, 0, n, depth, zeros, panels);
  const ms = quickest('gram', () =>
    kernel.distances(panels, norms, n, depth, matrix, roundUp(n, 8), rows, 0, d, scale, tile),
  );
  return (n * n * d) / ms / 1e6;
}

/** What this core can do at most with 128-bit operations, in GFLOP/s. */
export function simdLimit(): number {
  const { kernel, layout } = createEngine(8, 64);
  const turns = 200_000;
  return (turns * 80) / quickest('peak', () => kernel.peak(turns, layout.x)) / 1e6;
}

/** The best of many: a limit is what was reached, not what was usual. */
function quickest(name: string, run: () => unknown): number {
  const contender = here(name, run);
  const calls = Math.max(1, Math.round(5 / Math.max(contender.time(2), 1e-3)));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 20; round++) best = Math.min(best, contender.time(calls));
  return best;
}
