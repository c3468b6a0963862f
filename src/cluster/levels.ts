import { cutInto } from './cut.js';
import type { Centred, Engine } from './engine.js';
import { findComponents } from './filter.js';
import { groupInto, mergeComponents } from './merge.js';

/** Fewer points than this are merged at one level: there is nothing to save. */
const minPoints = 128;

/** How far the lower level reaches beyond the sampled near pairs: others of their kind are a little farther. */
const margin = 1.15;

/** Pairs within the lower level may be at most this share of all pairs, or they would hang together. */
const mostNear = 0.2;

/**
 * What: all merges in two levels. Up to a height α the merges are those inside the components of {d ≤ α}; what is left
 * are clusters, and Ward goes on from them as points with sizes: d = 2 ni nj / (ni + nj) ‖μi − μj‖². Exact, and faster
 * by as much as the points are clustered. α comes from a sample (near pairs are those
 * below half the median distance): any value would be right.
 * Source: algorithm.md §2; docs/performance.md.
 * Convention: merges in `views`, heights in units of scale², children before parents. False, with nothing merged, where
 * one level is no slower. Uses up `labels`.
 * Time O(n² dim / 4) where clusters are small, memory O(n dim + n²).
 * Checked by: test/cluster/split.test.ts.
 */
export function mergeInLevels(
  engine: Engine,
  centred: Centred,
  labels: Int32Array,
  sizes?: ArrayLike<number>,
): boolean {
  const alpha = centred.n < minPoints ? 0 : levelOf(engine, centred);
  if (alpha === 0 || !findComponents(engine, centred, alpha)) return false;
  const { layout, views, kernel, dim } = engine;
  const { n, scale } = centred;
  const inside = mergeComponents(engine, centred, labels, sizes);
  const count = cutInto(labels, views, n, alpha, inside);
  const top = keepUpTo(engine, alpha, inside);
  if (count === 1) return true;
  groupInto(views.order, views.starts, labels, n, count);
  const { x, z, depth, norms, order, starts, centre, weights } = layout;
  const sized = sizes === undefined ? 0 : layout.sizes;
  kernel.meansOf(x, dim, scale, order, starts, count, sized, centre, centred.z, z, depth, weights);
  kernel.normsOf(z, count, depth, norms);
  views.sizes.set(views.weights.subarray(0, count));
  const { a, b, heights, sizes: sizesAt } = layout;
  const at = n - count;
  kernel.mergeRows(z, norms, 0, count, depth, z, depth, 1, sizesAt, a + 4 * at, b + 4 * at, heights + 8 * at);
  for (let m = n - count; m < n - 1; m++) {
    views.a[m] = views.order[views.starts[views.a[m]]];
    views.b[m] = views.order[views.starts[views.b[m]]];
    views.heights[m] = Math.max(top, views.heights[m]);
  }
  return true;
}

/** A distance just above those of the sampled pairs that are near; 0 where no pair is, or too many are. */
function levelOf({ kernel, layout, views, dim }: Engine, { n, scale, z }: Centred): number {
  const { x, norms, order, depth } = layout;
  const sample = n < 512 ? 32 : 64;
  for (let i = 0; i < sample; i++) views.order[i] = Math.floor((i * n) / sample);
  kernel.matrixOf(z, norms, order, sample, depth, x, dim, scale);
  const distances = views.sample;
  // Every ninth of them tells the middle well enough; the diagonal, infinite, is among the greatest.
  const some = Float32Array.from(
    { length: (sample * sample) / 8 },
    (_, i) => distances[(9 * i) % (sample * sample)],
  );
  const half = some.sort()[some.length >> 1] / 2;
  let near = 0;
  let farthest = 0;
  for (let i = 0; i < sample * sample; i++) {
    if (distances[i] > half) continue;
    near++;
    farthest = Math.max(farthest, distances[i]);
  }
  return near > mostNear * sample * sample ? 0 : Math.min(half, margin * farthest);
}

/** Keeps the merges up to alpha, in their order; returns the highest of them. */
function keepUpTo({ views: { a, b, heights } }: Engine, alpha: number, merges: number): number {
  let kept = 0;
  let top = 0;
  for (let m = 0; m < merges; m++) {
    if (heights[m] > alpha) continue;
    a[kept] = a[m];
    b[kept] = b[m];
    heights[kept++] = heights[m];
    top = Math.max(top, heights[m]);
  }
  return top;
}
