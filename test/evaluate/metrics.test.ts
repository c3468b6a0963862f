import { expect, test } from 'vitest';
import { gini, pairwiseDistance } from '../../src/evaluate/metrics/lists.js';
import { rankingScores } from '../../src/evaluate/metrics/ranking.js';
import { type RetrievalScores, retrievalScores, TargetRanks } from '../../src/evaluate/metrics/retrieval.js';

function scored(
  targets: readonly number[],
  relevant: readonly number[][],
  list: readonly number[],
  k: number,
): RetrievalScores {
  const ranks = new TargetRanks(targets, relevant);
  ranks.of(list);
  return retrievalScores(ranks.exact, ranks.relevant, k);
}

test('retrieval scores of a list worked by hand', () => {
  // Targets 7, 8, 9; the list holds 7 at rank 2 and 9 at rank 4; 8 is near 2, which stands at rank 3.
  const list = [1, 7, 2, 9, 3];
  const relevant = [[7], [8, 2], [9]];
  expect(scored([7, 8, 9], relevant, list, 2)).toEqual({
    relevance: 1 / 3,
    recall: 1 / 3,
    hit: 1,
    ndcg: 1 / Math.log2(3) / (1 + 1 / Math.log2(3)),
  });
  const four = scored([7, 8, 9], relevant, list, 4);
  expect(four.relevance).toBe(1);
  expect(four.recall).toBe(2 / 3);
  const best = 1 + 1 / Math.log2(3) + 1 / 2;
  expect(four.ndcg).toBeCloseTo((1 / Math.log2(3) + 1 / Math.log2(5)) / best, 12);
});

test('one candidate may be relevant to several targets, and counts from its own rank on', () => {
  expect(
    scored(
      [7, 8],
      [
        [7, 5],
        [8, 5],
      ],
      [5, 7],
      1,
    ),
  ).toEqual({ relevance: 1, recall: 0, hit: 0, ndcg: 0 });
});

test('a list shorter than the budget is scored as it is, and an empty one scores nothing', () => {
  expect(scored([7], [[7]], [7], 10)).toEqual({ relevance: 1, recall: 1, hit: 1, ndcg: 1 });
  expect(scored([7], [[7]], [], 10)).toEqual({ relevance: 0, recall: 0, hit: 0, ndcg: 0 });
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
