import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ErrorCode, errorTable, PinnersageError } from '../../src/errors.js';
import type { Engine } from '../../src/pipeline/engine.js';
import type { App } from '../../src/server/app.js';
import { createServer } from '../../src/server/server.js';
import { fakeEngine, recommendation, serverOf } from './fake.js';

const url = '/v1/users/ada/recommendations';
const json = { 'content-type': 'application/json' };

test('every code of the table becomes a problem document', async () => {
  let code: ErrorCode = 'internal';
  const fail = async (): Promise<never> => {
    throw new PinnersageError(code, 'got this, expected that');
  };
  const { app } = await serverOf({ recommend: fail });
  for (code of Object.keys(errorTable) as ErrorCode[]) {
    const answer = await app.inject({ url });
    const { status, title } = errorTable[code];
    expect(answer.statusCode, code).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json()).toEqual({
      type: `urn:pinnersage:problem:${code}`,
      title,
      status,
      code,
      detail: status === 500 ? expect.stringMatching(/^see the log/) : 'got this, expected that',
      requestId: expect.stringMatching(/./),
    });
    const worthRetrying = ['overloaded', 'rate-limited', 'not-ready', 'interrupted'].includes(code);
    expect(answer.headers['retry-after'], code).toBe(worthRetrying ? '1' : undefined);
  }
});

test('a defect is an internal error whose details stay in the log', async () => {
  const { app } = await serverOf({
    recommend: () => Promise.reject(new TypeError('cannot read the secret of undefined')),
  });
  const answer = await app.inject({ url });
  expect(answer.statusCode).toBe(500);
  expect(answer.json().code).toBe('internal');
  expect(answer.body).not.toContain('secret');
});

const requests: [string, InjectOptions, ErrorCode, RegExp][] = [
  ['an unknown address', { url: '/v1/nothing' }, 'route-unknown', /openapi/],
  ['an id that is empty', { url: '/v1/items/' }, 'id-invalid', /empty/],
  [
    'a method the address does not take',
    { method: 'PUT', url },
    'method-unknown',
    /expected one of GET, HEAD, POST/,
  ],
  [
    'JSON that is none',
    { method: 'POST', url, headers: json, payload: '{"count": ' },
    'request-malformed',
    /JSON/,
  ],
  [
    'a prototype',
    { method: 'POST', url, headers: json, payload: '{"__proto__": {}}' },
    'request-malformed',
    /./,
  ],
  [
    'another media type',
    { method: 'POST', url, headers: { 'content-type': 'text/plain' }, payload: 'x' },
    'media-type-unknown',
    /text\/plain/,
  ],
  ...['/v1/actions', url].flatMap((address): [string, InjectOptions, ErrorCode, RegExp][] => [
    [
      `bytes that are no UTF-8 for ${address}`,
      { method: 'POST', url: address, headers: json, payload: Buffer.from('["\xff"]', 'latin1') },
      'request-malformed',
      /no UTF-8/,
    ],
    [
      `a packed body for ${address}`,
      { method: 'POST', url: address, headers: { ...json, 'content-encoding': 'gzip' }, payload: '{}' },
      'media-type-unknown',
      /content-encoding: got gzip/,
    ],
    [
      `another charset for ${address}`,
      {
        method: 'POST',
        url: address,
        headers: { 'content-type': 'application/json; charset="UTF-16"' },
        payload: '{}',
      },
      'media-type-unknown',
      /charset="UTF-16", expected charset=utf-8/,
    ],
  ]),
  ['a count of 0', { url: `${url}?count=0` }, 'option-invalid', /query\.count: got 0, which must be >= 1/],
  [
    'a count in words',
    { url: `${url}?count=ten` },
    'option-invalid',
    /query\.count: got "ten", which must be integer/,
  ],
  ['a count twice', { url: `${url}?count=1&count=2` }, 'option-invalid', /query\.count/],
  [
    'a count as text in a body',
    { method: 'POST', url, headers: json, payload: '{"count": "5"}' },
    'option-invalid',
    /body\.count: got "5"/,
  ],
  [
    'a body of null',
    { method: 'POST', url, headers: json, payload: 'null' },
    'option-invalid',
    /body: got null, which must be object/,
  ],
  ['a field nobody knows', { url: `${url}?cuont=5` }, 'option-invalid', /the field "cuont"/],
  ['an unknown rule', { url: `${url}?merge=luck` }, 'option-invalid', /turns, importance, score/],
  [
    'a filter that is no JSON',
    { url: `${url}?filter=lang` },
    'option-invalid',
    /filter: got lang, expected JSON/,
  ],
  [
    'a replay with options',
    { url: `${url}?recommendationId=1&count=5` },
    'option-invalid',
    /got count beside/,
  ],
  ['an id of 257 bytes', { url: `/v1/users/${'x'.repeat(257)}/interests` }, 'id-invalid', /257 bytes/],
  [
    'an id of 258 bytes in 86 characters',
    { url: `/v1/users/${encodeURIComponent('€'.repeat(86))}/interests` },
    'id-invalid',
    /258 bytes/,
  ],
  ['an id of half a character', { url: '/v1/users/%E2%82/interests' }, 'request-malformed', /./],
  [
    'no items to rank',
    { method: 'POST', url: '/v1/users/ada/rank', payload: { itemIds: [] } },
    'option-invalid',
    /itemIds/,
  ],
  [
    'a window in words',
    { method: 'POST', url: '/v1/admin/batch', payload: { windowDays: 'most' } },
    'option-invalid',
    /windowDays/,
  ],
];

