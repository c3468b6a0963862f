// The library in one page: items and actions in, interests and explained candidates out.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'pinnersage';

const dir = mkdtempSync(join(tmpdir(), 'pinnersage-'));
const data = await open(join(dir, 'data'));

// Two topics, at right angles to each other. Embeddings come from wherever you have them.
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
await data.putItems(
  items.map((itemId, i) => ({
    itemId,
    embedding: i < 4 ? [1, 0.1 * i, 0] : [0, 0.1 * (i - 4), 1],
    metadata: { title: itemId },
  })),
);

const day = 86_400_000;
const now = Date.parse('2026-06-30T00:00:00Z');
await data.appendActions([
  { userId: 'ada', itemId: 'lamp', type: 'save', timestamp: now - 3 * day },
  { userId: 'ada', itemId: 'floor lamp', type: 'save', timestamp: now - 2 * day },
  { userId: 'ada', itemId: 'sourdough', type: 'click', timestamp: now - day },
]);

// Two items of cosine .8 are .4 apart in squared distance. On a real catalog the starting rule finds a threshold itself.
const batch = await data.batch({ nowMs: now, alpha: 0.4 });
console.log(
  `interests of ${batch.users} user as of ${batch.asOf}, merge threshold ${batch.alpha.toFixed(3)}`,
);

for (const { medoid, importance, members } of data.interests('ada', { members: true }).interests)
  console.log(`  ${medoid}: importance ${importance.toFixed(3)}, from ${members.join(', ')}`);

const { items: candidates, seed } = data.recommend('ada', { count: 4, explain: true, nowMs: now });
console.log(`candidates (replay them with seed ${seed}):`);
for (const { itemId, score, because } of candidates)
  console.log(`  ${itemId}  cosine ${score.toFixed(3)}, because of ${because.join(', ')}`);

await data.close();
rmSync(dir, { recursive: true });
