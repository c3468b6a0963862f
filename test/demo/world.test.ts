import { expect, test } from 'vitest';
import { maxTopics } from '../../src/demo/topics.js';
import { createWorld, type World } from '../../src/demo/world.js';
import { PinnersageError } from '../../src/errors.js';
import { createRng } from '../../src/math/rng.js';
import { dayMs } from '../../src/model/action.js';

const world = createWorld({ seed: 1 });
const users = [...world.users()];
const small = (extra = {}): World =>
  createWorld({ seed: 3, items: 3000, users: 40, topics: 60, dim: 64, ...extra });

function quantile(values: readonly number[], p: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(p * values.length)];
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i], 0);
}

test('the same seed gives the same world, another seed another', () => {
  const [first, second, other] = [small(), small(), small({ seed: 4 })];
  expect([...second.items()]).toEqual([...first.items()]);
  expect([...first.items()]).toEqual([...first.items()]);
  expect([...second.users()]).toEqual([...first.users()]);
  expect([...other.actions()]).not.toEqual([...first.actions()]);
  expect(other.items().next().value?.embedding).not.toEqual(first.items().next().value?.embedding);
});

test('one user alone is the user among all, and more users do not change those before', () => {
  const listed = [...small().users()];
  expect(small().user(17)).toEqual(listed[17]);
  expect(small({ users: 50 }).user(39)).toEqual(listed[39]);
});

