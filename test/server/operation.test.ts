import { pino } from 'pino';
import { expect, test } from 'vitest';
import { fakeEngine, serverOf } from './fake.js';

const url = '/v1/users/ada/recommendations';
const json = { 'content-type': 'application/json' };

test('with a key, everything but probes asks for it', async () => {
  const { app } = await serverOf({}, { apiKey: 'secret' });
  const status = async (address: string, key?: string) =>
    (await app.inject({ url: address, headers: key === undefined ? {} : { 'x-api-key': key } })).statusCode;
  for (const address of [url, '/metrics', '/v1/nothing']) {
    expect(await status(address)).toBe(401);
    expect(await status(address, 'secre')).toBe(401);
    expect(await status(address, '')).toBe(401);
  }
  expect(await status(url, 'secret')).toBe(200);
  expect(await status('/metrics', 'secret')).toBe(200);
  for (const address of ['/livez', '/readyz', '/openapi.json']) expect(await status(address)).toBe(200);
  expect((await app.inject({ url })).json()).toMatchObject({ code: 'unauthorized' });
});

test('beyond the rate, requests are refused and told when to come back; probes are not counted', async () => {
  const { app } = await serverOf({}, { rateLimit: 1 });
  expect((await app.inject({ url })).statusCode).toBe(200);
  let answer = await app.inject({ url });
  // A second may pass between two requests on a busy machine, not between any two of many.
  for (let i = 0; i < 1_000 && answer.statusCode === 200; i++) answer = await app.inject({ url });
  expect(answer.json()).toMatchObject({ code: 'rate-limited', status: 429 });
  expect(answer.headers['retry-after']).toBe('1');
  const probes = await Promise.all(Array.from({ length: 20 }, () => app.inject({ url: '/livez' })));
  expect(probes.every(({ statusCode }) => statusCode === 200)).toBe(true);
});

test('while the event loop is behind, requests are refused, but probes and figures are not', async () => {
  let late = 999;
  const { app } = await serverOf({}, { latenessMs: () => late });
  const status = async (address: string) => (await app.inject({ url: address })).statusCode;
  expect(await status(url)).toBe(200);
  late = 1_000;
  expect((await app.inject({ url })).json()).toMatchObject({ code: 'overloaded', status: 503 });
  for (const address of ['/livez', '/readyz', '/metrics']) expect(await status(address)).toBe(200);
});

test('ready while the engine is, and not while it drains; requests are still answered then', async () => {
  let ready = false;
  const engine = fakeEngine();
  const server = await serverOf({ status: () => ({ ...engine.status(), ready }) });
  const probe = async () => (await server.app.inject({ url: '/readyz' })).statusCode;
  expect(await probe()).toBe(503);
  ready = true;
  expect(await probe()).toBe(200);
  server.drain();
  expect(await probe()).toBe(503);
  const answer = await server.app.inject({ url });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers.connection).toBe('close');
  expect((await server.app.inject({ url: '/livez' })).statusCode).toBe(200);
});

test('/metrics counts requests by route and status, without ids, and shows what the engine says', async () => {
  const now = () => Date.parse('2026-06-30T01:00:00Z');
  const { app } = await serverOf({}, { now });
  await app.inject({ url: '/v1/users/secret-user/recommendations' });
  await app.inject({ url: '/v1/users/secret-user/recommendations?count=0' });
  await app.inject({ url: '/nothing/secret-user' });
  const { body, headers } = await app.inject({ url: '/metrics' });
  expect(headers['content-type']).toMatch(/^text\/plain/);
  const count = (route: string, status: number) =>
    `pinnersage_http_request_duration_seconds_count{method="GET",route="${route}",status="${status}"} 1`;
  expect(body).toContain(count('/v1/users/:userId/recommendations', 200));
  expect(body).toContain(count('/v1/users/:userId/recommendations', 400));
  expect(body).toContain(count('unknown', 404));
  expect(body).not.toContain('secret-user');
  for (const line of [
    'pinnersage_batch_age_seconds 3600',
    'pinnersage_items 7',
    'pinnersage_answers_total{source="batch"} 5',
    'pinnersage_neighbor_cache_total{result="hit"} 3',
    'pinnersage_searches_total 6',
    'pinnersage_search_seconds_total 0.003',
    'pinnersage_recommendations_dropped_total 0',
  ])
    expect(body.split('\n')).toContain(line);
  expect(body).toContain('nodejs_eventloop_lag_p99_seconds');
  const again = (await app.inject({ url: '/metrics' })).body;
  expect(again.split('\n')).toContain('pinnersage_answers_total{source="batch"} 5');
});

test('the log has one line a request, with the pattern of its route and never an id; a defect with its stack', async () => {
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const { app } = await serverOf(
    {
      recommend: async () => {
        throw new TypeError('a defect');
      },
    },
    { logger },
  );
  const secret = '/v1/users/secret-user/';
  await app.inject({ url: `${secret}recommendations` });
  await app.inject({ url: `${secret}recommendations?count=0&pool=secret-pool` });
  await app.inject({ method: 'POST', url: `${secret}recommendations`, headers: json, payload: '{"secret' });
  await app.inject({ method: 'PUT', url: `${secret}recommendations` });
  await app.inject({ url: `${secret}nothing` });
  const entries = lines.map((line) => JSON.parse(line) as { msg: string; route?: string; status?: number });
  const requests = entries.filter(({ msg }) => msg === 'request');
  const route = '/v1/users/:userId/recommendations';
  expect(requests.map((entry) => [entry.route, entry.status])).toEqual([
    [route, 500],
    [route, 400],
    [route, 400],
    [route, 405],
    ['unknown', 404],
  ]);
  const others = entries.filter(({ msg }) => msg !== 'request');
  expect(others).toMatchObject([{ msg: 'internal', err: { stack: expect.stringContaining('a defect') } }]);
  expect(lines.join('')).not.toContain('secret');
});
