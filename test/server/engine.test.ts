import { join } from 'node:path';
import type { InjectOptions } from 'fastify';
import { type Engine, openEngine } from 'pinnersage';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createServer, type Server } from '../../dist/server/server.js';
import type { Recommendation } from '../../src/model/candidate.js';
import type { ActionPage, UserInterests } from '../../src/model/serving.js';
import { sharedTempDir } from '../helpers/temp.js';

/**
 * The plane of test/spine.test.ts over HTTP: A (1, 0), B (.8, .6), C (0, 1), D (.96, .28), E (.28, .96), F (−1, 0). At alpha
 * .5 A and B are one interest with medoid A or B, C is one of its own.
 */
const items = [
  { itemId: 'A', embedding: [2, 0], metadata: { title: 'Alder', lang: 'en' } },
  { itemId: 'B', embedding: [4, 3], metadata: { title: 'Beech', lang: 'en' } },
  { itemId: 'C', embedding: [0, 0.5], metadata: { title: 'Cedar', lang: 'de' } },
  { itemId: 'D', embedding: [0.96, 0.28], metadata: { title: 'Date', lang: 'en' } },
  { itemId: 'E', embedding: [0.28, 0.96], metadata: { title: 'Elm', lang: 'de' } },
  { itemId: 'F/1\n😀', embedding: [-1, 0] },
];
const user = 'ada/1\n😀';
const now = Date.parse('2026-06-30T00:00:00Z');
const day = 86_400_000;
const save = (itemId: string, daysAgo: number, userId = user) => ({
  userId,
  itemId,
  type: 'save',
  timestamp: now - daysAgo * day,
  eventId: `${itemId}-${daysAgo}`,
});

let engine: Engine;
let server: Server;
const dir = sharedTempDir();

beforeAll(async () => {
  engine = await openEngine({ path: join(dir, 'data'), now: () => now });
  server = await createServer(engine, { now: () => now });
});

afterAll(async () => {
  await server.app.close();
  await engine.close();
});

const at = (...parts: string[]): string => `/v1/${parts.map(encodeURIComponent).join('/')}`;

async function call<T>(request: InjectOptions, status = 200): Promise<T> {
  const answer = await server.app.inject(request);
  expect(answer.statusCode, answer.body).toBe(status);
  return (status === 204 ? answer.body : answer.json()) as T;
}

const post = <T>(url: string, payload: InjectOptions['payload'] = {}, status = 200): Promise<T> =>
  call<T>({ method: 'POST', url, payload }, status);
const get = <T>(url: string, status = 200): Promise<T> => call<T>({ url }, status);

test('before there is anything, requests say so and the server is ready', async () => {
  expect(await get('/readyz')).toEqual({ ready: true });
  expect(await get(at('users', user, 'recommendations'), 409)).toMatchObject({ code: 'space-missing' });
  expect(await get(at('items', 'A'), 404)).toMatchObject({ code: 'item-unknown' });
});

test('items go in, come out, and are found at once; each that cannot be used is named', async () => {
  const report = await post('/v1/items', [...items, { itemId: 'G', embedding: [1] }, 'H']);
  expect(report).toMatchObject({
    accepted: 6,
    duplicates: 0,
    rejected: [
      { index: 6, code: 'dimension-mismatch' },
      { index: 7, code: 'not-an-object' },
    ],
  });
  expect(await post('/v1/items', items.slice(0, 2))).toEqual({ accepted: 0, duplicates: 2, rejected: [] });
  const beech = await get<(typeof items)[0]>(at('items', 'B'));
  expect(beech).toMatchObject({ itemId: 'B', metadata: { title: 'Beech', lang: 'en' } });
  expect(beech.embedding.map((x) => Math.round(1e6 * x) / 1e6)).toEqual([0.8, 0.6]);
  expect(await get(at('items', items[5].itemId))).toMatchObject({ itemId: items[5].itemId });
  const near = await get<{ items: { itemId: string; score: number }[] }>(
    `${at('items', 'A', 'neighbors')}?count=2`,
  );
  expect(near.items.map(({ itemId }) => itemId)).toEqual(['D', 'B']);
  expect(near.items[0].score).toBeCloseTo(0.96, 6);
  const german = await get<typeof near>(`${at('items', 'A', 'neighbors')}?filter={"lang":"de"}`);
  expect(german.items.map(({ itemId }) => itemId)).toEqual(['E', 'C']);
});