test('a pinned item and action: the default world must not drift', () => {
  const { embedding, image, ...rest } = world.items().next().value!;
  expect(rest).toEqual({
    itemId: 'item-00000',
    title: 'More winter wedding cakes, in ivory',
    tags: ['weddings', 'winter', 'wedding cakes', 'in ivory'],
    quality: 0.31,
  });
  expect(Array.from(embedding.slice(0, 3))).toEqual([
    -0.0025123576633632183, -0.030520500615239143, -0.06242034211754799,
  ]);
  expect(image).toMatch(/^data:image\/svg\+xml,%3Csvg%20xmlns='[^ <>"]+$/);
  expect(users[0].actions[0]).toEqual({
    userId: 'user-0000',
    itemId: 'item-16199',
    type: 'impression',
    timestamp: 1775199347126,
  });
});

test('activity is long-tailed: about 40 actions at the median, about 600 at the 99th percentile', () => {
  const counts = users.map(({ actions }) => actions.filter((a) => a.type !== 'impression').length);
  expect(quantile(counts, 0.5)).toBeGreaterThan(35);
  expect(quantile(counts, 0.5)).toBeLessThan(46);
  expect(quantile(counts, 0.99)).toBeGreaterThan(450);
  expect(quantile(counts, 0.99)).toBeLessThan(800);
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(3);
});

test('interests: 1 to 12, three at the median, unequal, some beginning or ending inside the span', () => {
  const counts = users.map(({ interests }) => interests.length);
  expect([Math.min(...counts), quantile(counts, 0.5), Math.max(...counts)]).toEqual([1, 3, 12]);
  const later = users.flatMap(({ interests }) => interests.slice(1));
  const begins = later.filter((i) => i.startMs > world.settings.endMs - 90 * dayMs).length / later.length;
  const ends = later.filter((i) => i.endMs < world.settings.endMs).length / later.length;
  for (const share of [begins, ends]) expect(Math.abs(share - 0.2)).toBeLessThan(0.03);
  for (const { interests } of users) {
    const shares = interests.map((i) => i.share);
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
    expect(shares).toEqual(shares.toSorted((a, b) => b - a));
    expect(new Set(interests.map((i) => i.topic)).size).toBe(interests.length);
  }
});

test('actions lie in the span and in order; an interest acts only while it is alive', () => {
  const { endMs } = world.settings;
  for (const { actions, interests } of users) {
    const times = actions.map((a) => a.timestamp);
    expect(times[0]).toBeGreaterThan(endMs - 91 * dayMs);
    expect(times.at(-1)).toBeLessThanOrEqual(endMs);
    expect(times.every((t, i) => i === 0 || times[i - 1] <= t)).toBe(true);
    for (const { actionTimes, startMs, endMs: last } of interests) {
      expect(actionTimes.every((t) => t >= startMs && t <= last)).toBe(true);
    }
  }
});

test('all but the exploring actions are on items of a true interest; few are hides', () => {
  const acted = users.flatMap(({ actions, interests }) => {
    const topics = new Set(interests.map((i) => i.topic));
    return actions
      .filter((a) => a.type === 'save' || a.type === 'click')
      .map((a) => world.topicsOf(a.itemId).some((t) => topics.has(t)));
  });
  const inside = acted.filter(Boolean).length / acted.length;
  expect(inside).toBeGreaterThan(0.92);
  expect(inside).toBeLessThan(0.97);
  const all = users.flatMap(({ actions }) => actions.map((a) => a.type));
  const share = (type: string): number => all.filter((t) => t === type).length / acted.length;
  expect(Math.abs(share('impression') - 0.5)).toBeLessThan(0.02);
  expect(Math.abs(share('hide') - 0.007)).toBeLessThan(0.002);
});

test('popularity is long-tailed: the top tenth of the items takes most of the actions', () => {
  const counts = new Map<string, number>();
  for (const { actions } of users) {
    for (const { itemId, type } of actions) {
      if (type !== 'impression') counts.set(itemId, (counts.get(itemId) ?? 0) + 1);
    }
  }
  const sorted = [...counts.values()].sort((a, b) => b - a);
  const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
  const topTenth = sum(sorted.slice(0, 2000)) / sum(sorted);
  expect(topTenth).toBeGreaterThan(0.4);
  expect(topTenth).toBeLessThan(0.7);
});

test('squared distances: within a topic, within an area and between areas lie apart', () => {
  const items = [...createWorld({ seed: 1, items: 4000, users: 0 }).items()];
  const rng = createRng(2);
  const distances: Record<'topic' | 'area' | 'other', number[]> = { topic: [], area: [], other: [] };
  for (let n = 0; n < 40_000; n++) {
    const [a, b] = [items[rng.below(4000)], items[rng.below(4000)]];
    const kind =
      a.tags[1] === b.tags[1] && a.tags[2] === b.tags[2]
        ? 'topic'
        : a.tags[0] === b.tags[0]
          ? 'area'
          : 'other';
    if (a === b || a.tags.length > 4 || b.tags.length > 4) continue;
    distances[kind].push(2 - 2 * cosine(a.embedding, b.embedding));
  }
  expect(distances.topic.length).toBeGreaterThan(80);
  const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
  expect(Math.abs(mean(distances.topic) - 0.43)).toBeLessThan(0.03);
  expect(Math.abs(mean(distances.area) - 1.29)).toBeLessThan(0.05);
  expect(Math.abs(mean(distances.other) - 2)).toBeLessThan(0.02);
  expect(quantile(distances.topic, 0.95)).toBeLessThan(0.8);
  expect(quantile(distances.area, 0.05)).toBeGreaterThan(0.8);
});

test('items: unit vectors, readable, some between topics, some nearly repeated, some of low quality', () => {
  const items = [...small().items()];
  for (const { embedding } of items) expect(cosine(embedding, embedding)).toBeCloseTo(1, 5);
  for (const { title, tags } of items.slice(0, 500)) {
    expect(title).toMatch(/^[A-Z][^\n]{8,90}$/);
    expect(tags.length).toBeGreaterThanOrEqual(4);
  }
  const between = items.filter((i) => i.tags.length > 4).length;
  expect(between).toBeGreaterThan(150);
  const low = items.filter((i) => i.quality < 0.2).length / items.length;
  expect(Math.abs(low - 0.05)).toBeLessThan(0.02);
  expect(items.every((i) => i.quality >= 0 && i.quality <= 1)).toBe(true);
  const firstByImage = new Map<string, (typeof items)[number]>();
  let repeated = 0;
  for (const item of items) {
    const first = firstByImage.get(item.image);
    if (first === undefined) firstByImage.set(item.image, item);
    else repeated++;
    expect(cosine(first?.embedding ?? item.embedding, item.embedding)).toBeGreaterThan(0.99);
  }
  expect(Math.abs(repeated / items.length - 0.02)).toBeLessThan(0.01);
});

test('topic names are distinct up to the most that can be named', () => {
  const { topics } = createWorld({ seed: 5, topics: maxTopics, items: 10, users: 0 });
  expect(new Set(topics.map((t) => t.name)).size).toBe(maxTopics);
});

test('a world of one topic, one item and one interest still works', () => {
  const tiny = createWorld({ seed: 1, items: 1, users: 3, topics: 1, dim: 8, maxInterests: 5 });
  const actions = [...tiny.actions()];
  expect(new Set(actions.map((a) => a.itemId))).toEqual(new Set(['item-00000']));
  expect([...tiny.users()].every((u) => u.interests.length === 1)).toBe(true);
});

test('topicsOf refuses what is no item of the world', () => {
  for (const id of ['item-20000', 'item-', 'item-1.5', 'item-1', 'x']) {
    expect(() => world.topicsOf(id)).toThrow(PinnersageError);
  }
});

test.each([
  [{ seed: -1 }, 'seed: got -1'],
  [{ items: 0 }, 'items: got 0'],
  [{ users: 1.5 }, 'users: got 1.5'],
  [{ topics: 601 }, 'topics: got 601, expected an integer from 1 to 600'],
  [{ dim: 2 }, 'dim: got 2'],
  [{ days: 0 }, 'days: got 0'],
  [{ exploration: 2 }, 'exploration: got 2'],
  [{ impressions: -1 }, 'impressions: got -1'],
  [{ maxInterests: 0 }, 'maxInterests: got 0'],
  [{ cosineToTopic: [0.9, 0.5] as const }, 'cosineToTopic: got 0.9,0.5'],
])('refuses %j', (extra, message) => {
  expect(() => createWorld({ seed: 1, ...extra })).toThrow(message);
});
