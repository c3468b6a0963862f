import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PinnersageClient } from 'pinnersage/client';
import { expect, test } from 'vitest';
import type { BatchReport } from '../../src/pipeline/batch.js';
import { cli, cliJson } from '../helpers/cli.js';
import { serve } from '../helpers/server.js';
import { tempDir } from '../helpers/temp.js';

const items = Array.from({ length: 8 }, (_, i) => ({ itemId: `i${i}`, embedding: [1, i / 4] }));
const action = (itemId: string) => ({
  userId: 'secret-user',
  itemId,
  type: 'save',
  timestamp: Date.now() - 1000,
});

test('a server is filled, asked, given a batch by the command, and stopped: exit code 0, nothing lost', async () => {
  const data = join(tempDir(), 'data');
  const server = await serve(data, '--batch-every', 'none');
  const client = new PinnersageClient({ baseUrl: server.url });
  expect(await client.ready()).toBe(true);
  await client.putItems(items);
  const lost = { ...action('not-an-item'), userId: 'lost' };
  await client.appendActions([action('i0'), action('i1'), lost]);
  const { items: candidates } = await client.recommend('secret-user', { count: 3 });
  expect(candidates).toHaveLength(3);

  expect(JSON.parse(readFileSync(join(data, 'server.json'), 'utf8'))).toEqual({
    host: '127.0.0.1',
    port: server.port,
    pid: server.process.pid,
  });
  const report = cliJson<BatchReport>('batch', '--data', data, '--alpha', '0.5');
  expect(report).toMatchObject({ users: 1, failed: 0, alpha: 0.5 });
  expect(cli('batch', '--data', data).stderr).toContain(
    '1 of 2 users have no interests, and 1 actions are on items without a vector',
  );
  const refused = cli('batch', '--data', data, '--now', '2026-01-01');
  expect(refused).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('[option-invalid]'),
  });
  expect(cli('batch', '--data', data, '--space', 'none')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('[space-unknown]'),
  });
  expect(cli('import', 'items', join(data, 'pinnersage.json'), '--data', data).stderr).toContain(
    '[directory-locked]',
  );
  expect(cliJson('describe', '--data', data)).toMatchObject({ items: 8, actions: 3 });

  server.process.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  expect(existsSync(join(data, 'server.json'))).toBe(false);
  expect(cliJson('describe', '--data', data)).toMatchObject({ items: 8, actions: 3, users: 2 });
  const log = server.log();
  expect(log).toContain('"route":"/v1/users/:userId/recommendations","status":200');
  expect(log).toContain('no API key is set');
  expect(log).not.toContain('secret-user');
});

test('an item nested too deeply to be written again is refused alone, over HTTP too', async () => {
  const data = join(tempDir(), 'data');
  const server = await serve(data, '--batch-every', 'none');
  const deep = `{"itemId":"deep","metadata":{"x":${'['.repeat(6000)}${']'.repeat(6000)}}}`;
  const answer = await fetch(`${server.url}/v1/items`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `[{"itemId":"flat"},${deep}]`,
  });
  const message = 'metadata: got JSON nested deeper than 32 levels';
  expect(await answer.json()).toEqual({
    accepted: 1,
    duplicates: 0,
    rejected: [{ index: 1, code: 'metadata-invalid', message }],
  });
  const client = new PinnersageClient({ baseUrl: server.url });
  expect(await client.item('flat')).toMatchObject({ itemId: 'flat' });
  expect(await client.item('deep')).toBeNull();
  server.process.kill('SIGTERM');
  expect(await server.ended).toBe(0);
});

test('a request that was taken before the signal is answered', async () => {
  const data = join(tempDir(), 'data');
  const server = await serve(data, '--batch-every', 'none');
  const client = new PinnersageClient({ baseUrl: server.url });
  await client.putItems(items);

  const body = JSON.stringify([action('i0')]);
  const head = `POST /v1/actions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const open = connect(server.port, '127.0.0.1');
  await once(open, 'connect');
  const answer = text(open);
  open.write(head + body.slice(0, 10));
  await client.interests('ada'); // by now the server has read the beginning of the request above
  server.process.kill('SIGTERM');
  await server.said('stopping');
  open.write(body.slice(10));
  expect(await answer).toMatch(/^HTTP\/1.1 200[\s\S]*connection: close[\s\S]*"accepted":1/i);
  expect(await server.ended).toBe(0);
  expect(cliJson('describe', '--data', data)).toMatchObject({ actions: 1 });
});

test('while it drains, /readyz says 503 and requests are answered; a second signal ends it at once', async () => {
  const data = join(tempDir(), 'data');
  const server = await serve(data, '--batch-every', 'none', '--drain-seconds', '600');
  const client = new PinnersageClient({ baseUrl: server.url });
  server.process.kill('SIGINT');
  await server.said('stopping');
  expect(await client.ready()).toBe(false);
  expect(await client.item('i0')).toBeNull();
  server.process.kill('SIGINT');
  expect(await server.ended).toBe(130);
  // Where it was is still written; nobody is there, so the command does its work itself.
  expect(existsSync(join(data, 'server.json'))).toBe(true);
  expect(cli('batch', '--data', data).stderr).toContain('[space-missing]');
});

test('a batch that is due runs by itself, and with a clock of its own the server lives in another time', async () => {
  const data = join(tempDir(), 'data');
  const server = await serve(data, '--batch-every', '1s', '--now', '2020-01-01T00:00:00Z');
  const client = new PinnersageClient({ baseUrl: server.url });
  await client.putItems(items);
  await client.appendActions([{ ...action('i0'), timestamp: Date.parse('2019-12-31T00:00:00Z') }]);
  await server.said('"msg":"batch"');
  const { asOf, interests } = await client.interests('secret-user');
  expect(asOf).toMatch(/^2020-01-01T00:/);
  expect(interests).toHaveLength(1);
  server.process.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  expect(server.log()).not.toContain('secret-user');
});

test('what cannot be started says why in one line', async () => {
  const data = join(tempDir(), 'data');
  const server = await serve(data, '--batch-every', 'none', '--api-key', 'secret');
  expect(server.log()).not.toContain('no API key');
  const client = new PinnersageClient({ baseUrl: `http://127.0.0.1:${server.port}` });
  await expect(client.interests('ada')).rejects.toMatchObject({ status: 401 });
  const failed = (code: string, ...flags: string[]): void => {
    const { status, stderr } = cli('serve', ...flags);
    expect(stderr.trim().split('\n').at(-1)).toMatch(new RegExp(`^pinnersage: .*\\[${code}\\]$`));
    expect(status).toBe(code === 'directory-locked' ? 1 : 2);
  };
  failed('directory-locked', '--data', data, '--port', '0');
  failed('option-invalid', '--data', join(data, 'other'), '--port', `${server.port}`, '--host', '0.0.0.0');
  failed('usage', '--data', data, '--port', '70000');
  failed('usage', '--data', data, '--api-key', '');
  failed('usage', '--data', data, '--batch-every', 'daily');
  failed('usage', '--data', data, '--batch-at', '25:00');
  expect(cli('batch', '--data', data).stderr).toContain('[unauthorized]');
  expect(cli('batch', '--data', data, '--api-key', 'secret').stderr).toContain('[space-missing]');
  server.process.kill('SIGTERM');
  expect(await server.ended).toBe(0);
});
