import { join } from 'node:path';
import { compact, open, type PinnerSage, type RefineOptions } from 'pinnersage';
import { expect, test } from 'vitest';
import { cli, cliJson } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp.js';
import { randomMatrix } from '../helpers/vectors.js';

const now = Date.parse('2026-06-30T00:00:00Z');
const at = (degrees: number): number[] => [
  Math.cos((degrees * Math.PI) / 180),
  Math.sin((degrees * Math.PI) / 180),
];
/** cos 5° = .9962, cos 10° = .9848, cos 15° = .9659 */
const world: readonly (readonly [itemId: string, degrees: number, quality?: number])[] = [
  ['a', 0, 0.5],
  ['b', 5, 0.9], // better than a
  ['c', 10], // no quality: comes last
  ['d', 90, 0.4],
  ['e', 95, 0.4], // as good as d: the lower number stays
  ['f', 180, 0.1], // under a floor of .2
  ['g', 270],
];

async function open7(path = join(tempDir(), 'data')): Promise<PinnerSage> {
  const data = await open(path);
  await data.putItems(
    world.map(([itemId, degrees, quality]) => ({
      itemId,
      embedding: at(degrees),
      metadata: quality === undefined ? { kind: 'x' } : { quality, kind: 'x' },
    })),
  );
  const save = (userId: string, itemId: string) => ({ userId, itemId, type: 'save', timestamp: now });
  await data.appendActions([save('ada', 'a'), save('bo', 'g')]);
  await data.batch({ nowMs: now, alpha: 0.1 });
  return data;
}

const candidates = (data: PinnerSage, user = 'bo'): string[] =>
  data
    .recommend(user, { count: 50, nowMs: now })
    .items.map(({ itemId }) => itemId)
    .sort();
const out = (data: PinnerSage): Record<string, string | undefined> =>
  Object.fromEntries(
    data.refinement().leftOut.map(({ itemId, reason, keptInstead }) => [itemId, keptInstead ?? reason]),
  );

