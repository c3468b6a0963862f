import { expect, test } from 'vitest';
import { gini, pairwiseDistance } from '../../src/evaluate/metrics/lists.js';
import { rankingScores } from '../../src/evaluate/metrics/ranking.js';
import { retrievalScores } from '../../src/evaluate/metrics/retrieval.js';

test('retrieval scores of a list worked by hand', () => {
  // Targets 7, 8, 9; the list holds 7 at rank 2 and 9 at rank 4; 8 is near what stands at rank 3.
  const list = [1, 7, 2, 9, 3];
  const near = (target: number, place: number): boolean => [7, 2, 9][target] === list[place];
  const [two, four] = retrievalScores([7, 8, 9], list, [2, 4], near);
  expect(two).toEqual({
    relevance: 1 / 3,
    recall: 1 / 3,
    hit: 1,
    ndcg: 1 / Math.log2(3) / (1 + 1 / Math.log2(3)),
  });
  expect(four.relevance).toBe(1);
  expect(four.recall).toBe(2 / 3);
  expect(four.ndcg).toBeCloseTo((1 / Math.log2(3) + 1 / Math.log2(5)) / (1 + 1 / Math.log2(3) + 1 / 2), 12);
});

test('a list shorter than the budget is scored as it is, and an empty one scores nothing', () => {
  const [short] = retrievalScores([7], [7], [10], () => true);
  expect(short).toEqual({ relevance: 1, recall: 1, hit: 1, ndcg: 1 });
  const [empty] = retrievalScores([7], [], [10], () => true);
  expect(empty).toEqual({ relevance: 0, recall: 0, hit: 0, ndcg: 0 });
});

test('ranking scores worked by hand', () => {
  // Order: 9 (positive), 8, 7 (positive), 6: R-precision 1/2, reciprocal rank (1 + 1/3) / 2.
  expect(rankingScores([9, 7], [8, 6])).toEqual({ rPrecision: 0.5, reciprocalRank: (1 + 1 / 3) / 2 });
});

test('ties are broken by chance, and what is returned is what that gives on average', () => {
  // One action item among four of equal score: the first place one time in four.
  const { rPrecision, reciprocalRank } = rankingScores([1], [1, 1, 1]);
  expect(rPrecision).toBe(0.25);
  expect(reciprocalRank).toBeCloseTo((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4, 12);
});

test('the mean pairwise distance is that over all pairs, whatever the lengths of the vectors', () => {
  const vectors = Float32Array.from([1, 0, 0, 2, 3, 3]);
  const table = {
    dim: 2,
    vectors,
    itemOfRow: Uint32Array.from([0, 1, 2]),
    rowOfItem: Int32Array.from([0, 1, 2]),
    live: new Uint8Array(3).fill(1),
  };
  const half = Math.SQRT1_2;
  expect(pairwiseDistance(table, [0, 1, 2])).toBeCloseTo((1 + (1 - half) + (1 - half)) / 3, 6);
  expect(pairwiseDistance(table, [0, 1, 2], 2)).toBeCloseTo(1, 6);
  expect(pairwiseDistance(table, [0])).toBe(0);
});

test('the Gini coefficient of even and of uneven exposure', () => {
  expect(gini(Float64Array.from([5, 5, 5, 5]))).toBe(0);
  expect(gini(Float64Array.from([0, 0, 0, 8]))).toBe(0.75);
  expect(gini(Float64Array.from([1, 3]))).toBe(0.25);
  expect(gini(new Float64Array(3))).toBeNaN();
});