test('actions are taken once, and the next answer knows them', async () => {
  const actions = [save('A', 10), save('B', 4), save('C', 1)];
  expect(await post('/v1/actions', actions.slice(0, 2))).toEqual({
    accepted: 2,
    duplicates: 0,
    rejected: [],
  });
  const before = await get<Recommendation>(`${at('users', user, 'recommendations')}?seed=1&count=6`);
  expect(before.items.map(({ itemId }) => itemId)).toContain('C');
  const wrong = ['yesterday', now / 1000].map((timestamp) => ({ ...save('A', 1), timestamp }));
  expect(await post('/v1/actions', [...actions, ...wrong])).toMatchObject({
    accepted: 1,
    duplicates: 2,
    rejected: [
      { index: 3, code: 'timestamp-unparsable', message: expect.stringContaining('got "yesterday"') },
      { index: 4, code: 'timestamp-unparsable', message: expect.stringContaining('looks like seconds') },
    ],
  });
  const after = await get<Recommendation>(`${at('users', user, 'recommendations')}?seed=1&count=6`);
  expect(after).toMatchObject({ userId: user, source: 'exact', fallback: 'online' });
  expect(after.items.map(({ itemId }) => itemId).sort()).toEqual(['D', 'E', items[5].itemId]);
});

test('a batch computes the interests, which are those of the algorithm', async () => {
  const report = await post('/v1/admin/batch', { alpha: 0.5 });
  expect(report).toMatchObject({ asOf: new Date(now).toISOString(), users: 1, failed: 0, alpha: 0.5 });
  const { interests, source } = await get<UserInterests>(`${at('users', user, 'interests')}?members=true`);
  expect(source).toBe('batch');
  expect(interests).toMatchObject([
    { size: 2, members: ['A', 'B'] },
    { size: 1, members: ['C'], medoid: 'C' },
  ]);
  expect(interests[0].importance).toBeCloseTo(Math.exp(-0.1) + Math.exp(-0.04), 12);
  expect((await get<UserInterests>(at('users', user, 'interests'))).interests[0].members).toBeUndefined();
  expect(await get(at('users', 'nobody', 'interests'))).toMatchObject({ source: 'none', interests: [] });
});

test('GET and POST answer alike, explain, filter, and are replayed under their id', async () => {
  const url = at('users', user, 'recommendations');
  const filter = { lang: 'en' };
  const asked = await get<Recommendation>(
    `${url}?seed=7&count=5&explain=true&filter=${encodeURIComponent(JSON.stringify(filter))}`,
  );
  expect(await post(url, { seed: 7, count: 5, explain: true, filter })).toEqual(asked);
  expect(asked).toMatchObject({ source: 'batch', fallback: null, filter });
  expect(asked.items.map(({ itemId }) => itemId)).toEqual(['D']);
  expect(asked.items[0].because?.length).toBeGreaterThan(0);
  const replayed = await get(`${url}?recommendationId=${asked.recommendationId}`);
  const { items: candidates, ...head } = asked;
  expect(replayed).toMatchObject({ ...head, at: new Date(now).toISOString(), generation: 1 });
  expect(replayed).toMatchObject({
    items: candidates.map(({ itemId, score, interestId }) => ({
      itemId,
      score: expect.closeTo(score, 6),
      interestId,
    })),
  });
  expect(await get(`${url}?recommendationId=none`, 404)).toMatchObject({ code: 'recommendation-unknown' });
  expect(await get(`${url}?pool=none`, 404)).toMatchObject({ code: 'pool-unknown' });
  expect(await get(`${url}?filter={"a":{"near":1}}`, 400)).toMatchObject({ code: 'option-invalid' });
  const unknown = await get<Recommendation>(at('users', 'nobody', 'recommendations'));
  expect(unknown).toMatchObject({ source: 'none', fallback: 'popularity', interests: [] });
});

