import { expect, test } from 'vitest';
import { cut } from '../../src/cluster/cut.js';
import { medoids, ward } from '../../src/cluster/ward.js';
import { activeInterests, type Coverage, coverageOf, pooledShare } from '../../src/demo/recovery.js';
import { createWorld } from '../../src/demo/world.js';
import { dayMs } from '../../src/model/action.js';

const interest = (topic: number, share: number, ...actionTimes: number[]) => ({
  topic,
  share,
  startMs: 0,
  endMs: 1000,
  actionTimes,
});

test('an interest is active with three actions in (asOf − window, asOf]', () => {
  const all = [
    interest(1, 0.5, 101, 150, 200),
    interest(2, 0.3, 100, 150, 200), // 100 is just outside
    interest(3, 0.15, 101, 150, 201), // 201 is just after
    interest(4, 0.05, 110, 120, 130, 140),
  ];
  const window = { asOfMs: 200, windowMs: 100 };
  const topics = (extra = {}) => activeInterests(all, { ...window, ...extra }).map((i) => i.topic);
  expect(topics()).toEqual([1, 4]);
  expect(topics({ minShare: 0.1 })).toEqual([1]);
  expect(topics({ minActions: 2 })).toEqual([1, 2, 3, 4]);
  expect(topics({ windowMs: Number.POSITIVE_INFINITY })).toEqual([1, 2, 4]);
});

test('coverage by hand', () => {
  const truth = [{ topic: 7 }, { topic: 8 }, { topic: 9 }];
  const items = [[7], [7, 8], [5], [7, 7]];
  expect(coverageOf(truth, items)).toEqual({ covered: [7, 8], missed: [9], share: 2 / 3 });
  expect(coverageOf(truth, items, 2)).toEqual({ covered: [7], missed: [8, 9], share: 1 / 3 });
  expect(coverageOf(truth, items, 4).covered).toEqual([]);
  expect(coverageOf([], items)).toEqual({ covered: [], missed: [], share: 1 });
});

test('over users every interest counts once', () => {
  const of = (covered: number[], missed: number[]): Coverage => ({ covered, missed, share: 0 });
  expect(pooledShare([of([1], []), of([1, 2], [3, 4, 5])])).toBe(0.5);
  expect(pooledShare([])).toBe(1);
});

test('in the default world Ward finds the interests: among as many medoids as there are interests, nine of ten', () => {
  const world = createWorld({ seed: 1 });
  const { dim, endMs } = world.settings;
  const embeddings = [...world.items()].map((item) => item.embedding);
  const coverages = Array.from({ length: 40 }, (_, u) => {
    const { interests, actions } = world.user(u);
    const chosen = actions.filter((a) => a.type === 'save' || a.type === 'click').map((a) => a.itemId);
    const ids = [...new Set(chosen)];
    const points = new Float32Array(ids.length * dim);
    ids.forEach((id, i) => {
      points.set(embeddings[Number(id.slice(5))], i * dim);
    });
    const flat = cut(ward(points, { n: ids.length, dim }), 0.64);
    const sizes = new Map<number, number>();
    for (const label of flat.labels) sizes.set(label, (sizes.get(label) ?? 0) + 1);
    const found = Array.from(medoids(points, { n: ids.length, dim }, flat), (m, label) => ({
      topics: world.topicsOf(ids[m]),
      size: sizes.get(label) ?? 0,
    })).sort((a, b) => b.size - a.size);
    const active = activeInterests(interests, { asOfMs: endMs, windowMs: 90 * dayMs });
    const strongest = found.slice(0, active.length).map((f) => f.topics);
    return coverageOf(active, strongest);
  });
  expect(pooledShare(coverages)).toBeGreaterThan(0.88);
});
