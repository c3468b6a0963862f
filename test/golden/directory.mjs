// Makes test/golden/data/directory-FORMAT: a small data directory of the current format with what it must answer, so that
// later versions can prove that they read it. Run after `npm run setup`, once per format, and commit what it makes:
//
//   node test/golden/directory.mjs
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { open } from 'pinnersage';

const now = Date.parse('2026-06-30T00:00:00Z');
const made = fileURLToPath(new URL('./data/directory-made', import.meta.url));
rmSync(made, { recursive: true, force: true });
const data = await open(made);
await data.putItems(
  Array.from({ length: 12 }, (_, i) => ({
    itemId: `item ${i}`,
    embedding: [Math.cos(i % 3), Math.sin(i % 3), 0.05 * i],
    metadata: { title: `thing ${i}`, tags: ['a', `t${i % 3}`], year: 2000 + i },
  })),
);
await data.putItems([{ itemId: 'item 11', embedding: [0, 0, 1] }]);
await data.deleteItems(['item 10']);
await data.putUsers([{ userId: 'ada', attributes: { country: 'GB' } }]);
await data.declareActionType('mute', { role: 'exclude', weight: 0 });
await data.appendActions([
  ...[0, 1, 2, 3, 6, 10, 11].map((i) => ({
    userId: 'ada',
    itemId: `item ${i}`,
    type: 'save',
    timestamp: now - i * 86_400_000,
    ...(i === 2 ? { eventId: 'e', weight: 2, position: 4, context: { page: 'home' } } : {}),
  })),
  { userId: 'bob', itemId: 'item 4', type: 'save', timestamp: now },
  { userId: 'bob', itemId: 'item 5', type: 'mute', timestamp: now },
]);
await data.configure({ medoids: 2 });
await data.batch({ nowMs: now, alpha: 0.5 });
await data.buildSpace('text', { batch: { nowMs: now, alpha: 0.5 } });
await data.close();

const reader = await open(made, { mode: 'read' });
const answers = {
  items: [...reader.rows('items')],
  actions: [...reader.rows('actions')],
  profiles: [...reader.rows('profiles')],
  profilesOfText: [...reader.rows('profiles', { space: 'text' })],
  recommendations: [...reader.rows('recommendations', { recommend: { count: 4, seed: 1, nowMs: now } })].map(
    ({ user_id, interests, items }) => ({ user_id, interests, items }),
  ),
  user: reader.user('ada'),
  settings: reader.settings(),
};
await reader.close();
for (const name of ['writer.lock', 'tmp', 'state/lock.mdb'])
  rmSync(`${made}/${name}`, { recursive: true, force: true });
writeFileSync(`${made}/answers.json`, `${JSON.stringify(answers)}\n`);
const { format } = JSON.parse(readFileSync(`${made}/pinnersage.json`, 'utf8'));
console.log(`made ${made}; rename it to directory-${format}`);
