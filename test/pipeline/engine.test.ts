import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, open, openEngine } from 'pinnersage';
import { afterEach, expect, test } from 'vitest';
import { ActionLog } from '../../src/actions/log.js';
import { openDirectory } from '../../src/disk/directory.js';
import { createRng } from '../../src/math/rng.js';
import { tempDir } from '../helpers/temp.js';
import { randomMatrix } from '../helpers/vectors.js';

const day = 86_400_000;
const now = Date.parse('2026-06-30T00:00:00Z');
const items = 200;
const opened: Engine[] = [];

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

async function engine(path = join(tempDir(), 'data'), options = {}): Promise<Engine> {
  const found = await openEngine({ path, now: () => now, ...options });
  opened.push(found);
  return found;
}

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

const noise = randomMatrix(3, items, 16);
const catalog = Array.from({ length: items }, (_, i) => ({
  itemId: `i${i}`,
  embedding: Array.from({ length: 16 }, (_, k) => (k === i % 8 ? 1 : 0) + 0.3 * noise[16 * i + k]),
  metadata: { side: i < items / 2 ? 'left' : 'right' },
}));

const save = (userId: string, itemId: string, timestamp = now - day) => ({
  userId,
  itemId,
  type: 'save',
  timestamp,
});

test('an empty directory is filled, and every answer knows what was acknowledged before it', async () => {
  const serving = await engine();
  await expect(serving.recommend('ada', {})).rejects.toThrow('no item has an embedding yet');
  expect(await serving.putItems(bytes(catalog))).toMatchObject({ accepted: items, rejected: [] });
  expect(await serving.recommend('ada', { count: 5 })).toMatchObject({ fallback: 'popularity' });
  for (let i = 0; i < 6; i++) {
    await serving.appendActions(bytes([save('ada', `i${8 * i}`)]));
    const { items: found } = await serving.recommend('ada', { count: 20, seed: i });
    expect(found.map(({ itemId }) => itemId)).not.toContain(`i${8 * i}`);
    const known = await serving.interests('ada', { members: true });
    expect(known.interests.flatMap(({ members }) => members)).toHaveLength(i + 1);
  }
  expect(serving.status()).toMatchObject({ items, actions: 6, users: 1, ready: true, batch: null });
});

test('actions of a large step, which wait outside the blocks, are read, known and erased like any others', async () => {
  const [few, many] = [await engine(), await engine()];
  const rng = createRng(9);
  const users = Array.from({ length: 40 }, (_, u) => `u${u}`);
  const actions = Array.from({ length: 900 }, (_, i) =>
    save(
      users[rng.below(40)],
      `i${rng.below(items)}`,
      now - day - (i % 7 === 0 ? 5 : 60_000 * rng.below(900)),
    ),
  );
  const distinct = new Set(actions.map((action) => JSON.stringify(action))).size;
  for (const one of [few, many]) await one.putItems(bytes(catalog));
  for (let at = 0; at < actions.length; at += 100)
    await few.appendActions(bytes(actions.slice(at, at + 100)));
  expect(await many.appendActions(bytes(actions.slice(0, 600)))).toMatchObject({ rejected: [] });
  expect(await many.appendActions(bytes(actions.slice(300)))).toMatchObject({ rejected: [] });
  const shown = async (one: Engine, user: string) => {
    const { items: answer } = await one.recommend(user, { seed: 3 });
    const page = one.actions(user, { limit: 1000 }).actions;
    return { answer, page: page.map(({ itemId, timestamp }) => [itemId, timestamp]) };
  };
  const all = (one: Engine) => Promise.all(users.map((user) => shown(one, user)));
  expect(many.status().actions).toBe(distinct);
  expect(await all(many)).toEqual(await all(few));
  for (const step of [actions.slice(0, 20), actions])
    expect(await many.appendActions(bytes(step))).toMatchObject({ accepted: 0, duplicates: step.length });
  for (const one of [few, many]) await one.eraseUser('u1');
  expect(many.status().actions).toBe(few.status().actions);
  expect(many.actions('u1', { limit: 10 }).actions).toEqual([]);
  for (const one of [few, many]) await one.batch({});
  expect(await all(many)).toEqual(await all(few));
  expect(await many.verify({ users: 40 })).toMatchObject({ batch: { users: 39, identical: 39 } });
});

