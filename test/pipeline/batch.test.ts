import { join } from 'node:path';
import { open, type PinnerSage } from 'pinnersage';
import { expect, test } from 'vitest';
import { openDirectory } from '../../src/disk/directory.js';
import { hashHex } from '../../src/math/hash.js';
import { createRng } from '../../src/math/rng.js';
import { tempDir } from '../helpers/temp.js';
import { randomMatrix } from '../helpers/vectors.js';

const day = 86_400_000;
const now = Date.parse('2026-06-30T00:00:00Z');
const items = 300;
const users = 200;

/** Items in ten directions; users who act on items of two of them. */
async function fill(data: PinnerSage): Promise<readonly { userId: string; itemId: string }[]> {
  const noise = randomMatrix(1, items, 16);
  await data.putItems(
    Array.from({ length: items }, (_, i) => ({
      itemId: `i${i}`,
      embedding: Float32Array.from(
        { length: 16 },
        (_, k) => (k === i % 10 ? 1 : 0) + 0.3 * noise[16 * i + k],
      ),
    })),
  );
  const rng = createRng(2);
  const actions = Array.from({ length: users }, (_, u) =>
    Array.from({ length: 3 + rng.below(20) }, () => ({
      userId: `u${u}`,
      itemId: `i${10 * rng.below(30) + ((u + 3 * rng.below(2)) % 10)}`,
      type: 'save',
      timestamp: now - Math.floor(80 * day * rng.uniform()),
    })),
  ).flat();
  expect((await data.appendActions(actions)).rejected).toEqual([]);
  return actions;
}

const everyone = (data: PinnerSage) =>
  Array.from({ length: users }, (_, u) => data.interests(`u${u}`, { members: true }).interests);

test('every user has exactly the items that the user acted on', async () => {
  const data = await open(join(tempDir(), 'data'));
  const actions = await fill(data);
  for (const options of [{ workers: 1 }, { workers: 2, full: true }, { workers: 2 }]) {
    expect((await data.batch({ nowMs: now, ...options })).failed).toBe(0);
    everyone(data).forEach((interests, u) => {
      const acted = actions.filter(({ userId }) => userId === `u${u}`).map(({ itemId }) => itemId);
      const members = interests.flatMap((interest) => interest.members ?? []);
      expect([...members].sort()).toEqual([...new Set(acted)].sort());
    });
  }
  await data.close();
});

test('new interests have ids of their own user, however many are looked up at once', async () => {
  const data = await open(join(tempDir(), 'data'));
  await fill(data);
  for (const options of [{ workers: 1 }, { workers: 2, full: true }]) {
    await data.batch({ nowMs: now, ...options });
    everyone(data).forEach((interests, u) => {
      // Items were given numbers in their order.
      for (const { interestId, members = [] } of interests)
        expect(interestId).toBe(hashHex('interest', `u${u}`, 'default', 1, Number(members[0].slice(1))));
    });
  }
  await data.close();
});

test('however many threads, the profiles are the same to the last bit', async () => {
  const data = await open(join(tempDir(), 'data'));
  await fill(data);
  const one = await data.batch({ nowMs: now, workers: 1 });
  expect(one.clusteringShare).toBeGreaterThan(0);
  expect(one.clusteringShare).toBeLessThanOrEqual(1);
  expect(one.clusteringSeconds).toBeGreaterThan(0);
  const alone = everyone(data);
  const fallback = data.recommend('nobody', { count: 50, seed: 1 }).items;
  for (const threads of [
    { workers: 2 },
    { workers: 2, apart: true },
    { workers: 3 },
    { apart: true, workers: 1 },
  ]) {
    const more = await data.batch({ nowMs: now, ...threads, full: true });
    const untimed = { usersPerSecond: 0, seconds: 0, clusteringShare: 0, clusteringSeconds: 0 };
    expect({ ...more, ...untimed }).toEqual({ ...one, ...untimed });
    expect(everyone(data)).toEqual(alone);
    expect(data.recommend('nobody', { count: 50, seed: 1 }).items).toEqual(fallback);
  }
  await data.close();
});