test('the best of near-duplicates stays, and what is under the floor goes, counted and listed with the reason', async () => {
  const data = await open7();
  expect(candidates(data)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(await data.refine({ qualityFloor: 0.2 })).toEqual({
    space: 'default',
    generation: 1,
    refinement: {
      duplicatesCosine: 0.98,
      qualityField: 'quality',
      qualityFloor: 0.2,
      considered: 7,
      duplicates: 3,
      lowQuality: 1,
    },
  });
  expect(data.refinement().leftOut).toEqual([
    { itemId: 'a', reason: 'duplicate', keptInstead: 'b', cosine: expect.closeTo(Math.cos(Math.PI / 36), 6) },
    { itemId: 'c', reason: 'duplicate', keptInstead: 'b', cosine: expect.closeTo(Math.cos(Math.PI / 36), 6) },
    { itemId: 'e', reason: 'duplicate', keptInstead: 'd', cosine: expect.closeTo(Math.cos(Math.PI / 36), 6) },
    { itemId: 'f', reason: 'quality', quality: 0.1 },
  ]);
  expect(candidates(data)).toEqual(['b', 'd']);
  expect(candidates(data, 'nobody')).toEqual(['b', 'd', 'g']);
  // What is left out still serves as history and medoid.
  expect(data.interests('ada').interests.map(({ medoid }) => medoid)).toEqual(['a']);
  expect(candidates(data, 'ada')).toEqual(['b', 'd', 'g']);
  await data.close();
});

test('each rule alone, other fields, and none', async () => {
  const data = await open7();
  const after = async (options: RefineOptions) => {
    await data.refine(options);
    return Object.keys(out(data)).join('');
  };
  expect(await after({ duplicatesCosine: 0.99 })).toBe('ace');
  expect(await after({ duplicatesCosine: 0.9999 })).toBe('');
  expect(await after({ duplicatesCosine: null, qualityFloor: 0.45 })).toBe('def');
  expect(await after({ qualityField: 'other' })).toBe('bce'); // no quality at all: the lower number stays
  await data.clearRefinement();
  expect(data.refinement()).toEqual({ space: 'default', generation: 1, refinement: null, leftOut: [] });
  expect(candidates(data)).toHaveLength(6);
  const invalid = expect.objectContaining({ code: 'option-invalid' });
  for (const duplicatesCosine of [0, 1.1, Number.NaN])
    await expect(data.refine({ duplicatesCosine })).rejects.toThrow(invalid);
  await expect(data.refine({ qualityFloor: Number.POSITIVE_INFINITY })).rejects.toThrow(invalid);
  await expect(data.refine({ space: 'none' })).rejects.toThrow('none');
  await data.close();
});

test('duplicates come back when their keeper goes; a replaced item comes back until the next refinement', async () => {
  const path = join(tempDir(), 'data');
  const data = await open7(path);
  await data.refine();
  expect(out(data)).toEqual({ a: 'b', c: 'b', e: 'd' });
  await data.deleteItems(['b']);
  expect(out(data)).toEqual({ e: 'd' });
  expect(candidates(data)).toEqual(['a', 'c', 'd', 'f']);
  await data.putItems([{ itemId: 'e', embedding: at(91) }]); // a new vector, again near d
  expect(candidates(data)).toEqual(['a', 'c', 'd', 'e', 'f']);
  await data.putItems([{ itemId: 'h', embedding: at(1) }]); // new: not looked at yet
  expect(candidates(data)).toContain('h');
  await data.refine();
  expect(out(data)).toEqual({ c: 'a', e: 'd', h: 'a' });
  await data.putItems([{ itemId: 'd', embedding: at(200) }]); // the keeper moved away
  expect(out(data)).toEqual({ c: 'a', h: 'a' });
  await data.close();

  const again = await open(path, { mode: 'read' });
  expect(out(again)).toEqual({ c: 'a', h: 'a' });
  expect(candidates(again)).toEqual(['a', 'd', 'e', 'f']);
  await again.close();
});

test('it survives compaction, which numbers rows anew', async () => {
  const path = join(tempDir(), 'data');
  const data = await open7(path);
  await data.putItems([{ itemId: 'a', embedding: at(1) }]); // row 0 is replaced by a new last row
  await data.refine({ qualityFloor: 0.2 });
  await data.putItems([{ itemId: 'd', embedding: at(200) }]); // a keeper is replaced: e is back
  const before = data.refinement();
  expect(before.leftOut.map(({ itemId }) => itemId)).toEqual(['a', 'c', 'f']);
  const found = candidates(data);
  await data.close();
  expect(await compact(path)).toMatchObject({ rowsRemoved: 2 });
  const again = await open(path);
  expect(again.refinement()).toEqual({ ...before, generation: 2 });
  expect(candidates(again)).toEqual(found);
  await again.close();
});

test('stopped, it leaves what was there', async () => {
  const data = await open7();
  await data.refine({ duplicatesCosine: 0.99 });
  const before = data.refinement();
  const stopped = data.refine({ duplicatesCosine: 0.5, signal: AbortSignal.abort() });
  await expect(stopped).rejects.toThrow(expect.objectContaining({ code: 'interrupted' }));
  expect(data.refinement()).toEqual(before);
  await data.close();
});

test('count items come back while pool, filter, refinement and history leave so many', async () => {
  const data = await open(join(tempDir(), 'data'));
  const items = 300;
  const vectors = randomMatrix(3, items, 8);
  for (
    let i = 100;
    i < items;
    i++ // every second one beyond 100 repeats an earlier one
  )
    if (i % 2) vectors.copyWithin(8 * i, 8 * (i - 100), 8 * (i - 99));
  await data.putItems(
    Array.from({ length: items }, (_, i) => ({
      itemId: `i${i}`,
      embedding: vectors.subarray(8 * i, 8 * i + 8),
      metadata: { third: i % 3, quality: i / items },
    })),
  );
  const seen = Array.from({ length: 30 }, (_, i) => 7 * i);
  await data.appendActions(
    seen.map((i) => ({ userId: 'ada', itemId: `i${i}`, type: 'save', timestamp: now })),
  );
  await data.batch({ nowMs: now });
  await data.setPool('some', { third: { in: [0, 1] } });
  await data.refine({ duplicatesCosine: 0.9999 });
  const gone = new Set(data.refinement().leftOut.map(({ itemId }) => Number(itemId.slice(1))));
  // Of each pair of equals the later is better, and it stays; 99 → 199 → 299 leaves one of three.
  expect([...gone]).toEqual(Array.from({ length: 100 }, (_, i) => 2 * i + 1));
  const expected = Array.from({ length: items }, (_, i) => i).filter(
    (i) => i % 3 < 2 && i >= 150 && !gone.has(i) && !seen.includes(i),
  );
  const ask = (count: number) =>
    data
      .recommend('ada', { count, nowMs: now, pool: 'some', filter: { quality: { gte: 0.5 } } })
      .items.map(({ itemId }) => Number(itemId.slice(1)));
  expect(ask(items).sort((a, b) => a - b)).toEqual(expected);
  expect(ask(expected.length)).toHaveLength(expected.length);
  expect(ask(10)).toHaveLength(10);
  await data.close();
});

test('from the command line', async () => {
  const path = join(tempDir(), 'data');
  await (await open7(path)).close();
  const data = ['--data', path];
  expect(cliJson('refine', '--duplicates-cosine', '0.9', '--quality-floor', '0.2', ...data)).toMatchObject({
    refinement: { duplicates: 3, lowQuality: 1, considered: 7 },
  });
  expect(cliJson<{ leftOut: object[] }>('refine', '--list', ...data).leftOut).toHaveLength(4);
  const text = cli('refine', '--list', ...data).stdout;
  expect(text).toContain('7 items, 3 of them stay: 3 near-duplicates and 1 of low quality left out');
  expect(text).toMatch(/^a +duplicate +b +0\.996$/m);
  expect(cliJson('refine', '--clear', ...data)).toMatchObject({ refinement: null });
  expect(cliJson('refine', '--duplicates-cosine', 'none', ...data)).toMatchObject({
    refinement: { duplicatesCosine: null, duplicates: 0 },
  });
  const bad = cli('refine', '--duplicates-cosine', '2', ...data);
  expect([bad.status, bad.stderr]).toEqual([2, expect.stringContaining('[option-invalid]')]);
});
