import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiError, type ClientOptions, PinnersageClient } from 'pinnersage/client';
import { expect, onTestFinished, test } from 'vitest';
import { PinnersageError } from '../../src/errors.js';
import type { Engine } from '../../src/pipeline/engine.js';
import type { ServerOptions } from '../../src/server/server.js';
import { recommendation, serverOf } from '../server/fake.js';

/** A client of a server that listens. */
async function clientOf(
  parts: Partial<Engine>,
  options: ServerOptions = {},
  more: Partial<ClientOptions> = {},
): Promise<PinnersageClient> {
  const { app } = await serverOf(parts, options);
  return new PinnersageClient({ baseUrl: await app.listen({ port: 0 }), ...more });
}

/** A client of a server that answers one way after another; it must be asked as often as there are ways. */
async function clientOfAnswers(...answers: readonly RequestListener[]): Promise<PinnersageClient> {
  const left = [...answers];
  const server = createHttpServer((request, response) => {
    const answer = left.shift();
    if (answer) answer(request, response);
    else response.writeHead(500).end('asked once too often');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    expect(left).toHaveLength(0);
    server.closeAllConnections();
    server.close();
  });
  return new PinnersageClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
}

const again: RequestListener = (_, response) => void response.writeHead(503, { 'retry-after': '0' }).end();
const json =
  (value: unknown): RequestListener =>
  (_, response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

test('requests arrive as they were made, and answers come back typed', async () => {
  const asked: unknown[] = [];
  const client = await clientOf(
    {
      recommend: async (userId, request) => {
        asked.push(['recommend', userId, request]);
        return recommendation;
      },
      neighbors: async (itemId, options) => {
        asked.push(['neighbors', itemId, options]);
        return { itemId, items: [{ itemId: 'b', score: 0.5 }] };
      },
      putItems: async (bytes) => {
        asked.push(['putItems', JSON.parse(Buffer.from(bytes).toString())]);
        return { accepted: 1, duplicates: 0, rejected: [] };
      },
      actions: (userId, options) => {
        asked.push(['actions', userId, options]);
        return { userId, actions: [], nextCursor: null };
      },
    },
    { apiKey: 'secret' },
    { apiKey: 'secret' },
  );
  const filter = { lang: 'en' };
  expect(await client.recommend('a/da', { count: 3, filter, exclude: ['x', 'y'] })).toEqual(recommendation);
  const { items } = await client.neighbors('lämp\n', { count: 2, filter });
  expect(items[0].score).toBe(0.5);
  await client.putItems([
    { itemId: 'a', embedding: Float32Array.of(1, 0.5), metadata: { title: 'A' } },
    { itemId: 'b' },
  ]);
  expect((await client.actions('ada', { limit: 5 })).nextCursor).toBeNull();
  expect(asked).toEqual([
    ['recommend', 'a/da', { count: 3, filter, exclude: ['x', 'y'] }],
    ['neighbors', 'lämp\n', { count: 2, filter }],
    ['putItems', [{ itemId: 'a', embedding: [1, 0.5], metadata: { title: 'A' } }, { itemId: 'b' }]],
    ['actions', 'ada', { limit: 5 }],
  ]);
});

test('a refusal is an ApiError with code, status and detail; what is not there is null or false', async () => {
  const refuse = async (): Promise<never> => {
    throw new PinnersageError('dimension-mismatch', 'got 3, expected 2');
  };
  const client = await clientOf(
    { recommend: refuse, item: () => null, deleteItem: async () => false },
    { apiKey: 'secret' },
    { apiKey: 'secret' },
  );
  const error = await client.recommend('ada').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({
    code: 'dimension-mismatch',
    status: 400,
    detail: 'got 3, expected 2',
    requestId: expect.stringMatching(/./),
    message: 'got 3, expected 2 [dimension-mismatch]',
  });
  expect(await client.item('x')).toBeNull();
  expect(await client.deleteItem('x')).toBe(false);
  await expect(client.item('..')).rejects.toMatchObject({ code: 'id-invalid' });
  expect(await client.ready()).toBe(true);
});

test('without the key a call is refused', async () => {
  const client = await clientOf({}, { apiKey: 'secret' });
  await expect(client.recommend('ada')).rejects.toMatchObject({ code: 'unauthorized', status: 401 });
});

test('what was refused for now, or cut off, is sent again; the answer counts', async () => {
  const cut: RequestListener = (request) => void request.socket.destroy();
  const client = await clientOfAnswers(again, cut, again, json({ accepted: 1 }));
  expect(await client.appendActions([])).toEqual({ accepted: 1 });
});

test('in the end the last refusal is thrown', async () => {
  const client = await clientOfAnswers(again, again, again, again);
  await expect(client.recommend('ada')).rejects.toMatchObject({ status: 503, code: 'not-a-problem' });
});

test('a batch that was cut off is not started again', async () => {
  const client = await clientOfAnswers((request) => void request.socket.destroy());
  await expect(client.batch()).rejects.toMatchObject({ code: 'unreachable', status: null });
});

test('whether a server is ready is asked once', async () => {
  const client = await clientOfAnswers(again, (request) => void request.socket.destroy());
  expect(await client.ready()).toBe(false);
  expect(await client.ready()).toBe(false);
});

test('a call that its caller ends stops waiting', async () => {
  const later: RequestListener = (_, response) => void response.writeHead(503, { 'retry-after': '60' }).end();
  const controller = new AbortController();
  const ending: RequestListener = (request, response) => {
    later(request, response);
    response.on('close', () => controller.abort(new Error('enough')));
  };
  const client = await clientOfAnswers(ending);
  await expect(client.recommend('ada', {}, { signal: controller.signal })).rejects.toThrow('enough');
});

test('an answer that is no problem document is quoted', async () => {
  const client = await clientOfAnswers(
    (_, response) => void response.writeHead(502).end('<h1>Bad gateway</h1>'),
  );
  await expect(client.interests('ada')).rejects.toMatchObject({
    code: 'not-a-problem',
    status: 502,
    detail: expect.stringContaining('<h1>Bad gateway'),
  });
});

test('an address that is none is refused at once', () => {
  expect(() => new PinnersageClient({ baseUrl: 'localhost' })).toThrow('Invalid URL');
});

test('what a browser loads is the client alone: no package, no node: module', () => {
  const dist = fileURLToPath(new URL('../../dist', import.meta.url));
  const seen = new Set<string>();
  const load = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, target] of readFileSync(path, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
      expect(target).toMatch(/^\.\.?\//);
      load(join(dirname(path), target));
    }
  };
  load(join(dist, 'client.js'));
  expect([...seen].map((path) => path.slice(dist.length + 1)).sort()).toEqual([
    'client.js',
    'client/client.js',
    'client/error.js',
    'client/transport.js',
  ]);
});
