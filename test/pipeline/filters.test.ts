import { join } from 'node:path';
import { open, type PinnerSage, type Recommendation, type RecommendOptions } from 'pinnersage';
import { expect, test } from 'vitest';
import { tempDir } from '../helpers/temp.js';
import { randomMatrix } from '../helpers/vectors.js';

const now = Date.parse('2026-06-30T00:00:00Z');
const items = 240;
const place = (id: string): number => Number(id.slice(1));

/** Item i is of language i mod 3 and year 2000 + i mod 20; ada saved the first 12, and hid the next 8. */
async function world(): Promise<PinnerSage> {
  const data = await open(join(tempDir(), 'data'));
  const vectors = randomMatrix(1, items, 8);
  const put = Array.from({ length: items }, (_, i) => ({
    itemId: `i${i}`,
    embedding: vectors.subarray(8 * i, 8 * i + 8),
    metadata: {
      lang: ['en', 'de', 'fr'][i % 3],
      year: 2000 + (i % 20),
      tags: i % 2 ? ['odd'] : ['even', 'all'],
    },
  }));
  expect((await data.putItems(put)).rejected).toEqual([]);
  await data.appendActions(
    Array.from({ length: 20 }, (_, i) => ({
      userId: 'ada',
      itemId: `i${i}`,
      type: i < 12 ? 'save' : 'hide',
      timestamp: now - 1000 * i,
    })),
  );
  await data.batch({ nowMs: now });
  return data;
}

const idsOf = ({ items: found }: Recommendation): number[] => found.map(({ itemId }) => place(itemId));
const ask = (data: PinnerSage, options: RecommendOptions, user = 'ada'): number[] =>
  idsOf(data.recommend(user, { count: 500, nowMs: now, ...options })).sort((a, b) => a - b);
const numbers = (admits: (i: number) => boolean): number[] =>
  Array.from({ length: items }, (_, i) => i).filter(admits);

test('count items come back while pool, filter and history leave so many', async () => {
  const data = await world();
  const filter = { year: { gte: 2010 }, tags: { any: ['odd'] } };
  await data.setPool('english', { lang: 'en' });
  const english = numbers((i) => i % 3 === 0);
  const filtered = numbers((i) => i % 20 >= 10 && i % 2 === 1);
  const both = filtered.filter((i) => i % 3 === 0);
  const unseen = (all: number[]) => all.filter((i) => i >= 20);
  expect(ask(data, {})).toEqual(numbers((i) => i >= 20));
  expect(ask(data, { pool: 'english' })).toEqual(unseen(english));
  expect(ask(data, { filter })).toEqual(unseen(filtered));
  expect(ask(data, { filter, pool: 'english' })).toEqual(unseen(both));
  expect(ask(data, { filter, pool: 'english' }, 'nobody')).toEqual(both); // popular items obey as well
  expect(ask(data, { filter, pool: 'english', count: 3 })).toHaveLength(3);
  expect(ask(data, { filter: { lang: 'xx' } })).toEqual([]);
  await data.deleteItems(['i21', 'i51']);
  expect(ask(data, { pool: 'english' })).toEqual(unseen(english).filter((i) => i !== 21 && i !== 51));
  await data.putItems([{ itemId: 'i20', metadata: { lang: 'en' } }]);
  expect(ask(data, { pool: 'english' })).toContain(20);
  await data.close();
});

test('the answer names pool and filter, and its id depends on them', async () => {
  const data = await world();
  await data.setPool('odd', { tags: 'odd' });
  const request = { seed: 1, nowMs: now, count: 5 };
  const plain = data.recommend('ada', request);
  const filtered = data.recommend('ada', { ...request, pool: 'odd', filter: { lang: 'de' } });
  expect([plain.pool, plain.filter]).toEqual([null, null]);
  expect([filtered.pool, filtered.filter]).toEqual(['odd', { lang: 'de' }]);
  expect(filtered.recommendationId).not.toBe(plain.recommendationId);
  expect(filtered.interests).toEqual(plain.interests); // the draw does not depend on what may come back
  expect(data.recommend('ada', request)).toEqual(plain);
  await data.close();
});

test('pools are stored, replaced and removed, and one that is not there is named', async () => {
  const data = await world();
  await data.setPool('a', { lang: 'en' });
  await data.setPool('b', {});
  expect(await data.setPool('a', { lang: 'de' })).toEqual({ a: { lang: 'de' }, b: {} });
  expect(data.describe().pools).toEqual(data.pools());
  await data.setPool('b', null);
  expect(data.pools()).toEqual({ a: { lang: 'de' } });
  const unknown = expect.objectContaining({ code: 'pool-unknown' });
  expect(() => data.recommend('ada', { pool: 'b' })).toThrow(unknown);
  expect(() => data.recommend('ada', { pool: 'b' })).toThrow('expected one of: a');
  await expect(data.setPool('b', null)).rejects.toThrow(unknown);
  const invalid = expect.objectContaining({ code: 'option-invalid' });
  await expect(data.setPool('c', { or: [{ year: { gte: 'x' } }] })).rejects.toThrow(invalid);
  await expect(data.setPool('', {})).rejects.toThrow(invalid);
  await data.close();
});

test('neighbours of a medoid are asked of the index once, for all users, until one of them changes', async () => {
  const data = await world();
  const options = { seed: 4, nowMs: now, count: 10 };
  const first = data.recommend('ada', options);
  const { misses } = data.stats().neighborCache;
  expect(misses).toBeGreaterThan(0);
  expect(data.recommend('ada', options)).toEqual(first);
  expect(data.stats().neighborCache).toMatchObject({ hits: misses, misses });
  const nearest = first.items[0].itemId;
  await data.deleteItems([nearest]);
  const after = data.recommend('ada', options);
  expect(after.items.map(({ itemId }) => itemId)).not.toContain(nearest);
  const again = data.stats().neighborCache.misses - misses;
  expect(again).toBeGreaterThan(0);
  expect(again).toBeLessThanOrEqual(misses);
  await data.close();
});
