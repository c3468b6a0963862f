import { PinnersageError } from '../errors.js';
import type { Rng } from '../math/rng.js';
import { blockRows, createScan, type Scan } from '../math/vectors.js';
import { checkNumbers, checkShape } from './check.js';
import type { Partition } from './cut.js';
import { squaredDistance } from './distances.js';

export interface KMeansOptions {
  /** Number of points. */
  readonly n: number;
  /** Numbers per point. */
  readonly dim: number;
  /** Clusters wanted, ≥ 1; fewer come back where there are fewer distinct points. */
  readonly k: number;
  /** Rounds of assignment at most; 100 by default. Fewer: faster, less settled. */
  readonly maxRounds?: number;
}

/**
 * What: k-means (Lloyd) from k-means++ seeds; a rival in the paper's evaluation (k = 5).
 * Source: Lloyd 1982, doi:10.1109/TIT.1982.1056489; Arthur and Vassilvitskii, SODA 2007.
 * Convention: points meet centres in float32; clusters are numbered by first member; a point between two centres goes to
 * the earlier one; a cluster that
 * loses all its points vanishes.
 * Time O(rounds · n k dim), memory O(k dim + n).
 * Checked by: test/cluster/kmeans.test.ts.
 */
export function kmeans(x: Float32Array | Float64Array, options: KMeansOptions, rng: Rng): Partition {
  const { n, dim, k, maxRounds = 100 } = options;
  checkShape(x.length, options);
  checkNumbers(x, options);
  if (!Number.isInteger(k) || k < 1) {
    throw new PinnersageError('option-invalid', `k: got ${k}, expected an integer ≥ 1`);
  }
  const centres = seeds(x, options, rng);
  const labels = new Int32Array(n).fill(-1);
  const scan = createScan(x instanceof Float32Array ? x : Float32Array.from(x), dim);
  const best = new Float64Array(n);
  for (let round = 0; round < maxRounds && assign(labels, scan, centres, best); round++) {
    recentre(centres, x, labels, dim);
  }
  return numbered(labels);
}

/** k-means++: each next centre is a point drawn with probability proportional to its squared distance to the nearest. */
function seeds(x: Float32Array | Float64Array, { n, dim, k }: KMeansOptions, rng: Rng): Float64Array[] {
  if (n === 0) return [];
  const centres = [rowOf(x, rng.below(n), dim)];
  const nearest = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  while (centres.length < k) {
    const latest = centres[centres.length - 1];
    let total = 0;
    for (let i = 0; i < n; i++) {
      nearest[i] = Math.min(nearest[i], squaredDistance(x, i * dim, latest, 0, dim));
      total += nearest[i];
    }
    if (total === 0) break; // every point is a centre already
    centres.push(rowOf(x, drawn(nearest, rng.uniform() * total), dim));
  }
  return centres;
}

function drawn(weights: Float64Array, target: number): number {
  let last = 0;
  let passed = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    last = i;
    passed += weights[i];
    if (target < passed) break;
  }
  return last;
}

function rowOf(x: Float32Array | Float64Array, i: number, dim: number): Float64Array {
  return Float64Array.from(x.subarray(i * dim, (i + 1) * dim));
}

/** Moves every point to its nearest centre; whether any moved. ‖x − c‖² is compared without its ‖x‖². */
function assign(
  labels: Int32Array,
  scan: Scan,
  centres: readonly Float64Array[],
  best: Float64Array,
): boolean {
  const n = labels.length;
  const before = labels.slice();
  best.fill(Number.POSITIVE_INFINITY);
  centres.forEach((centre, c) => {
    let own = 0;
    for (const x of centre) own += x * x;
    const query = Float32Array.from(centre);
    for (let from = 0; from < n; from += blockRows) {
      const products = scan(query, from, Math.min(blockRows, n - from));
      for (let i = 0; i < products.length; i++) {
        const d = own - 2 * products[i];
        if (d >= best[from + i]) continue;
        best[from + i] = d;
        labels[from + i] = c;
      }
    }
  });
  return labels.some((label, i) => label !== before[i]);
}

function recentre(
  centres: readonly Float64Array[],
  x: Float32Array | Float64Array,
  labels: Int32Array,
  dim: number,
): void {
  const counts = new Float64Array(centres.length);
  for (const label of labels) counts[label]++;
  for (let c = 0; c < centres.length; c++) if (counts[c] > 0) centres[c].fill(0);
  for (let i = 0; i < labels.length; i++) {
    const centre = centres[labels[i]];
    for (let k = 0, at = i * dim; k < dim; k++, at++) centre[k] += x[at];
  }
  for (let c = 0; c < centres.length; c++)
    if (counts[c] > 0) for (let k = 0; k < dim; k++) centres[c][k] /= counts[c];
}

function numbered(labels: Int32Array): Partition {
  const numbers = new Map<number, number>();
  const renamed = labels.map((label) => {
    const known = numbers.get(label);
    if (known !== undefined) return known;
    numbers.set(label, numbers.size);
    return numbers.size - 1;
  });
  return { count: numbers.size, labels: renamed };
}
