import { join } from 'node:path';
import fc from 'fast-check';
import { open, type PinnerSage } from 'pinnersage';
import { expect, test } from 'vitest';
import { openDirectory } from '../../src/disk/directory.js';
import type { Generation } from '../../src/store/profiles.js';
import { tempDir } from '../helpers/temp.js';

const day = 86_400_000;
const start = Date.parse('2026-03-01T00:00:00Z');
const users = 5;
const items = 14;

const user = fc.nat(users - 1);
const item = fc.nat(items - 1);

/** One thing that happens to both data directories between two batches. */
const happening = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('act' as const),
      user,
      item,
      // From long before the window to after the clock: late events, events that come into the window later.
      age: fc.integer({ min: -20, max: 60 }),
      type: fc.constantFrom('save', 'click', 'hide'),
      weight: fc.constantFrom(1, 0.5, 3),
    }),
  },
  fc.record({ kind: fc.constant('retain' as const), days: fc.constantFrom(5, 25) }),
  fc.record({ kind: fc.constant('vector' as const), item, angle: fc.integer({ min: 0, max: 23 }) }),
  fc.record({ kind: fc.constant('weigh' as const), weight: fc.constantFrom(0, 1, 2) }),
  fc.record({ kind: fc.constant('alpha' as const), alpha: fc.constantFrom(0.05, 0.3) }),
  fc.record({ kind: fc.constant('lambda' as const), lambda: fc.constantFrom(0, 0.01, 0.1) }),
  fc.record({ kind: fc.constant('window' as const), windowDays: fc.constantFrom(10, 30, 'all' as const) }),
  fc.record({ kind: fc.constant('repeats' as const), repeats: fc.constantFrom('distinct', 'count') }),
  fc.record({ kind: fc.constant('most' as const), maxItemsPerUser: fc.constantFrom(3, 20_000) }),
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

const round = fc.record({
  happenings: fc.array(happening, { maxLength: 12 }),
  /** The clock moves by this; also back. */
  days: fc.constantFrom(0, 0.5, 1, 5, 15, -2),
});

const vectorAt = (angle: number): number[] => [
  Math.cos((angle * Math.PI) / 12),
  Math.sin((angle * Math.PI) / 12),
];

async function happen(data: PinnerSage, event: Happening, now: number): Promise<void> {
  if (event.kind === 'act')
    await data.appendActions([
      {
        userId: `u${event.user}`,
        itemId: `i${event.item}`,
        type: event.type,
        weight: event.weight,
        timestamp: now - event.age * day,
      },
    ]);
  else if (event.kind === 'vector')
    await data.putItems([{ itemId: `i${event.item}`, embedding: vectorAt(event.angle) }]);
  else if (event.kind === 'weigh')
    await data.declareActionType('save', { role: 'interest', weight: event.weight });
  else if (event.kind === 'retain') await data.retain({ actionsDays: event.days, nowMs: now });
  else if (event.kind === 'alpha') await data.setAlpha(event.alpha);
  else {
    const { kind: _, ...settings } = event;
    await data.configure(settings as Parameters<PinnerSage['configure']>[0]);
  }
}

/** What differs between quick and full in a report. */
const speed = { reused: 0, read: 0, seconds: 0, usersPerSecond: 0, clusteringShare: 0, clusteringSeconds: 0 };

function state(data: PinnerSage) {
  return {
    popular: data.recommend('nobody', { count: items, seed: 1 }).items,
    interests: Array.from({ length: users }, (_, u) => data.interests(`u${u}`, { members: true })),
  };
}

async function filled(): Promise<PinnerSage> {
  const data = await open(join(tempDir(), 'data'));
  // The last items get a vector only when something happens to them.
  await data.putItems(
    Array.from({ length: items - 3 }, (_, i) => ({ itemId: `i${i}`, embedding: vectorAt(2 * i) })),
  );
  await data.setAlpha(0.3);
  await data.appendActions(
    Array.from({ length: 8 * users }, (_, i) => ({
      userId: `u${i % users}`,
      itemId: `i${(i * 5) % items}`,
      type: 'save',
      timestamp: start - ((i * 7) % 40) * day,
    })),
  );
  return data;
}

test('whatever happens between two batches, taking clusters over gives what clustering again gives', async () => {
  let reused = 0;
  let unread = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 4 }), async (rounds) => {
      const [quick, full] = [await filled(), await filled()];
      let now = start;
      for (const { happenings, days } of [{ happenings: [], days: 0 }, ...rounds]) {
        for (const event of happenings) for (const data of [quick, full]) await happen(data, event, now);
        now += days * day;
        const some = await quick.batch({ nowMs: now });
        const all = await full.batch({ nowMs: now, full: true });
        expect(all.reused).toBe(0);
        reused += some.reused;
        unread += all.read - some.read;
        expect({ ...some, ...speed }).toEqual({ ...all, ...speed });
        expect(state(quick)).toEqual(state(full));
      }
      await quick.close();
      await full.close();
    }),
    { numRuns: 25, seed: 4 },
  );
  expect(reused).toBeGreaterThan(50);
  expect(unread).toBeGreaterThan(50);
});

