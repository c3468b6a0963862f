import { join } from 'node:path';
import { open, openEngine, type PinnerSage, type Recommendation, type RecommendOptions } from 'pinnersage';
import { expect, test } from 'vitest';
import { tempDir } from '../helpers/temp.js';
import { randomMatrix } from '../helpers/vectors.js';

const day = 86_400_000;
const now = Date.parse('2026-06-30T00:00:00Z');
const dim = 8;
const vectors = randomMatrix(5, 80, dim);
const catalog = Array.from({ length: 80 }, (_, i) => ({
  itemId: `i${i}`,
  embedding: Array.from(vectors.subarray(i * dim, (i + 1) * dim)),
  metadata: { side: i % 2 === 0 ? 'left' : 'right' },
}));
const action = (itemId: string, type = 'save', timestamp = now - day) => ({
  userId: 'ada',
  itemId,
  type,
  timestamp,
});

async function world(): Promise<PinnerSage> {
  const data = await open(join(tempDir(), 'data'), { onNote: () => {} });
  await data.putItems(catalog);
  await data.declareActionType('click', { role: 'interest', weight: 0.5 });
  await data.appendActions([action('i0', 'save', now - 50 * day), action('i1'), action('i2', 'click')]);
  await data.setPool('surface', { side: 'left' });
  await data.batch({ nowMs: now });
  return data;
}

const first = ({ items }: Recommendation): string => items[0].itemId;

/** What may change an answer, given the one before. */
const changes: Record<string, (data: PinnerSage, before: Recommendation) => Promise<unknown>> = {
  'a deleted item': (data, before) => data.deleteItems([first(before)]),
  'metadata that the pool no longer admits': (data, before) =>
    data.putItems([{ itemId: first(before), metadata: { side: 'right' } }]),
  'a pool defined anew': (data) => data.setPool('surface', { side: 'right' }),
  'a refinement': (data) => data.refine({ duplicatesCosine: 0.5 }),
  'a new vector': (data, before) =>
    data.putItems([
      { itemId: first(before), embedding: Array.from(vectors.subarray(dim, 2 * dim), (x) => -x) },
    ]),
  'a hidden item': (data, before) => data.appendActions([action(first(before), 'hide')]),
  'an action after the batch': (data) => data.appendActions([action('i9')]),
  'a batch': (data) => data.batch({ nowMs: now + 1, alpha: 1.9 }),
  'a type that weighs more': (data) => data.declareActionType('click', { role: 'interest', weight: 9 }),
  'actions removed': (data) => data.retain({ actionsDays: 20, nowMs: now }),
  'another limit of the overlay': (data) => data.configure({ onlineExactItems: 1 }),
  'an index': (data) => data.buildIndex({ pool: 'surface', workers: 1 }),
};

test('whatever changes an answer changes its id; one id never names two answers', async () => {
  const seen = new Map<string, string>();
  const ask = (data: PinnerSage, options: RecommendOptions = {}): Recommendation => {
    const answer = data.recommend('ada', { count: 5, seed: 1, nowMs: now, pool: 'surface', ...options });
    const text = JSON.stringify(answer);
    expect(seen.get(answer.recommendationId) ?? text).toBe(text);
    seen.set(answer.recommendationId, text);
    return answer;
  };
  for (const [name, change] of Object.entries(changes)) {
    seen.clear(); // another directory
    const data = await world();
    const before = ask(data);
    await change(data, before);
    const after = ask(data);
    expect(after.recommendationId, name).not.toBe(before.recommendationId);
    expect(ask(data, { explain: true }).recommendationId).not.toBe(after.recommendationId);
    expect(ask(data)).toEqual(after);
    await data.close();
  }
});

test('what changes no answer leaves its id alone', async () => {
  const data = await world();
  const ask = (nowMs = now) => data.recommend('ada', { count: 5, seed: 1, nowMs });
  const before = ask();
  await data.appendActions([
    action(first(before), 'impression'),
    { ...action('i5'), userId: 'bob' },
    { ...action('i6', 'hide'), userId: 'bob' },
  ]);
  expect(ask(now + 3 * day)).toEqual(before);
  await data.close();
});

test('answers of a server before and after a change are both replayed', async () => {
  const serving = await openEngine({ path: join(tempDir(), 'data'), now: () => now });
  const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  await serving.putItems(bytes(catalog));
  await serving.appendActions(bytes([action('i0'), action('i1')]));
  const ask = () => serving.recommend('ada', { count: 5, seed: 1 });
  const answers = [await ask()];
  const isRepeated = async (): Promise<void> => {
    for (let times = 0; times < 3; times++) expect(await ask()).toEqual(answers.at(-1)); // by whatever thread
  };
  await isRepeated();
  await serving.deleteItem(first(answers[0]));
  answers.push(await ask());
  await isRepeated();
  await serving.appendActions(bytes([action(first(answers[1]), 'hide')]));
  answers.push(await ask());
  await isRepeated();
  expect(new Set(answers.map(first)).size).toBe(3);
  for (const answer of answers)
    expect(await serving.recommendation('ada', answer.recommendationId)).toMatchObject(answer);
  await serving.close();
});
