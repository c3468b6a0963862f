import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hexOf } from '../../src/math/hash.js';
import { U32Map } from '../../src/math/u32map.js';
import type { InferPoints } from '../../src/profile/infer.js';
import { inferInterests } from '../../src/profile/infer.js';
import { clusterBasis, runBasis, weighAgain } from '../../src/profile/reuse.js';

const day = 86_400_000;
const options = { alpha: 0.3, lambda: 0.01, repeats: 'distinct' } as const;

/** Points on a circle: [item, angle in twelfths of a half turn, [day, weight] of each action]. */
type Draft = readonly [item: number, angle: number, actions: readonly (readonly [number, number])[]];

function pointsOf(drafts: readonly Draft[]): InferPoints {
  const actionOffsets = new Uint32Array(drafts.length + 1);
  drafts.forEach(([, , actions], i) => {
    actionOffsets[i + 1] = actionOffsets[i] + actions.length;
  });
  return {
    itemKeys: Uint32Array.from(drafts, ([item]) => item),
    actionOffsets,
    times: Float64Array.from(
      drafts.flatMap(([, , actions]) => actions.map(([at]) => at * day).sort((a, b) => a - b)),
    ),
    weights: Float64Array.from(drafts.flatMap(([, , actions]) => actions.map(([, weight]) => weight))),
  };
}

const rows = Int32Array.from({ length: 40 }, (_, i) => 100 + i);
const basis = (drafts: readonly Draft[], run = runBasis('s', 1, options), rowOfItem = rows): string =>
  hexOf(clusterBasis(run, pointsOf(drafts), rowOfItem));

const draft = fc.tuple(
  fc.nat(39),
  fc.nat(23),
  fc.array(fc.tuple(fc.nat(60), fc.constantFrom(0, 0.25, 1, 7)), { minLength: 1, maxLength: 4 }),
);
const drafts = fc.uniqueArray(draft, { selector: ([item]) => item, minLength: 1, maxLength: 20 });

test('weighing stored clusters again equals inferring them again, to the last bit', () => {
  fc.assert(
    fc.property(drafts, fc.nat(50), fc.constantFrom(0, 0.01, 0.7), fc.nat(9), (some, later, lambda, w) => {
      const points = pointsOf(some);
      const vectors = Float32Array.from(
        some.flatMap(([, angle]) => [Math.cos((angle * Math.PI) / 12), Math.sin((angle * Math.PI) / 12)]),
      );
      const identity = { user: 'u', space: 's', generation: 1 };
      const stored = inferInterests({ ...points, vectors }, 60 * day, { ...options, identity });
      const asOf = (60 + later) * day;
      const now = { ...points, weights: points.weights.map((weight) => weight * w) };
      const again = inferInterests({ ...now, vectors }, asOf, { ...options, lambda, identity }, stored);
      expect(weighAgain(stored, now, asOf, lambda, new U32Map())).toEqual(again);
    }),
  );
});

test('the basis depends on everything that clusters and medoids depend on, and on nothing else', () => {
  const plain: readonly Draft[] = [
    [1, 0, [[3, 1]]],
    [
      2,
      0,
      [
        [4, 1],
        [5, 1],
      ],
    ],
  ];
  const same = basis(plain);
  expect(
    basis([
      plain[0],
      [
        2,
        0,
        [
          [4, 9],
          [5, 0],
        ],
      ],
    ]),
  ).toBe(same); // weights
  expect(
    basis([
      plain[0],
      [
        2,
        0,
        [
          [3.5, 1],
          [5, 1],
        ],
      ],
    ]),
  ).toBe(same); // an earlier action than the last
  const others = [
    basis([plain[1], plain[0]]),
    basis([plain[0]]),
    basis([plain[0], [3, 0, plain[1][2]]]),
    basis([[1, 0, [[2, 1]]], plain[1]]),
    basis([plain[0], [2, 0, [[5, 1]]]]),
    basis(plain, runBasis('t', 1, options)),
    basis(plain, runBasis('s', 2, options)),
    basis(plain, runBasis('s', 1, { ...options, alpha: 0.31 })),
    basis(plain, runBasis('s', 1, { ...options, repeats: 'count' })),
    basis(plain, undefined, rows.with(2, 500)),
  ];
  expect(new Set([same, ...others]).size).toBe(others.length + 1);
});

test('different points do not share a basis', () => {
  const seen = new Map<string, string>();
  fc.assert(
    fc.property(drafts, (some) => {
      const input = JSON.stringify(some.map(([item, , actions]) => [item, actions.length, lastOf(actions)]));
      const digest = basis(some);
      expect(seen.get(digest) ?? input).toBe(input);
      seen.set(digest, input);
    }),
    { numRuns: 2000 },
  );
});

function lastOf(actions: readonly (readonly [number, number])[]): number {
  return Math.max(...actions.map(([at]) => at));
}
