import { join } from 'node:path';
import { type Action, open, type PinnerSage } from 'pinnersage';
import { expect, test } from 'vitest';
import { createRng, type Rng } from '../../src/math/rng.js';
import { tempDir } from '../helpers/temp.js';
import { randomMatrix } from '../helpers/vectors.js';

const day = 86_400_000;
const now = Date.parse('2026-06-30T00:00:00Z');
const items = 200;

async function world(): Promise<PinnerSage> {
  const data = await open(join(tempDir(), 'data'));
  const noise = randomMatrix(3, items, 16);
  const vector = (i: number) =>
    Float32Array.from({ length: 16 }, (_, k) => (k === i % 8 ? 1 : 0) + 0.3 * noise[16 * i + k]);
  await data.putItems(Array.from({ length: items }, (_, i) => ({ itemId: `i${i}`, embedding: vector(i) })));
  return data;
}

function some(rng: Rng, userId: string, count: number, from: number, to: number): Action[] {
  return Array.from({ length: count }, () => ({
    userId,
    itemId: `i${rng.below(items)}`,
    type: 'save',
    timestamp: from + Math.floor((to - from) * rng.uniform()),
  }));
}

test('what is live after new actions is what a batch at that instant would write', async () => {
  const rng = createRng(7);
  for (let round = 0; round < 8; round++) {
    const data = await world();
    await data.appendActions(some(rng, 'u', 5 + rng.below(60), now - 120 * day, now));
    await data.appendActions(some(rng, 'v', 20, now - 120 * day, now));
    await data.batch({ nowMs: now });
    const published = data.interests('u', { members: true });
    expect(published.source).toBe('batch');
    // New actions before the batch's asOf came late, the others after it; several share an instant.
    const late = some(rng, 'u', rng.below(4), now - 100 * day, now);
    const fresh = some(rng, 'u', 1 + rng.below(6), now + day, now + 2 * day);
    const same = fresh.map((action, i) => ({ ...action, itemId: `i${(i * 37) % items}` }));
    await data.appendActions([...late, ...fresh, ...same]);
    const live = data.interests('u', { members: true });
    expect(live.source).toBe('exact');
    const newest = Math.max(...fresh.map(({ timestamp }) => timestamp));
    expect(live.asOf).toBe(new Date(newest).toISOString());
    expect(data.interests('v').source).toBe('batch');
    await data.batch({ nowMs: newest });
    expect(data.interests('u', { members: true })).toEqual({ ...live, source: 'batch' });
    await data.close();
  }
});

test('actions after the clock, exclusions and unembedded items leave the interests alone', async () => {
  const data = await world();
  await data.appendActions(some(createRng(1), 'u', 12, now - 60 * day, now));
  await data.batch({ nowMs: now });
  const before = data.interests('u', { members: true });
  await data.appendActions([
    { userId: 'u', itemId: 'i1', type: 'hide', timestamp: now },
    { userId: 'u', itemId: 'elsewhere', type: 'save', timestamp: now },
    { userId: 'u', itemId: 'i2', type: 'save', timestamp: now - 200 * day },
  ]);
  expect(data.interests('u', { members: true })).toEqual(before);
  await data.appendActions([{ userId: 'u', itemId: 'i3', type: 'save', timestamp: now + day }]);
  expect(data.interests('u', { members: true, nowMs: now })).toEqual(before);
  expect(data.interests('u', { nowMs: now + day }).source).toBe('exact');
  const { items: candidates } = data.recommend('u', { count: items, nowMs: now, seed: 1 });
  expect(candidates.map(({ itemId }) => itemId)).not.toContain('i1');
  await data.close();
});

test('above onlineExactItems the overlay answers, until there are more new actions than it takes', async () => {
  const data = await world();
  await data.configure({ onlineExactItems: 5, onlineActions: 2 });
  await data.appendActions(some(createRng(2), 'u', 40, now - 60 * day, now));
  await data.batch({ nowMs: now });
  const one = { userId: 'u', itemId: 'i150', type: 'save', timestamp: now + 1 };
  await data.appendActions([one]);
  const overlaid = data.interests('u', { members: true });
  expect(overlaid.source).toBe('overlay');
  expect(overlaid.interests.flatMap(({ members }) => members)).toContain('i150');
  await data.appendActions([2, 3].map((i) => ({ ...one, itemId: `i15${i}`, timestamp: now + i })));
  expect(data.interests('u').source).toBe('exact');
  await data.close();
});

test('a newcomer is served before any batch, and every rung of the ladder is named', async () => {
  const data = await world();
  expect(data.recommend('nobody', { count: 5 })).toMatchObject({ source: 'none', fallback: 'popularity' });
  await data.appendActions([{ userId: 'ada', itemId: 'i8', type: 'save', timestamp: now }]);
  const first = data.recommend('ada', { count: 5, seed: 1, explain: true });
  expect(first).toMatchObject({ source: 'exact', fallback: 'online', interests: [{ medoid: 'i8' }] });
  expect(first.items.every(({ because }) => because?.[0] === 'i8')).toBe(true);
  await data.batch({ nowMs: now });
  expect(data.recommend('ada', { count: 5 })).toMatchObject({ source: 'batch', fallback: null });
  await data.appendActions([{ userId: 'bob', itemId: 'i9', type: 'save', timestamp: now }]);
  expect(data.recommend('bob', { count: 5 })).toMatchObject({ source: 'exact', fallback: 'online' });
  await data.close();
});

test('the request says what must not come back, and whether what was seen may', async () => {
  const data = await world();
  await data.appendActions([
    { userId: 'ada', itemId: 'i8', type: 'save', timestamp: now },
    { userId: 'ada', itemId: 'i16', type: 'hide', timestamp: now },
  ]);
  const ids = (options: Parameters<PinnerSage['recommend']>[1]) =>
    data.recommend('ada', { count: items, seed: 1, ...options }).items.map(({ itemId }) => itemId);
  expect(ids({})).not.toContain('i8');
  expect(ids({})).toHaveLength(items - 2);
  expect(ids({ seen: 'include' })[0]).toBe('i8');
  expect(ids({ seen: 'include' })).not.toContain('i16');
  expect(ids({ exclude: ['i24', 'unheard of'] })).not.toContain('i24');
  expect(ids({ exclude: ['i24', 'unheard of'] })).toHaveLength(items - 3);
  expect(() => ids({ seen: 'maybe' as 'include' })).toThrow('seen: got "maybe"');
  await data.close();
});