test('a batch that is stopped, on whichever threads, leaves the profiles of the one before', async () => {
  const data = await open(join(tempDir(), 'data'));
  await fill(data);
  await data.batch({ nowMs: now });
  const before = everyone(data);
  const stored = () => JSON.stringify([...data.rows('profiles')]);
  const kept = stored();
  await data.appendActions([{ userId: 'u0', itemId: 'i299', type: 'save', timestamp: now - 1 }]);
  for (const threads of [{ workers: 1 }, { workers: 2 }, { workers: 2, apart: true }]) {
    const controller = new AbortController();
    const stopping = { signal: controller.signal, onProgress: () => controller.abort() };
    const stopped = data.batch({ nowMs: now + day, full: true, ...threads, ...stopping });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    const onProgress = () => {
      throw new Error('no progress');
    };
    await expect(data.batch({ nowMs: now + day, full: true, ...threads, onProgress })).rejects.toThrow(
      'no progress',
    );
    expect(stored()).toBe(kept);
  }
  expect(data.verifyUsers({ users, nowMs: now }).differing).toEqual([]);
  await data.batch({ nowMs: now });
  expect(everyone(data).slice(1)).toEqual(before.slice(1));
  await data.close();
});

test('a thread that reads more than it clusters at once gives every user what a recompute gives', async () => {
  const data = await open(join(tempDir(), 'data'));
  await fill(data);
  const rng = createRng(5);
  const actions = Array.from({ length: 40_000 }, (_, i) => ({
    userId: `u${i % 50}`,
    itemId: `i${rng.below(items + 20)}`,
    type: 'save',
    timestamp: now - Math.floor(80 * day * rng.uniform()),
  }));
  await data.appendActions(actions);
  for (const options of [{ workers: 1 }, { workers: 2, full: true }]) {
    await data.batch({ nowMs: now, ...options });
    expect(data.verifyUsers({ users, nowMs: now })).toMatchObject({
      batch: { users, identical: users },
      differing: [],
    });
  }
  await data.close();
});

test('a second batch at the same time is refused and harms nothing; after the first, or one that failed, the next runs', async () => {
  const data = await open(join(tempDir(), 'data'));
  await fill(data);
  const first = data.batch({ nowMs: now, workers: 2 });
  await expect(data.batch({ nowMs: now, alpha: 2 })).rejects.toMatchObject({ code: 'batch-running' });
  expect(await first).toMatchObject({ users, failed: 0 });
  expect(data.verifyUsers({ users, nowMs: now }).differing).toEqual([]);
  await expect(data.batch({ nowMs: now, space: 'none' })).rejects.toThrow();
  expect(await data.batch({ nowMs: now, workers: 1 })).toMatchObject({ users, reused: users });
  await data.close();
});

test('one user who takes long holds up the others only until there are many of them', async () => {
  const data = await open(join(tempDir(), 'data'));
  const vectors = randomMatrix(3, 3000, 32);
  const embedding = (item: number) => vectors.slice(32 * item, 32 * (item + 1));
  await data.putItems(Array.from({ length: 3000 }, (_, i) => ({ itemId: `i${i}`, embedding: embedding(i) })));
  const act = (user: number, item: number) =>
    ({ userId: `u${user}`, itemId: `i${item}`, type: 'save', timestamp: now - 1000 * item - 1 }) as const;
  const long = Array.from({ length: 3000 }, (_, item) => act(0, item));
  const others = Array.from({ length: 3000 }, (_, user) => act(user + 1, user));
  expect((await data.appendActions([...long, ...others])).accepted).toBe(6000);
  const seen: number[] = [];
  for (const threads of [{ workers: 3 }, { workers: 3, apart: true }]) {
    const report = await data.batch({
      nowMs: now,
      full: true,
      ...threads,
      onProgress: (done) => seen.push(done),
    });
    expect(report).toMatchObject({ users: 3001, failed: 0 });
  }
  expect(seen.length).toBeGreaterThan(2 * 32); // in more chunks than may wait
  expect(data.verifyUsers({ users: 50, nowMs: now }).differing).toEqual([]);
  await data.close();
});

