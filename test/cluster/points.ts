import fc from 'fast-check';
import { createRng } from '../../src/math/rng.js';

export interface Points {
  readonly n: number;
  readonly dim: number;
  readonly x: Float32Array;
  readonly sizes?: readonly number[];
}

export interface PointsShape {
  readonly maxN: number;
  readonly maxDim: number;
}

/** Random points of every kind that has ever hurt a Ward: clouds, topics, duplicates, near-duplicates, offsets, sizes. */
export function anyPoints({ maxN, maxDim }: PointsShape): fc.Arbitrary<Points> {
  return fc
    .record({
      seed: fc.integer({ min: 0, max: 2 ** 31 }),
      n: fc.integer({ min: 1, max: maxN }),
      dim: fc.integer({ min: 1, max: maxDim }),
      topics: fc.integer({ min: 1, max: 12 }),
      spread: fc.constantFrom(0.05, 0.3, 1),
      copies: fc.constantFrom(0, 0, 0.5),
      jitter: fc.constantFrom(0, 1e-4),
      offset: fc.constantFrom(0, 0, 100),
      normalized: fc.boolean(),
      sized: fc.boolean(),
    })
    .map(makePoints);
}

export interface PointsRecipe {
  readonly seed: number;
  readonly n: number;
  readonly dim: number;
  /** Number of centres the points lie around. */
  readonly topics: number;
  /** Standard deviation around a centre; centres have 1. */
  readonly spread: number;
  /** Share of points that repeat an earlier one … */
  readonly copies?: number;
  /** … but for a relative jitter. */
  readonly jitter?: number;
  readonly offset?: number;
  readonly normalized?: boolean;
  readonly sized?: boolean;
}

export function makePoints(recipe: PointsRecipe): Points {
  const { n, dim, topics, spread, copies = 0, jitter = 0, offset = 0 } = recipe;
  const rng = createRng(recipe.seed);
  const centres = Float64Array.from({ length: topics * dim }, () => rng.normal());
  const x = new Float32Array(n * dim);
  for (let i = 0; i < n; i++) {
    const row = x.subarray(i * dim, (i + 1) * dim);
    const source = rng.below(Math.max(1, i));
    const topic = rng.below(topics);
    if (i > 0 && rng.uniform() < copies) {
      row.forEach((_, k) => {
        row[k] = x[source * dim + k] * (1 + jitter * rng.normal());
      });
      continue;
    }
    row.forEach((_, k) => {
      row[k] = centres[topic * dim + k] + spread * rng.normal();
    });
    if (recipe.normalized) normalize(row);
    row.forEach((value, k) => {
      row[k] = value + offset;
    });
  }
  if (!recipe.sized) return { n, dim, x };
  return { n, dim, x, sizes: Array.from({ length: n }, () => 1 + rng.below(5)) };
}

function normalize(row: Float32Array): void {
  const norm = Math.hypot(...row) || 1;
  for (let k = 0; k < row.length; k++) row[k] /= norm;
}

/** A threshold inside a gap between heights, so that no rounding decides a label. */
export function thresholdsInGaps(heights: ArrayLike<number>): number[] {
  const known = [...new Set(Array.from(heights))].filter((h) => h > 0).sort((p, q) => p - q);
  const edges = [(known[0] ?? 1) / 4, ...known, (known.at(-1) ?? 1) * 4];
  const found: number[] = [];
  for (let i = 0; i + 1 < edges.length; i++) {
    if (edges[i + 1] > edges[i] * 1.001) found.push(Math.sqrt(edges[i] * edges[i + 1]));
  }
  return found;
}