test('what waits outside the blocks is moved into them when no large step comes', async () => {
  const path = join(tempDir(), 'data');
  const serving = await engine(path);
  const actions = Array.from({ length: 300 }, (_, i) => save(`u${i % 100}`, `i${i % items}`, now - day - i));
  await serving.appendActions(bytes(actions));
  const directory = await openDirectory(path, { mode: 'read' });
  const log = new ActionLog(directory);
  while (log.waitingCount() > 0) {
    await new Promise(setImmediate);
    directory.refresh();
  }
  // One change put them there, and one for each range of users moved them.
  expect(directory.readMeta('waiting')).toMatchObject({ rows: 0, version: 1 + Math.ceil(100 / 16) });
  expect([...log.all()]).toHaveLength(300);
  expect(log.userLog(log.users.find('u7') ?? -1).length).toBe(3);
  await directory.close();
});

test('the engine answers as the library does, from threads or not', async () => {
  const path = join(tempDir(), 'data');
  const library = await open(path);
  await library.putItems(catalog);
  const rng = createRng(5);
  const actions = Array.from({ length: 600 }, () =>
    save(`u${rng.below(20)}`, `i${rng.below(items)}`, now - Math.floor(100 * day * rng.uniform())),
  );
  await library.appendActions(actions);
  await library.setPool('left', { side: 'left' });
  await library.batch({ nowMs: now - day });
  await library.close();

  const serving = await engine(path);
  const requests = [
    { seed: 3 },
    { seed: 4, count: 7, medoids: 2, explain: true },
    { seed: 5, filter: { side: 'right' } },
    { seed: 6, pool: 'left', exclude: ['i1', 'i2'] },
    { seed: 7, seen: 'include' as const, count: items },
    { seed: 8, query: 'centroid' as const, interests: 'all' as const, merge: 'importance' as const },
    { seed: 9, merge: 'mixture' as const, prior: 0.2, diversity: 0.5, filter: { side: 'left' } },
  ];
  const answered = [];
  for (const request of requests)
    for (let u = 0; u < 22; u++) answered.push(await serving.recommend(`u${u}`, request));
  const warm = await serving.recommend('u1', requests[0]);
  expect(warm).toEqual(answered[1]);
  expect(serving.status().neighborCache.hits).toBeGreaterThan(0);
  await serving.close();

  const again = await open(path, { mode: 'read' });
  const expected = requests.flatMap((request) =>
    Array.from({ length: 22 }, (_, u) => again.recommend(`u${u}`, { ...request, nowMs: now })),
  );
  expect(answered).toEqual(expected);
  await again.close();
});

