import { createRng } from '../../src/math/rng.js';

/** n × dim standard normal numbers; with `unit`, every row scaled to norm 1. */
export function randomMatrix(seed: number, n: number, dim: number, unit = true): Float32Array {
  const rng = createRng(seed);
  const matrix = Float32Array.from({ length: n * dim }, () => rng.normal());
  if (unit) {
    for (let row = 0; row < n; row++) {
      const values = matrix.subarray(row * dim, (row + 1) * dim);
      const norm = Math.hypot(...values);
      for (let i = 0; i < dim; i++) values[i] /= norm;
    }
  }
  return matrix;
}