const odd = [
  'a/b',
  'new\nline',
  '😀',
  '%',
  '%2F',
  '?q=1#f',
  ' ',
  '+',
  '"',
  'ä',
  'a:b;c,d',
  '...',
  '\u0000',
  '€'.repeat(85),
];

describe('requests and one server', () => {
  let app: App;
  beforeAll(async () => {
    const interests: Engine['interests'] = async (userId) => ({
      userId,
      asOf: '2026-06-30T00:00:00.000Z',
      source: 'none',
      interests: [],
    });
    app = (await createServer(fakeEngine({ interests }))).app;
  });
  afterAll(() => app.close());

  test.each(requests)('%s is refused', async (_, request, code, message) => {
    const answer = await app.inject(request);
    expect(answer.json()).toMatchObject({ code, status: errorTable[code].status });
    expect(answer.statusCode).toBe(errorTable[code].status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.json().detail).toMatch(message);
  });

  test('a refused method says which are taken', async () => {
    const answer = await app.inject({ method: 'PATCH', url });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers.allow?.toString().split(', ').sort()).toEqual(['GET', 'HEAD', 'POST']);
  });

  test.each(odd)('the id %j comes through a path', async (userId) => {
    const answer = await app.inject({ url: `/v1/users/${encodeURIComponent(userId)}/interests` });
    expect(answer.statusCode).toBe(200);
    expect(answer.json().userId).toBe(userId);
  });
});

test('the options of a request reach the engine as they were given', async () => {
  const asked: unknown[] = [];
  const { app } = await serverOf({
    recommend: async (userId, request) => {
      asked.push({ userId, request });
      return recommendation;
    },
  });
  const filter = { lang: 'en', year: { gte: 2000 } };
  const plain = { count: 5, medoids: 2, seed: 9, pool: 'p', merge: 'score', explain: true, diversity: 0.5 };
  const exclude = ['a', 'b,c'];
  const query = new URLSearchParams([
    ...Object.entries(plain).map(([name, value]): [string, string] => [name, `${value}`]),
    ...exclude.map((itemId): [string, string] => ['exclude', itemId]),
    ['filter', JSON.stringify(filter)],
  ]);
  await app.inject({ url: `${url}?${query}` });
  await app.inject({ method: 'POST', url, payload: { ...plain, exclude, filter } });
  await app.inject({ url: `${url}?exclude=a` });
  await app.inject({ url });
  await app.inject({ method: 'POST', url });
  await app.inject({ method: 'POST', url, headers: json });
  const full = { ...plain, exclude, filter };
  expect(asked).toEqual(
    [full, full, { exclude: ['a'] }, {}, {}, {}].map((request) => ({ userId: 'ada', request })),
  );
});

test('arrays reach the engine as the bytes that were sent', async () => {
  const got: string[] = [];
  const report = { accepted: 1, duplicates: 0, rejected: [{ index: 1, code: 'x', message: 'y' }] };
  const take = async (bytes: Uint8Array) => {
    got.push(Buffer.from(bytes).toString());
    return report;
  };
  const { app } = await serverOf({ appendActions: take, putItems: take });
  for (const address of ['/v1/actions', '/v1/items'])
    for (const payload of ['[{"a": 1.0}]', 'not json', '']) {
      const answer = await app.inject({ method: 'POST', url: address, headers: json, payload });
      expect(answer.json()).toEqual(report);
    }
  expect(got).toEqual(['[{"a": 1.0}]', 'not json', '', '[{"a": 1.0}]', 'not json', '']);
});

test('a body that says it is plain UTF-8 is taken', async () => {
  const { app } = await serverOf();
  for (const type of ['application/json; charset=utf-8', 'application/json;charset="UTF8"']) {
    const headers = { 'content-type': type, 'content-encoding': 'identity' };
    expect((await app.inject({ method: 'POST', url, headers, payload: '{"count": 5}' })).statusCode).toBe(
      200,
    );
  }
});

test('a body beyond the limit is refused, one at it is taken', async () => {
  const { app } = await serverOf(
    { appendActions: async () => ({ accepted: 0, duplicates: 0, rejected: [] }) },
    { bodyLimitBytes: 100 },
  );
  const post = (bytes: number) =>
    app.inject({ method: 'POST', url: '/v1/actions', headers: json, payload: ' '.repeat(bytes) });
  expect((await post(100)).statusCode).toBe(200);
  const answer = await post(101);
  expect(answer.json()).toMatchObject({ code: 'body-too-large', status: 413 });
});

test('what is no HTTP is answered with a problem, and the connection ended', async () => {
  const { app } = await serverOf();
  const { port } = new URL(await app.listen({ port: 0 }));
  const socket = connect(Number(port), '127.0.0.1');
  const answer = text(socket);
  socket.write('GET / HTTP/1.1\r\nno header at all\r\n\r\n');
  const [head, body] = (await answer).split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1.1 400 Bad Request\r\nConnection: close/);
  expect(JSON.parse(body)).toMatchObject({ code: 'request-malformed', status: 400 });
});

type Method = keyof Engine;
test('a fake engine says which method a test forgot', () => {
  const name: Method = 'item';
  expect(() => fakeEngine().item(name)).toThrow('the fake engine has no item');
});
