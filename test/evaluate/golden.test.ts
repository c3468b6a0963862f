import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'pinnersage';
import { expect, test } from 'vitest';
import { quantile } from '../../src/evaluate/bootstrap.js';
import { gini, pairwiseDistance } from '../../src/evaluate/metrics/lists.js';
import { rankingScores } from '../../src/evaluate/metrics/ranking.js';
import { retrievalScores, TargetRanks } from '../../src/evaluate/metrics/retrieval.js';
import type { Action } from '../../src/model/action.js';
import { tempDir } from '../helpers/temp.js';
import { evaluateHere } from './worlds.js';

interface Golden {
  readonly retrieval: readonly {
    readonly targets: readonly number[];
    readonly relevant: readonly number[][];
    readonly ranking: readonly number[];
    readonly k: number;
    readonly expected: Record<string, number>;
  }[];
  readonly ranking: readonly {
    readonly positives: readonly number[];
    readonly negatives: readonly number[];
    readonly expected: Record<string, number>;
  }[];
  readonly quantiles: readonly {
    readonly values: readonly number[];
    readonly p: readonly number[];
    readonly expected: readonly number[];
  }[];
  readonly pairwise: { readonly vectors: readonly number[][]; readonly expected: number };
  readonly gini: { readonly values: readonly number[]; readonly expected: number };
  readonly walk: {
    readonly vectors: readonly number[][];
    readonly actions: readonly Action[];
    readonly budgets: readonly number[];
    readonly means: Record<string, Record<string, number>>;
    readonly counts: { readonly steps: number; readonly targets: number; readonly ranked: number };
  };
}

const golden = JSON.parse(
  readFileSync(new URL('../golden/data/metrics.json', import.meta.url), 'utf8'),
) as Golden;

const near = (found: object, expected: Record<string, number>): void => {
  for (const [name, value] of Object.entries(expected))
    expect((found as Record<string, number>)[name], name).toBeCloseTo(value, 10);
};

test('retrieval metrics agree with the independent implementation', () => {
  for (const { targets, relevant, ranking, k, expected } of golden.retrieval) {
    const ranks = new TargetRanks(targets, relevant);
    ranks.of(ranking);
    near(retrievalScores(ranks.exact, ranks.relevant, k), expected);
  }
});

test('ranking metrics agree with the mean over all orders of ties', () => {
  for (const { positives, negatives, expected } of golden.ranking)
    near(rankingScores(positives, negatives), expected);
});

test('quantiles, pairwise distance and Gini agree', () => {
  for (const { values, p, expected } of golden.quantiles)
    p.forEach((share, i) => {
      expect(quantile(Float64Array.from(values), share)).toBeCloseTo(expected[i], 12);
    });
  const { vectors, expected } = golden.pairwise;
  const items = vectors.map((_, i) => i);
  const table = {
    dim: vectors[0].length,
    vectors: Float32Array.from(vectors.flat()),
    itemOfRow: Uint32Array.from(items),
    rowOfItem: Int32Array.from(items),
    live: new Uint8Array(items.length).fill(1),
  };
  expect(pairwiseDistance(table, items)).toBeCloseTo(expected, 6);
  expect(gini(Float64Array.from(golden.gini.values))).toBeCloseTo(golden.gini.expected, 12);
});

test('a whole walk forward gives the means of the independent implementation', async () => {
  const { vectors, actions, budgets, means, counts } = golden.walk;
  const path = join(tempDir(), 'data');
  const data = await open(path);
  await data.putItems(
    vectors.map((vector, i) => ({
      itemId: `i${String(i).padStart(2, '0')}`,
      embedding: Float32Array.from(vector),
    })),
  );
  await data.appendActions(actions);
  await data.close();
  const report = await evaluateHere(path, { budgets, budget: budgets[1], contenders: Object.keys(means) });
  expect(report.protocol).toMatchObject({
    steps: counts.steps,
    targets: counts.targets,
    rankedSteps: counts.ranked,
  });
  for (const [name, expected] of Object.entries(means)) {
    const found = report.contenders.find((contender) => contender.name === name);
    for (const [metric, value] of Object.entries(expected)) {
      const mean = found?.metrics[metric].mean ?? Number.NaN;
      const scale = metric === 'diversity' ? report.protocol.randomDistance : 1;
      expect(mean * scale, `${name} ${metric}`).toBeCloseTo(value, 6);
    }
  }
});
