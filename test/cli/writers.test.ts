import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open, openEngine } from 'pinnersage';
import { expect, test } from 'vitest';
import { PinnersageClient } from '../../src/client.js';
import { cli, cliJson } from '../helpers/cli.js';
import { serve } from '../helpers/server.js';
import { tempDir } from '../helpers/temp.js';

const items = Array.from({ length: 8 }, (_, i) => ({ itemId: `i${i}`, embedding: [1, i / 4] }));
const action = (userId: string, itemId: string) => ({
  userId,
  itemId,
  type: 'save',
  timestamp: Date.now() - 1000,
});

test('beside a process that writes, others read, and a second writer is told who holds the directory', async () => {
  const dir = tempDir();
  const data = join(dir, 'data');
  const file = join(dir, 'items.ndjson');
  writeFileSync(file, '{"item_id": "other", "embedding": [1, 1]}');
  const server = await serve(data, '--batch-every', 'none');
  const client = new PinnersageClient({ baseUrl: server.url });
  await client.putItems(items);
  await client.appendActions([action('ada', 'i0'), action('ada', 'i1')]);

  const refusal =
    `${data}: process ${server.process.pid} is writing to this data directory; ` +
    'one writer at a time, readers are free';
  for (const args of [
    ['import', 'items', file],
    ['config', 'set', 'lambda', '0.02'],
    ['erase', 'ada'],
    ['compact'],
    ['serve', '--port', '0'],
  ])
    expect(cli(...args, '--data', data)).toEqual({
      status: 1,
      stdout: '',
      stderr: `pinnersage: ${refusal} [directory-locked]\n`,
    });
  await expect(open(data)).rejects.toThrow(refusal);
  await expect(openEngine({ path: data })).rejects.toThrow(refusal);

  const reader = await open(data, { mode: 'read' });
  for (let i = 2; i < 5; i++) {
    await client.appendActions([action('ada', `i${i}`)]);
    expect(reader.describe().actions).toBe(i + 1);
  }
  expect(cliJson('describe', '--data', data)).toMatchObject({ items: 8, actions: 5 });
  expect(cliJson('recommend', 'ada', '--data', data)).toMatchObject({ source: 'exact' });
  expect(cliJson('verify', '--data', data)).toMatchObject({
    exact: { users: 1, identical: 1 },
    log: { stored: 5 },
  });
  expect(cli('export', 'actions', '--data', data).stdout.trim().split('\n')).toHaveLength(5);
  await client.appendActions([action('ada', 'i5')]);
  expect(reader.describe().actions).toBe(6);

  server.process.kill('SIGKILL');
  await server.ended;
  expect(cliJson('import', 'items', file, '--data', data)).toMatchObject({ accepted: 1 });
  expect(reader.describe()).toMatchObject({ items: 9, actions: 6 });
  await reader.close();
});
