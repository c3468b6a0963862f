// A server in a process of its own and the client beside it: a catalog and actions go in over HTTP, and each answer knows
// what was done before it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ApiError, PinnersageClient } from 'pinnersage/client';

const dir = mkdtempSync(join(tmpdir(), 'pinnersage-'));
const apiKey = 'only-for-this-example';

// On a machine of yours: pinnersage serve --data DIR --port 3000, with the key in PINNERSAGE_API_KEY.
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const flags = [
  '--data',
  join(dir, 'data'),
  '--port',
  '0',
  '--host',
  '127.0.0.1',
  '--log-level',
  'warn',
  '--json',
];
const server = spawn(process.execPath, [main, 'serve', ...flags], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, PINNERSAGE_API_KEY: apiKey },
});
const [line] = await once(createInterface(server.stdout), 'line');
const { url } = JSON.parse(line);
const client = new PinnersageClient({ baseUrl: url, apiKey });

// Two topics, at right angles to each other.
const items = [
  'lamp',
  'floor lamp',
  'desk lamp',
  'lampshade',
  'sourdough',
  'rye bread',
  'baguette',
  'brioche',
];
const put = await client.putItems(
  items.map((itemId, i) => ({
    itemId,
    embedding: i < 4 ? [1, 0.1 * i, 0] : [0, 0.1 * (i - 4), 1],
    metadata: { title: itemId, topic: i < 4 ? 'light' : 'bread' },
  })),
);
console.log(`${put.accepted} items are there`);

const show = ({ fallback, items }) =>
  console.log(`  ${items.map(({ itemId }) => itemId).join(', ')}${fallback ? ` (${fallback})` : ''}`);

console.log('ada is new, so she gets what is popular:');
show(await client.recommend('ada', { count: 3 }));

// Timestamp and event id are made once, where the action happens: sent again after any failure, it counts once.
const action = (itemId, daysAgo) => ({
  userId: 'ada',
  itemId,
  type: 'save',
  timestamp: Date.now() - daysAgo * 86_400_000,
  eventId: crypto.randomUUID(),
});
const saved = [action('lamp', 3), action('floor lamp', 2), action('sourdough', 1)];
const first = await client.appendActions(saved);
const again = await client.appendActions(saved);
console.log(`she saves three things: ${first.accepted} accepted; sent again: ${again.duplicates} duplicates`);
const answer = await client.recommend('ada', { count: 4, seed: 1, explain: true });
show(answer);
for (const { itemId, because } of answer.items) console.log(`  ${itemId}: because of ${because.join(', ')}`);

console.log('only bread, please:');
show(await client.recommend('ada', { count: 2, filter: { topic: 'bread' } }));

const { users, interests } = await client.batch();
console.log(`the daily batch: ${users} user, ${interests.median} interests`);
for (const { medoid, importance } of (await client.interests('ada')).interests)
  console.log(`  ${medoid}: importance ${importance.toFixed(3)}`);

const replayed = await client.recommendation('ada', answer.recommendationId);
console.log(`what she was shown before can be looked up: ${replayed.items.length} items of ${replayed.at}`);

try {
  await client.recommend('ada', { filter: { topic: { near: 'bread' } } });
} catch (error) {
  if (!(error instanceof ApiError)) throw error;
  console.log(`a mistake is named: ${error.status} ${error.code}: ${error.detail}`);
}

const { actions } = await client.eraseUser('ada');
console.log(`ada leaves: ${actions} actions erased`);

server.kill('SIGTERM');
const [code] = await once(server, 'close');
rmSync(dir, { recursive: true });
if (code !== 0) throw new Error(`the server ended with ${code}`);