test('rankers get scores of given items, and the vectors behind them', async () => {
  const report = await post<{ items: { itemId: string; score: number | null; seen: boolean }[] }>(
    at('users', user, 'rank'),
    { itemIds: ['E', 'C', 'nothing'] },
  );
  expect(report.items.map(({ itemId, seen }) => ({ itemId, seen }))).toEqual([
    { itemId: 'C', seen: true },
    { itemId: 'E', seen: false },
    { itemId: 'nothing', seen: false },
  ]);
  expect(report.items[1].score).toBeCloseTo(0.96, 6);
  expect(report.items[2].score).toBeNull();
  const { embeddings, dim } = await get<{ dim: number; embeddings: { share: number; vector: number[] }[] }>(
    at('users', user, 'embeddings'),
  );
  expect(dim).toBe(2);
  expect(embeddings.map(({ vector }) => vector.length)).toEqual([2, 2]);
  expect(embeddings.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
});

test('the actions of a user come page by page, newest first, each once', async () => {
  await post(
    '/v1/actions',
    Array.from({ length: 7 }, (_, i) => save('A', 20 + i)),
  );
  const url = at('users', user, 'actions');
  const seen: string[] = [];
  let cursor: string | null = null;
  let pages = 0;
  do {
    const more: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: ActionPage = await get<ActionPage>(`${url}?limit=4${more}`);
    seen.push(...page.actions.map(({ timestamp }) => timestamp));
    cursor = page.nextCursor;
    pages++;
  } while (cursor !== null);
  expect(pages).toBe(3);
  expect(new Set(seen).size).toBe(10);
  expect(seen).toEqual([...seen].sort().reverse());
  expect((await get<ActionPage>(url)).actions).toHaveLength(10);
  expect(await get(`${url}?cursor=made-up`, 400)).toMatchObject({ code: 'option-invalid' });
  expect(await get(`${url}?limit=1001`, 400)).toMatchObject({ code: 'option-invalid' });
});

test('a deleted item is never returned again', async () => {
  await call({ method: 'DELETE', url: at('items', 'D') }, 204);
  expect(await call({ method: 'DELETE', url: at('items', 'D') }, 404)).toMatchObject({
    code: 'item-unknown',
  });
  await get(at('items', 'D'), 404);
  const { items: left } = await get<Recommendation>(at('users', user, 'recommendations'));
  expect(left.map(({ itemId }) => itemId)).not.toContain('D');
});

test('all that is kept of a user is handed out, and gone when it is erased', async () => {
  const kept = await get<{ actions: unknown[]; recommendations: unknown[] }>(at('users', user, 'export'));
  expect(kept.actions).toHaveLength(10);
  expect(kept.recommendations.length).toBeGreaterThan(0);
  const erased = await call({ method: 'DELETE', url: at('users', user) });
  expect(erased).toMatchObject({ userId: user, actions: 10, recommendations: kept.recommendations.length });
  expect(await get(at('users', user, 'export'), 404)).toMatchObject({ code: 'user-unknown' });
  expect(await get(at('users', user, 'recommendations'))).toMatchObject({ fallback: 'popularity' });
  expect(await post('/v1/actions', [save('A', 10)])).toMatchObject({
    accepted: 0,
    rejected: [{ index: 0, code: 'user-erased' }],
  });
});

test('what cannot be parsed is one problem, and the figures of all this are in /metrics', async () => {
  for (const address of ['/v1/actions', '/v1/items'])
    for (const [payload, code] of [
      ...['', '{', '[1', '\u0000', '\ufeff[]'].map((text) => [text, 'request-malformed']),
      ...['{}', 'null'].map((text) => [text, 'option-invalid']),
    ]) {
      const answer = await server.app.inject({ method: 'POST', url: address, headers: json, payload });
      expect(answer.json(), payload).toMatchObject({ code, status: 400 });
    }
  const { body } = await server.app.inject({ url: '/metrics' });
  expect(body).toContain('pinnersage_items 5');
  expect(body).toContain('pinnersage_batch_age_seconds 0');
  expect(body).not.toContain('ada');
});

const json = { 'content-type': 'application/json' };
