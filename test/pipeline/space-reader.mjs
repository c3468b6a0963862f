// A reader in a process of its own: asks again and again, and counts from which space each answer came.
import { open } from 'pinnersage';

const [path, times] = process.argv.slice(2);
const data = await open(path, { mode: 'read' });
const seen = { a: 0, b: 0, mixed: 0 };
for (let i = 0; i < Number(times); i++) {
  const { items, interests } = data.recommend('u', { count: 5, seed: i });
  const first = new Set([
    ...items.map(({ itemId }) => itemId[0]),
    ...interests.map(({ medoid }) => medoid[0]),
  ]);
  seen[first.size === 1 ? [...first][0] : 'mixed']++;
  await new Promise(setImmediate);
}
await data.close();
process.stdout.write(JSON.stringify(seen));
