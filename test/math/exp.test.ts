import { describe, expect, test } from 'vitest';
import { createClusterer } from '../../src/cluster/clusterer.js';
import { exp } from '../../src/math/exp.js';
import { createRng } from '../../src/math/rng.js';

const rng = createRng(20201103);
const edges = [
  0, -0, -1e-300, -3.8e-9, -3.7e-9, -0.34657, -0.34658, -1.0397, -1.0398, -708, -709, -745.1, -746, -1e9,
];
const some = [...edges, -1 / 0, ...Array.from({ length: 5000 }, () => -(10 ** (6 * rng.uniform() - 3)))];

describe('exp', () => {
  test('is within an ulp of what the engine says', () => {
    for (const x of some) {
      const wanted = Math.exp(x);
      expect(Math.abs(exp(x) - wanted), `exp(${x})`).toBeLessThanOrEqual(wanted * 2 ** -52 + 2 ** -1074);
    }
    expect(exp(0)).toBe(1);
    expect(exp(Number.NaN)).toBeNaN();
  });

  test('has the same bits in the kernels', () => {
    const n = some.length;
    const clusterer = createClusterer(1);
    clusterer.vectors(n).fill(0);
    const ages = Float64Array.from(some, (x) => Math.min(-x, Number.MAX_VALUE));
    const { decayed } = clusterer.active(
      n,
      {
        actionOffsets: Uint32Array.from({ length: n + 1 }, (_, i) => i),
        times: ages.map((age) => -age),
        weights: new Float64Array(n).fill(1),
      },
      { alpha: 1, sized: false, asOf: 0, unit: 1, lambda: 1 },
    );
    expect(decayed.subarray(0, n)).toEqual(ages.map((age) => exp(-age)));
  });
});