test('interests keep their id from batch to batch; with no new actions shares stay as they are', async () => {
  const data = await open(join(tempDir(), 'data'));
  await fill(data);
  await data.batch({ nowMs: now });
  const before = data.interests('u7');
  const decayed = data.interests('u7', { nowMs: now + 5 * day });
  await data.batch({ nowMs: now + 5 * day });
  expect(decayed.asOf).toBe(data.interests('u7').asOf);
  decayed.interests.forEach(({ importance }, i) => {
    expect(importance).toBeCloseTo(data.interests('u7').interests[i].importance, 10);
  });
  const after = data.interests('u7');
  expect(after.interests.map(({ interestId }) => interestId)).toEqual(
    before.interests.map(({ interestId }) => interestId),
  );
  after.interests.forEach((interest, i) => {
    expect(interest.importance).toBeCloseTo(before.interests[i].importance * Math.exp(-0.05), 10);
  });
  await data.close();
});

test('one poisonous user does not stop the others', async () => {
  const path = join(tempDir(), 'data');
  const data = await open(path);
  await fill(data);
  await data.close();
  // Bytes of the 50th user that no version ever wrote.
  const directory = await openDirectory(path, { mode: 'write' });
  const key = [...directory.tables.actions.getKeys({ start: Buffer.of(0, 0, 0, 50), limit: 1 })][0];
  directory.write(() => directory.tables.actions.putSync(key, Buffer.of(0, 1, 2)));
  await directory.close();

  for (const workers of [1, 2]) {
    const again = await open(path);
    const report = await again.batch({ nowMs: now, workers });
    expect(report).toMatchObject({ users: users - 1, failed: 1, failures: [{ userId: 'u50' }] });
    expect(again.interests('u49').interests.length).toBeGreaterThan(0);
    expect(again.interests('u51').interests.length).toBeGreaterThan(0);
    expect(() => again.interests('u50')).toThrow('a stored action has format 0');
    await again.close();
  }
});

test('actions accepted after a batch began its plan wait for the next', async () => {
  const data = await open(join(tempDir(), 'data'));
  await fill(data);
  const running = data.batch({ nowMs: now, workers: 2 });
  await data.appendActions([{ userId: 'u0', itemId: 'i299', type: 'save', timestamp: now - 1 }]);
  await running;
  const members = () => JSON.stringify([...data.rows('profiles')].find(({ user_id }) => user_id === 'u0'));
  expect(members()).not.toContain('"i299"');
  await data.batch({ nowMs: now });
  expect(members()).toContain('"i299"');
  await data.close();
});

test('a changed weight, role or deletion takes effect', async () => {
  const data = await open(join(tempDir(), 'data'));
  await fill(data);
  await data.batch({ nowMs: now });
  const before = data.interests('u3').interests;
  await data.declareActionType('save', { role: 'interest', weight: 2 });
  await data.batch({ nowMs: now });
  data.interests('u3').interests.forEach((interest, i) => {
    expect(interest.importance).toBeCloseTo(2 * before[i].importance, 9);
  });

  const first = data.recommend('u3', { count: 10, seed: 5 });
  await data.deleteItems(first.items.slice(0, 4).map(({ itemId }) => itemId));
  const second = data.recommend('u3', { count: 10, seed: 5 });
  expect(second.items).toHaveLength(10);
  const gone = new Set(first.items.slice(0, 4).map(({ itemId }) => itemId));
  expect(second.items.some(({ itemId }) => gone.has(itemId))).toBe(false);

  await data.declareActionType('save', { role: 'exclude', weight: 1 });
  const report = await data.batch({ nowMs: now });
  expect(report.users).toBe(0);
  expect(data.recommend('u3', { count: 1 }).fallback).toBe('popularity');
  await data.close();
});

