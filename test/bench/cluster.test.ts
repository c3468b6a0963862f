import { describe, expect, test } from 'vitest';
import { benchCell, type ClusterBench, ours } from '../../src/bench/cluster.js';
import { reportTables } from '../../src/bench/report.js';
import { here, measureInTurns, spreadOf } from '../../src/bench/stats.js';
import { createUserRun } from '../../src/bench/users.js';

describe('bench cluster', () => {
  test('a cell says what it measured, and what it could not', async () => {
    const notes: string[] = [];
    const cell = await benchCell(20, 8, { python: 'no-such-python', onNote: (note) => notes.push(note) });
    expect(cell).toMatchObject({ n: 20, d: 8, kernel: expect.stringMatching(/^simd(128|256)$/) });
    for (const value of [cell.medianMs, cell.p90Ms, cell.usersPerSecond, cell.gramGflops]) {
      expect(value).toBeGreaterThan(0);
    }
    expect(Object.keys(cell.times)).toEqual([ours.full, ours.flat, ours.twin, 'ml-hclust']);
    expect(notes).toEqual([expect.stringContaining('no-such-python')]);
  });

  test('the report has every contender and leaves gaps where one was left out', () => {
    const spread = (medianMs: number) => ({ medianMs, p90Ms: medianMs * 2, rounds: 3 });
    const cell = { n: 9, d: 2, medianMs: 1, p90Ms: 2, usersPerSecond: 7, kernel: 'simd128', gramGflops: 5 };
    const bench: ClusterBench = {
      machine: 'm',
      node: 'v0',
      kernel: 'simd128',
      alpha: 1,
      simdLimitGflops: 10,
      versions: {},
      leftOut: [],
      cells: [
        { ...cell, times: { [ours.full]: spread(2), [ours.flat]: spread(1), SciPy: spread(12) } },
        { ...cell, times: { [ours.full]: spread(2), [ours.flat]: spread(1) } },
      ],
      distributions: [],
      threads: [100, 190],
    };
    const [times, ratios, core, users] = reportTables(bench).map(({ rows }) => rows);
    expect(times[0]).toEqual(['9', '2', '2.00 (4.00)', '1.00 (2.00)', '12.00 (24.00)']);
    expect(ratios).toEqual([
      ['9', '2', '6.0 / 12.0'],
      ['9', '2', '–'],
    ]);
    expect(core[0]).toEqual(['9', '2', '5.0', '50 %', 7]);
    expect(users.at(-1)).toEqual(['n = 200, two workers (1.90 ×)', 190]);
  });

  test('contenders take turns; the slow one has fewer rounds, never under three', async () => {
    const order: string[] = [];
    const contender = (name: string, ms: number) => ({
      name,
      time: (calls: number) => {
        order.push(`${name}${calls}`);
        return ms;
      },
    });
    const limits = { budgetMs: 40, maxRounds: 5, roundMs: 4 };
    // Once, once more to choose the calls of a round, and a warm-up.
    const times = await measureInTurns([contender('quick', 2), contender('slow', 100)], limits);
    expect(order.slice(6).join(' ')).toBe('quick2 slow1 quick2 slow1 quick2 slow1 quick2 quick2');
    expect(times.get('slow')?.rounds).toBe(3);
  });

  test('median and 90th percentile', () => {
    expect(spreadOf([5, 1, 2, 3, 4, 6, 7, 8, 9, 10])).toEqual({ medianMs: 6, p90Ms: 10, rounds: 10 });
    expect(here('x', () => 1).time(10)).toBeGreaterThanOrEqual(0);
  });

  test('a synthetic user has interests', () => {
    const run = createUserRun([30, 45], 16, 0.64);
    expect(run()).toBeGreaterThan(1);
    expect(run()).toBeGreaterThan(1);
  });
});