test('many writers at once: every array has its own report, and repeating it changes nothing', async () => {
  const serving = await engine();
  await serving.putItems(bytes(catalog));
  const arrays = Array.from({ length: 30 }, (_, i) => [
    save(`u${i}`, 'i1'),
    save(`u${i}`, 'i2'),
    { ...save(`u${i}`, 'i3'), timestamp: -1 },
    save('everybody', 'i1'),
  ]);
  const reports = await Promise.all(arrays.map((array) => serving.appendActions(bytes(array))));
  for (const { rejected } of reports)
    expect(rejected).toMatchObject([{ index: 2, code: 'timestamp-before-1970' }]);
  expect(reports.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(61);
  expect(serving.status().actions).toBe(61);
  const repeated = await Promise.all(arrays.map((array) => serving.appendActions(bytes(array))));
  expect(repeated.every(({ accepted, duplicates }) => accepted === 0 && duplicates === 3)).toBe(true);
});

test('what is no array of actions is refused alone', async () => {
  const serving = await engine();
  const text = (body: string) => serving.appendActions(new TextEncoder().encode(body));
  const answers = await Promise.allSettled([text('{'), text('{}'), text('null'), text('[]')]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled']);
  expect(await serving.appendActions(bytes([null, 7]))).toMatchObject({
    accepted: 0,
    rejected: [{ code: 'not-an-object' }, { code: 'not-an-object' }],
  });
});

test('more than may wait is refused with a request to come again', async () => {
  const serving = await engine(undefined, { queueLimitBytes: 2_000 });
  const array = bytes(Array.from({ length: 15 }, (_, i) => save('u', `i${i}`)));
  const answers = await Promise.allSettled(Array.from({ length: 8 }, () => serving.appendActions(array)));
  const refused = answers.filter(({ status }) => status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(8);
  for (const one of refused) expect(one).toMatchObject({ reason: { code: 'overloaded' } });
  expect(serving.status()).toMatchObject({ queuedBytes: 0, actions: 15 });
});

test('items can be found at once, and are never returned again once deleted', async () => {
  const serving = await engine();
  await serving.putItems(bytes(catalog));
  await serving.appendActions(bytes([save('ada', 'i0')]));
  const twin = { itemId: 'twin', embedding: catalog[0].embedding, metadata: { side: 'new' } };
  await serving.putItems(bytes([twin]));
  const first = async () => (await serving.recommend('ada', { count: 3, seed: 1 })).items[0].itemId;
  expect(await first()).toBe('twin');
  expect((await serving.neighbors('i0', { count: 2 })).items[0]).toMatchObject({ itemId: 'twin' });
  const onlyNew = { count: 3, seed: 1, filter: { side: 'new' } };
  expect((await serving.recommend('ada', onlyNew)).items.map(({ itemId }) => itemId)).toEqual(['twin']);
  expect(serving.item('twin')?.metadata).toEqual({ side: 'new' });
  expect(await serving.deleteItem('twin')).toBe(true);
  expect(await serving.deleteItem('twin')).toBe(false);
  expect(serving.item('twin')).toBe(null);
  expect(await first()).not.toBe('twin');
  expect((await serving.recommend('ada', onlyNew)).items).toEqual([]);
  await expect(serving.neighbors('twin', { count: 2 })).rejects.toThrow('twin');
});

test('answers that are under way while items come know of each what it is', async () => {
  const serving = await engine();
  await serving.putItems(bytes(catalog));
  const like = Array.from({ length: items / 8 - 1 }, (_, n) => `i${8 * (n + 1)}`); // i0, more or less
  await serving.appendActions(bytes(like.flatMap((id) => [save(`of ${id}`, id), save(`of ${id}`, 'i0')])));
  let coming = true;
  const putting = (async () => {
    for (let i = 0; i < 30; i++)
      await serving.putItems(bytes([{ itemId: `twin${i}`, embedding: catalog[0].embedding }]));
    coming = false;
  })();
  // A row that an answer's state does not have would be told as item number 0, which is i0.
  const ask = async (answer: (id: string) => Promise<{ readonly items: readonly { itemId: string }[] }>) => {
    for (let n = 0; coming; n++) {
      const { items: found } = await answer(like[n % like.length]);
      expect(found.map(({ itemId }) => itemId)).not.toContain('i0');
      await new Promise(setImmediate);
    }
  };
  const notIt = { filter: { side: { exists: false } } };
  await Promise.all([
    putting,
    ask((id) => serving.recommend(`of ${id}`, { count: 5 })),
    ask((id) => serving.recommend(`of ${id}`, { count: 5, query: 'centroid', ...notIt })),
    ask((id) => serving.neighbors(id, { count: 5, ...notIt })),
  ]);
});

test('a batch runs beside the answers, and what arrives meanwhile is neither lost nor counted twice', async () => {
  const serving = await engine();
  await serving.putItems(bytes(catalog));
  const rng = createRng(9);
  const some = (count: number) =>
    bytes(
      Array.from({ length: count }, (_, i) => save(`u${rng.below(100)}`, `i${rng.below(items)}`, now - i)),
    );
  await serving.appendActions(some(3_000));
  const running = serving.batch({});
  await expect(serving.batch({})).rejects.toThrow('running already');
  const meanwhile = [];
  for (let i = 0; i < 20; i++) {
    meanwhile.push(await serving.appendActions(some(20)));
    await serving.recommend(`u${i}`, { count: 10 });
  }
  expect((await running).failed).toBe(0);
  const report = await serving.verify({ users: 100 });
  expect(report.batch.users + report.exact.users).toBe(100);
  expect(report).toMatchObject({ differing: [], overlay: { users: 0 } });
  expect(report.importanceDrift).toBeLessThan(1e-9);
  expect((await serving.batch({})).users).toBe(100);
  expect((await serving.verify({ users: 100 })).batch).toEqual({ users: 100, identical: 100 });
});

test('recommendations are logged as they were answered, and replayed by id', async () => {
  const path = join(tempDir(), 'data');
  const serving = await engine(path);
  await serving.putItems(bytes(catalog));
  await serving.appendActions(bytes([save('ada', 'i0'), save('ada', 'i3')]));
  const given = await serving.recommend('ada', {
    count: 9,
    seed: 1,
    explain: true,
    filter: { side: 'left' },
  });
  const unknown = await serving.recommend('nobody', { count: 4 });
  const replayed = await serving.recommendation('ada', given.recommendationId);
  expect(replayed).toMatchObject(given);
  expect(replayed).toMatchObject({
    at: new Date(now).toISOString(),
    space: 'default',
    maxSeq: 2,
    generation: 0,
  });
  expect(await serving.recommendation('nobody', unknown.recommendationId)).toMatchObject(unknown);
  await expect(serving.recommendation('ada', unknown.recommendationId)).rejects.toMatchObject({
    code: 'recommendation-unknown',
  });
  await serving.close();
  const later = await engine(path, { now: () => now + 40 * day });
  expect(await later.recommendation('ada', given.recommendationId)).toEqual(replayed);
  await later.batch({});
  await later.close(); // waits for the upkeep
  const last = await engine(path);
  await expect(last.recommendation('ada', given.recommendationId)).rejects.toThrow('of the last 30 days');
});

test('an erased user is gone from everything, and stays so when old data come again', async () => {
  const path = join(tempDir(), 'data');
  const serving = await engine(path);
  await serving.putItems(bytes(catalog));
  const old = [save('ada', 'i0'), save('ada', 'i3'), save('bob', 'i3')];
  await serving.appendActions(bytes(old));
  await serving.batch({});
  await serving.recommend('ada', { count: 5 });
  expect(await serving.exportUser('ada')).toMatchObject({
    actions: [{ itemId: 'i3' }, { itemId: 'i0' }],
    recommendations: [{ fallback: null }],
  });
  expect(await serving.eraseUser('ada')).toMatchObject({ userId: 'ada', actions: 2, recommendations: 1 });
  const check = async (at: Engine) => {
    await expect(at.exportUser('ada')).rejects.toMatchObject({ code: 'user-unknown' });
    await expect(at.eraseUser('ada')).rejects.toMatchObject({ code: 'user-unknown' });
    expect((await at.interests('ada', {})).interests).toEqual([]);
    expect(at.actions('ada', { limit: 5 }).actions).toEqual([]);
    expect(await at.appendActions(bytes(old))).toMatchObject({
      accepted: 0,
      duplicates: 1,
      rejected: [{ code: 'user-erased' }, { code: 'user-erased' }],
    });
  };
  await check(serving);
  await serving.batch({});
  await serving.close();

  const again = await engine(path);
  expect(again.status().actions).toBe(1);
  await check(again);
  expect(await again.recommend('ada', { count: 3 })).toMatchObject({
    source: 'none',
    fallback: 'popularity',
  });
  await check(again); // what was answered is not logged either
  const back = { ...save('ada', 'i5'), timestamp: Date.now() + 1_000 };
  expect(await again.appendActions(bytes([back]))).toMatchObject({ accepted: 1 });
  expect(again.actions('ada', { limit: 5 }).actions).toMatchObject([{ itemId: 'i5' }]);
});

test('a user who is erased while a batch runs has no profile in its generation', async () => {
  const path = join(tempDir(), 'data');
  const serving = await engine(path);
  await serving.putItems(bytes(catalog));
  const rng = createRng(11);
  const actions = Array.from({ length: 4_000 }, (_, i) =>
    save(`u${i % 400}`, `i${rng.below(items)}`, now - i),
  );
  await serving.appendActions(bytes(actions));
  let running = true;
  const batch = serving.batch({ workers: 1 }).finally(() => {
    running = false;
  });
  let erased = 0;
  for (; running && erased < 300; erased++) await serving.eraseUser(`u${erased}`); // from where the batch began
  await batch;
  await serving.close();
  const library = await open(path, { mode: 'read' });
  const owners = new Set(Array.from(library.rows('profiles'), ({ user_id }) => user_id));
  const left = Array.from({ length: 400 - erased }, (_, u) => `u${erased + u}`);
  expect([...owners].sort()).toEqual(left.sort());
  await library.close();
});

test('pages of actions, newest first, end where they began', async () => {
  const serving = await engine();
  await serving.putItems(bytes(catalog));
  const actions = Array.from({ length: 23 }, (_, i) => ({
    ...save('ada', `i${i}`, now - day + (i % 7)),
    ...(i % 2 ? { eventId: `e/${i}` } : {}),
  }));
  await serving.appendActions(bytes([...actions, save('ad', 'i1'), save('adb', 'i2')]));
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = serving.actions('ada', { limit: 5, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.actions.map(({ itemId }) => itemId));
    expect(page.actions.length).toBeLessThanOrEqual(5);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect([...found].sort()).toEqual(actions.map(({ itemId }) => itemId).sort());
  expect(() => serving.actions('ada', { limit: 5, cursor: 'x!' })).toThrow('cursor: got "x!"');
});

test('ranks given items by the best interest, and hands out embeddings', async () => {
  const serving = await engine();
  await serving.putItems(bytes(catalog));
  await serving.appendActions(bytes([save('ada', 'i0'), save('ada', 'i8', now), save('ada', 'i3')]));
  const { embeddings, dim } = await serving.embeddings('ada');
  expect(dim).toBe(16);
  expect(embeddings.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  const { items: ranked } = await serving.rank('ada', ['i5', 'nothing', 'i16', 'i3']);
  expect(ranked.map(({ itemId }) => itemId)).toEqual(['i3', 'i16', 'i5', 'nothing']);
  expect(ranked[0]).toMatchObject({ seen: true, score: expect.closeTo(1, 6) });
  expect(ranked[3]).toEqual({
    itemId: 'nothing',
    score: null,
    interestId: null,
    share: null,
    weightedScore: null,
    seen: false,
  });
  const cosine = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, x, i) => sum + x * b[i], 0) / Math.hypot(...a) / Math.hypot(...b);
  const cosines = embeddings.map(({ vector }) => cosine(vector, catalog[16].embedding));
  expect(ranked[1].score).toBeCloseTo(Math.max(...cosines), 6);
  expect(ranked[1].weightedScore).toBeCloseTo(
    cosines.reduce((sum, c, i) => sum + c * embeddings[i].share, 0),
    6,
  );
});

test('an engine that cannot serve its space says so and lets go of the directory', async () => {
  const path = join(tempDir(), 'data');
  const file = join(tempDir(), 'items.ndjson');
  const rows = catalog.map(({ itemId, embedding }) => JSON.stringify({ item_id: itemId, embedding }));
  writeFileSync(file, rows.join('\n'));
  const data = await open(path);
  await data.importItems(file, { normalize: false });
  await data.appendActions([save('ada', 'i0')]);
  await data.close();
  await expect(openEngine({ path })).rejects.toThrow('"config set alpha A"');
  const free = await open(path); // refused while anybody writes
  await free.setAlpha(0.4);
  await free.close();
  const serving = await engine(path);
  expect(await serving.recommend('ada', { count: 3 })).toMatchObject({ source: 'exact' });
});

test('a second engine or writer on the same directory is refused, readers are free', async () => {
  const path = join(tempDir(), 'data');
  const serving = await engine(path);
  await serving.putItems(bytes(catalog));
  await expect(openEngine({ path })).rejects.toThrow('this process is writing');
  await expect(open(path)).rejects.toMatchObject({ code: 'directory-locked' });
  const reader = await open(path, { mode: 'read' });
  // A reader that has just read goes on seeing that state until a timer of the store's has gone off.
  await serving.appendActions(bytes([save('ada', 'i0')]));
  await expect.poll(() => reader.interests('ada').interests.length).toBe(1);
  await serving.eraseUser('ada');
  await expect.poll(() => reader.user('ada')).toBe(null);
  await serving.appendActions(bytes([{ ...save('ada', 'i1'), timestamp: Date.now() + 1_000 }]));
  const medoids = (): string[] =>
    reader.interests('ada', { nowMs: Date.now() + 2_000 }).interests.map(({ medoid }) => medoid);
  await expect.poll(medoids).toEqual(['i1']);
  await reader.close();
});

test('who is met for the first time and who is remembered get the same bytes, and nothing is searched twice', async () => {
  const serving = await engine();
  await serving.putItems(bytes(catalog));
  await serving.appendActions(bytes([save('ada', 'i1'), save('ada', 'i2'), save('ada', 'i9')]));
  for (const request of [{ seed: 1 }, { seed: 2, explain: true, filter: { side: 'right' }, count: 7 }]) {
    const met = await serving.recommendJson('ada', request);
    const { misses, hits } = serving.status().neighborCache;
    expect(Buffer.from(await serving.recommendJson('ada', request))).toEqual(Buffer.from(met));
    const after = serving.status().neighborCache;
    expect({ misses: after.misses, isHit: after.hits > hits }).toEqual({ misses, isHit: true });
    expect(await serving.recommend('ada', request)).toEqual(JSON.parse(Buffer.from(met).toString()));
  }
});

test('who is asked for once is not remembered, who comes back is; an erased user is a stranger again', async () => {
  const serving = await engine();
  await serving.putItems(bytes(catalog));
  const actions = [save('ada', 'i1'), save('bob', 'i2')];
  await serving.appendActions(bytes(actions));
  await serving.batch({});
  const before = serving.status();
  const met = await serving.recommendJson('ada', { seed: 1 });
  await serving.recommend('bob', {});
  expect(serving.status().userCache).toMatchObject({ users: 0, hits: 0, misses: 2 });
  const again = await serving.recommendJson('ada', { seed: 1 });
  const { searches, userCache } = serving.status();
  expect(userCache).toMatchObject({ users: 1, hits: 0, misses: 3 });
  const third = await serving.recommendJson('ada', { seed: 1 });
  expect([again, third].map((json) => Buffer.from(json))).toEqual([Buffer.from(met), Buffer.from(met)]);
  expect(serving.status().userCache).toMatchObject({ users: 1, hits: 1, misses: 3 });
  expect(serving.status().searches).toEqual(searches);
  expect(searches.count - before.searches.count).toBe(2); // one of ada's and one of bob's medoid
  expect(searches.seconds).toBeGreaterThan(before.searches.seconds);
  await serving.eraseUser('ada');
  await serving.recommend('ada', {});
  await serving.recommend('cyd', {});
  expect(serving.status().userCache.users).toBe(0);
});

test('who had to be clustered anew is remembered at once, until the next action; who is answered from the batch is not', async () => {
  const serving = await engine();
  await serving.putItems(bytes(catalog));
  await serving.appendActions(bytes([save('ada', 'i1'), save('bob', 'i2')]));
  await serving.batch({});
  const source = async () => (await serving.interests('ada', {})).source;
  const known = () => serving.status().userCache;
  for (const [itemId, remembered] of [
    ['i3', 1],
    ['i5', 2],
  ] as const) {
    await serving.appendActions(bytes([save('ada', itemId)]));
    await serving.recommend('bob', {});
    const first = await serving.recommendJson('ada', { seed: 1 });
    const { misses } = known();
    const again = await serving.recommendJson('ada', { seed: 1 });
    expect(Buffer.from(again)).toEqual(Buffer.from(first));
    expect(known()).toMatchObject({ users: remembered, misses });
    expect(await source()).toBe('exact');
    expect(known()).toMatchObject({ users: remembered, misses });
  }
});

test('where an answer fails, who asks for the same user meanwhile does not hear of it', async () => {
  const serving = await engine();
  await serving.putItems(bytes(catalog));
  await serving.appendActions(bytes([save('ada', 'i1')]));
  const wrong = serving.recommend('ada', { pool: 'nowhere' });
  const [failed, known] = await Promise.allSettled([wrong, serving.interests('ada', {})]);
  expect(failed).toMatchObject({ reason: { code: 'pool-unknown' } });
  expect(known).toMatchObject({ value: { interests: [{ medoid: 'i1' }] } });
});

test('answers that are under way when the engine is closed are given and logged', async () => {
  const path = join(tempDir(), 'data');
  const notes: string[] = [];
  const serving = await engine(path, { onNote: (note: string) => notes.push(note) });
  await serving.putItems(bytes(catalog));
  // Five are answered together: three are left that wait for others.
  const users = Array.from({ length: 18 }, (_, u) => `u${u}`);
  await serving.appendActions(bytes(users.map((user, u) => save(user, `i${u}`))));
  const answers = Promise.all(users.map((user, seed) => serving.recommend(user, { seed })));
  await serving.close();
  const given = await answers;
  const later = await engine(path);
  for (const one of given)
    expect(await later.recommendation(one.userId, one.recommendationId)).toMatchObject(one);
  expect(notes).toEqual([]);
});

test('strangers who are asked for together get what each gets alone, with what was acknowledged before', async () => {
  const path = join(tempDir(), 'data');
  const serving = await engine(path);
  await serving.putItems(bytes(catalog));
  const users = Array.from({ length: 13 }, (_, u) => `u${u}`);
  const actions = users.flatMap((user, u) => [save(user, `i${u}`), save(user, `i${9 * u + 50}`)]);
  const ask = (one: Engine) => (user: string, seed: number) => one.recommend(user, { seed, count: 30 });
  await serving.appendActions(bytes(actions));
  await Promise.all(['nobody', 'noone'].map(ask(serving))); // the state before the batch is known
  await serving.batch({});
  await serving.appendActions(bytes(users.map((user, u) => save(user, `i${100 + u}`))));
  const together = await Promise.all(users.map(ask(serving)));
  await serving.close();
  const later = await engine(path);
  for (const [seed, user] of users.entries()) {
    expect(await ask(later)(user, seed)).toEqual(together[seed]);
    expect(together[seed].items.map(({ itemId }) => itemId)).not.toContain(`i${100 + seed}`);
  }
});

test('items that come and go far away leave what is remembered alone; near ones are seen at once', async () => {
  const serving = await engine();
  await serving.putItems(bytes(catalog));
  await serving.appendActions(bytes([save('ada', 'i1')]));
  const requests = [
    { seed: 1, count: 5 },
    { seed: 1, count: 5, filter: { side: 'right' } },
  ];
  const ask = () => Promise.all(requests.map((request) => serving.recommend('ada', request)));
  const before = await ask();
  await ask();
  const { misses } = serving.status().neighborCache;
  const strangers = serving.status().userCache.misses;
  const far = catalog[0].embedding.map((x) => -x - 1);
  for (let i = 0; i < 10; i++) {
    await serving.putItems(bytes([{ itemId: `far${i}`, embedding: far, metadata: { side: 'right' } }]));
    if (i % 3 === 0) await serving.deleteItem(`far${i}`);
    const now = await ask();
    expect(now.map(({ items }) => items)).toEqual(before.map(({ items }) => items));
  }
  expect(serving.status().neighborCache.misses).toBe(misses);
  expect(serving.status().userCache.misses).toBe(strangers);
  const near = catalog[1].embedding;
  await serving.putItems(bytes([{ itemId: 'near', embedding: near, metadata: { side: 'left' } }]));
  const first = (await ask()).map(({ items }) => items[0].itemId);
  expect(first).toEqual(['near', before[1].items[0].itemId]);
  await serving.putItems(bytes([{ itemId: 'near', metadata: { side: 'right' } }]));
  expect((await ask()).map(({ items }) => items[0].itemId)).toEqual(['near', 'near']);
  await serving.deleteItem('near');
  expect((await ask()).map(({ items }) => items)).toEqual(before.map(({ items }) => items));
});

test('whoever acted on an item that comes or gets another vector is another at once', async () => {
  const serving = await engine();
  await serving.putItems(bytes(catalog));
  await serving.appendActions(bytes([save('ada', 'i1'), save('ada', 'later')]));
  const members = async () =>
    (await serving.interests('ada', { members: true })).interests.map((interest) => interest.members);
  expect(await members()).toEqual([['i1']]);
  await serving.putItems(bytes([{ itemId: 'later', embedding: catalog[1].embedding }]));
  expect(await members()).toEqual([['i1', 'later']]);
  await serving.putItems(bytes([{ itemId: 'later', embedding: catalog[2].embedding }]));
  expect(await members()).toHaveLength(2);
});
