import type { EmbeddingTable, ItemKey } from '../../model/item.js';

/**
 * What: mean cosine distance 1 − cos over all pairs of candidates.
 * Source: algorithm.md §6 (paper: diversity as mean pairwise distance). [derived] With unit vectors u and their sum s,
 * Σ_{i≠j} u_i·u_j = ‖s‖² − n, so it is (1 − (‖s‖² − n) / (n (n − 1))) without looking at pairs.
 * Convention: 0 for fewer than two candidates. A zero vector counts as orthogonal to all.
 * Time O(n · dim). Checked by: test/evaluate/metrics.test.ts (over all pairs).
 */
export function pairwiseDistance(
  table: EmbeddingTable,
  items: ArrayLike<ItemKey>,
  count = items.length,
): number {
  const n = Math.min(count, items.length);
  if (n < 2) return 0;
  const { dim, vectors, rowOfItem } = table;
  const sum = new Float64Array(dim);
  let own = 0;
  for (let i = 0; i < n; i++) {
    const row = rowOfItem[items[i]];
    if (!(row >= 0)) continue;
    const at = row * dim;
    let squared = 0;
    for (let k = 0; k < dim; k++) squared += vectors[at + k] * vectors[at + k];
    if (squared === 0) continue;
    const scale = 1 / Math.sqrt(squared);
    for (let k = 0; k < dim; k++) sum[k] += scale * vectors[at + k];
    own++;
  }
  let squared = 0;
  for (const x of sum) squared += x * x;
  return 1 - (squared - own) / (n * (n - 1));
}

export function normOf(vector: Float32Array): number {
  let sum = 0;
  for (const x of vector) sum += x * x;
  return Math.sqrt(sum);
}

/**
 * What: how evenly exposure falls on the items of a catalog: the Gini coefficient, 0 where all get the same, near 1
 * where few get all. Items never shown count with 0.
 * Source: Gini 1912; G = Σ_i (2i − n − 1) x_i / (n Σ x) over x rising.
 * Convention: NaN where nothing was shown. Time O(n log n).
 */
export function gini(exposures: Float64Array): number {
  const rising = exposures.slice().sort();
  const n = rising.length;
  let weighted = 0;
  let total = 0;
  for (let i = 0; i < n; i++) {
    weighted += (2 * (i + 1) - n - 1) * rising[i];
    total += rising[i];
  }
  return total === 0 ? Number.NaN : weighted / (n * total);
}