test('refused items and actions are named by their place, the others are taken', async () => {
  const data = await open(join(tempDir(), 'data'));
  const put = await data.putItems([
    { itemId: 'a', embedding: [1, 0] },
    { itemId: 'b', embedding: [1, 0, 0] },
    { itemId: '', embedding: [1, 0] },
    { itemId: 'c', embedding: [Number.NaN, 0] },
  ]);
  expect(put).toMatchObject({ accepted: 1, duplicates: 0 });
  expect(put.rejected.map(({ index, code }) => [index, code])).toEqual([
    [1, 'dimension-mismatch'],
    [2, 'item-id-invalid'],
    [3, 'vector-not-finite'],
  ]);
  const good = { userId: 'u', itemId: 'a', type: 'save', timestamp: now };
  const appended = await data.appendActions([
    good,
    good,
    { ...good, timestamp: 1.5 },
    { ...good, userId: '' },
  ]);
  expect(appended).toMatchObject({ accepted: 1, duplicates: 1 });
  expect(appended.rejected.map(({ index, code }) => [index, code])).toEqual([
    [2, 'timestamp-unparsable'],
    [3, 'user-id-invalid'],
  ]);
  await data.close();
});

test('callers without a type checker get a coded error or a named place, never a stray exception', async () => {
  const dir = tempDir();
  const data = await open(join(dir, 'data'));
  const loose = data as unknown as Record<string, (...input: readonly unknown[]) => unknown>;
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const put = (await loose.putItems([
    null,
    { itemId: 5 },
    { itemId: 'a', embedding: 'far' },
    { itemId: 'b', metadata: circular },
    { itemId: 'b', metadata: new Date(0) },
    { itemId: 'c', embedding: [1, 0] },
  ])) as { accepted: number; rejected: { index: number; code: string }[] };
  expect(put.accepted).toBe(1);
  expect(put.rejected.map(({ index, code }) => [index, code])).toEqual([
    [0, 'not-an-object'],
    [1, 'item-id-invalid'],
    [2, 'vector-unparsable'],
    [3, 'metadata-invalid'],
    [4, 'metadata-invalid'],
  ]);
  const good = { userId: 'u', itemId: 'c', type: 'save', timestamp: now };
  const appended = (await loose.appendActions([null, { ...good, weight: '2' }, good])) as typeof put;
  expect(appended.rejected.map(({ code }) => code)).toEqual(['not-an-object', 'weight-invalid']);
  await expect(loose.putItems('x')).rejects.toMatchObject({ code: 'option-invalid' });
  const refused = (code: string, work: () => unknown) =>
    expect(work).toThrow(expect.objectContaining({ code }));
  refused('id-invalid', () => loose.interests(undefined));
  for (const options of [null, { nowMs: Number.NaN }, { nowMs: 1e300 }, { workers: 0 }])
    await expect(loose.batch(options)).rejects.toMatchObject({ code: 'option-invalid' });
  refused('option-invalid', () => loose.recommend('u', { seed: 1.5 }));
  refused('option-invalid', () => loose.recommend('u', null));
  refused('option-invalid', () => loose.recommend('u', { exclude: 'c' }));
  refused('option-invalid', () => loose.recommend('u', { exclude: [7] }));
  for (const [method, ...input] of [
    ['configure', { medoid: 3 }],
    ['configure', null],
    ['declareActionType', 'save', null],
    ['deleteItems', 'c'],
    ['embedText', { fields: 'title' }],
    ['export', 'items', join(dir, 'out'), { format: 'csv' }],
    ['refine', { qualityField: 5 }],
    ['retain'],
  ] as const)
    await expect(loose[method](...input), method).rejects.toMatchObject({ code: 'option-invalid' });
  expect(data.settings()).not.toHaveProperty('medoid');
  refused('option-invalid', () => loose.recommend('u', { nowMs: Number.NaN }));
  refused('id-invalid', () => loose.recommend(5));
  await data.close();
  await expect(open(join(dir, 'data'), { mode: 'zzz' as 'read' })).rejects.toMatchObject({
    code: 'option-invalid',
  });
  await expect(open('')).rejects.toMatchObject({ code: 'option-invalid' });
});
