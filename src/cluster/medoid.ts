import type { PointOptions } from './clusterer.js';
import type { Partition } from './cut.js';

/** Ties closer than this, relative, go to the tie-break (algorithm.md §3). */
export const medoidTie = 1e-6;

export interface MedoidScratch {
  readonly means: Float64Array;
  readonly weights: Float64Array;
  readonly spreads: Float64Array;
  readonly offsets: Float64Array;
}

export function createMedoidScratch(n: number, dim: number): MedoidScratch {
  return {
    means: new Float64Array(n * dim),
    weights: new Float64Array(n),
    spreads: new Float64Array(n),
    offsets: new Float64Array(n),
  };
}

/**
 * What: the medoid of every cluster: the member with the least Σ_j w_j ‖x_m − x_j‖², which is the member nearest the
 * weighted mean, because that sum is W ‖x_m − μ‖² + Σ_j w_j ‖x_j − μ‖².
 * Source: algorithm.md §3. Ties of that sum within 1e-6 relative: more actions, then the later action, then the lower index.
 * Shapes: x is n × dim; labels 0 … count − 1; medoids has room for count.
 * Time and memory: O(n dim), no allocation.
 * Checked by: test/cluster/medoid.test.ts (the sum over all pairs), test/cluster/golden.test.ts.
 */
export function medoidsInto(
  medoids: Int32Array,
  x: Float32Array | Float64Array,
  shape: { readonly n: number; readonly dim: number },
  flat: Partition,
  options: PointOptions,
  scratch: MedoidScratch,
): void {
  const { n } = shape;
  const { labels } = flat;
  const { offsets } = scratch;
  meansInto(scratch, x, shape, flat, options.sizes);
  for (let i = 0; i < n; i++) offsets[i] = offsetFromMean(x, i, labels[i], shape.dim, scratch.means);
  chooseInto(medoids, offsets, flat, n, options, scratch);
}

/** The medoids, given the squared distance of every point to its cluster's mean. */
export function chooseInto(
  medoids: Int32Array,
  offsets: Float32Array | Float64Array,
  { labels, count }: Partition,
  n: number,
  options: PointOptions,
  { weights, spreads }: Pick<MedoidScratch, 'weights' | 'spreads'>,
): void {
  const { sizes } = options;
  weights.fill(0, 0, count);
  spreads.fill(0, 0, count);
  medoids.fill(-1, 0, count);
  for (let i = 0; i < n; i++) {
    const c = labels[i];
    const w = sizes === undefined ? 1 : sizes[i];
    weights[c] += w;
    spreads[c] += w * offsets[i];
    if (medoids[c] < 0 || offsets[i] < offsets[medoids[c]]) medoids[c] = i;
  }
  // `spreads` turns into the greatest offset that still ties with the least one.
  for (let c = 0; c < count; c++) {
    const least = offsets[medoids[c]];
    spreads[c] = least + medoidTie * (least + spreads[c] / weights[c]);
  }
  for (let i = 0; i < n; i++) {
    const c = labels[i];
    if (offsets[i] <= spreads[c] && isPreferred(i, medoids[c], options)) medoids[c] = i;
  }
}

/** Σ w x over members, taken relative to the cluster's first member, so that an offset of the data costs no digits. */
function meansInto(
  scratch: MedoidScratch,
  x: Float32Array | Float64Array,
  shape: { readonly n: number; readonly dim: number },
  flat: Partition,
  sizes: ArrayLike<number> | undefined,
): void {
  const { n, dim } = shape;
  const { means, weights } = scratch;
  means.fill(0, 0, flat.count * dim);
  weights.fill(0, 0, flat.count);
  for (let i = 0; i < n; i++) {
    const c = flat.labels[i];
    const w = sizes?.[i] ?? 1;
    weights[c] += w;
    // The running mean moves by w / (weight so far): the first member sets it exactly.
    const step = w / weights[c];
    for (let k = 0; k < dim; k++) means[c * dim + k] += step * (x[i * dim + k] - means[c * dim + k]);
  }
}

function offsetFromMean(
  x: Float32Array | Float64Array,
  i: number,
  c: number,
  dim: number,
  means: Float64Array,
): number {
  let sum = 0;
  for (let k = 0; k < dim; k++) {
    const difference = x[i * dim + k] - means[c * dim + k];
    sum += difference * difference;
  }
  return sum;
}

/** Whether i beats j where both are equally central; j < i is kept where all is equal. */
function isPreferred(i: number, j: number, by: PointOptions): boolean {
  const counts = by.counts === undefined ? 0 : by.counts[i] - by.counts[j];
  if (counts !== 0) return counts > 0;
  const times = by.lastTimes === undefined ? 0 : by.lastTimes[i] - by.lastTimes[j];
  if (times !== 0) return times > 0;
  return i < j;
}