test('only users whose points changed are clustered again', async () => {
  const data = await filled();
  const act = (u: number, i: number, timestamp: number, type = 'save') =>
    data.appendActions([{ userId: `u${u}`, itemId: `i${i}`, type, timestamp }]);
  const reused = async (nowMs: number, options = {}): Promise<number> =>
    (await data.batch({ nowMs, windowDays: 90, ...options })).reused;

  expect(await reused(start)).toBe(0);
  expect(await reused(start)).toBe(users);
  expect(await reused(start + day)).toBe(users); // decay alone
  expect(await reused(start + day, { lambda: 0.5 })).toBe(users); // weights are no geometry
  await act(1, 2, start + day);
  expect(await reused(start + day)).toBe(users - 1);
  await act(2, 3, start + day, 'hide'); // not clustered
  expect(await reused(start + day)).toBe(users);
  await act(3, 4, start - 30 * day); // late
  expect(await reused(start + day)).toBe(users - 1);
  await act(4, 4, start + 10 * day); // not yet
  expect(await reused(start + day)).toBe(users);
  expect(await reused(start + 10 * day)).toBe(users - 1);
  expect(await reused(start + 10 * day, { full: true })).toBe(0);
  expect(await reused(start + 10 * day, { alpha: 0.2 })).toBe(0);
  await data.close();
});

test('a replaced vector is clustered again for those who acted on it, and nobody else', async () => {
  const data = await filled();
  await data.batch({ nowMs: start });
  await data.putItems([{ itemId: 'i0', embedding: vectorAt(11) }]);
  const owners = Array.from({ length: users }, (_, u) => data.interests(`u${u}`, { members: true })).filter(
    ({ interests }) => interests.some(({ members }) => members?.includes('i0')),
  );
  expect(owners.length).toBeGreaterThan(0);
  expect(owners.length).toBeLessThan(users);
  expect((await data.batch({ nowMs: start })).reused).toBe(users - owners.length);
  await data.close();
});

test('what has not changed is neither read nor written; what has, follows in every way', async () => {
  const path = join(tempDir(), 'data');
  const data = await open(path);
  const many = 40;
  await data.putItems(
    Array.from({ length: items - 1 }, (_, i) => ({ itemId: `i${i}`, embedding: vectorAt(2 * i) })),
  );
  const act = (u: number, i: number, age: number) =>
    data.appendActions([
      { userId: `u${u}`, itemId: `i${i}`, type: 'save', timestamp: start - age * day, eventId: `e${i}` },
    ]);
  const ages: { readonly [user: number]: number } = { 8: 80, 9: 70 };
  for (let u = 0; u < many; u++) for (const i of [u % 5, 5 + (u % 7)]) await act(u, i, ages[u] ?? 10);
  await act(7, items - 1, 3); // no vector yet
  const members = (u: number): string[] =>
    data.interests(`u${u}`, { members: true, nowMs: start }).interests.flatMap((one) => one.members ?? []);
  const batch = async (days = 0) => {
    const { read, reused } = await data.batch({ nowMs: start + days * day, windowDays: 90, alpha: 0.3 });
    const directory = await openDirectory(path, { mode: 'read' });
    const table = directory.readMeta<{ current: { [space: string]: Generation } }>('generations');
    await directory.close();
    return { read, reused, written: table?.current.default.written };
  };

  expect(await batch()).toEqual({ read: many, reused: 0, written: many });
  expect(await batch(1)).toEqual({ read: 0, reused: many, written: 0 });
  await act(1, 12, 2);
  expect(await batch(1)).toEqual({ read: 1, reused: many - 1, written: 1 });
  await act(2, 12, 2);
  expect(await batch(1)).toEqual({ read: 1, reused: many - 1, written: 2 });
  for (const u of [1, 2]) expect(members(u)).toContain('i12');

  await data.putItems([{ itemId: `i${items - 1}`, embedding: vectorAt(3) }]);
  expect(await batch(1)).toEqual({ read: 1, reused: many - 1, written: 3 });
  expect(members(7)).toContain(`i${items - 1}`);

  expect(await batch(15)).toEqual({ read: 1, reused: many - 1, written: 4 }); // an action leaves the window
  expect(members(8)).toEqual([]);
  expect(members(9)).toHaveLength(2);
  await data.retain({ actionsDays: 65, nowMs: start }); // nothing is left of this user's log
  expect(await batch(15)).toEqual({ read: 0, reused: many - 2, written: 5 });
  expect(members(9)).toEqual([]);
  await act(9, 3, 5);
  expect(await batch(15)).toMatchObject({ read: 1, written: 5 });
  expect(members(9)).toEqual(['i3']);

  for (let u = 20; u < 33; u++) await act(u, 12, 2);
  expect(await batch(15)).toMatchObject({ read: 13, written: 18 });
  await act(3, 11, 2);
  expect(await batch(15)).toMatchObject({ read: 1, written: many }); // so many lie over the old ones that all are written
  for (const u of [1, 3, 25]) expect(members(u).length).toBe(3);
  await data.close();
});
