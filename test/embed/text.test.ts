import { expect, test } from 'vitest';
import { type EmbeddingProgress, embedText, type TextDocument } from '../../src/embed/text.js';
import { PinnersageError } from '../../src/errors.js';
import { createRng } from '../../src/math/rng.js';

const of = (fields: readonly TextDocument['fields'][]): TextDocument[] =>
  fields.map((value, key) => ({ key: key + 10, fields: value }));

const titles = (...texts: string[]): TextDocument[] => of(texts.map((title) => ({ title })));

const embed = (documents: TextDocument[], dim: number, extra = {}) =>
  embedText(() => documents, { dim, seed: 1, ...extra });

function cosine({ vectors, dim }: { vectors: Float32Array; dim: number }, i: number, j: number): number {
  let sum = 0;
  for (let p = 0; p < dim; p++) sum += vectors[i * dim + p] * vectors[j * dim + p];
  return sum;
}

/** 300 documents over three subjects that share no words, with a common word in all. */
function subjects(): TextDocument[] {
  const rng = createRng(4);
  return of(
    Array.from({ length: 300 }, (_, i) => {
      const word = (): string => `${'abc'[i % 3]}${Math.floor(20 * rng.uniform() ** 2)}`;
      const text = Array.from({ length: 8 }, word).join(' ');
      return { title: `the ${text}`, tags: [`${'abc'[i % 3]} subject`, word()] };
    }),
  );
}

test('documents about one subject come near each other, those about others do not', () => {
  const e = embed(subjects(), 6);
  expect(e.keys.length).toBe(300);
  const mean = (apart: number): number => {
    let sum = 0;
    for (let i = 0; i + apart < 300; i++) sum += cosine(e, i, i + apart);
    return sum / (300 - apart);
  };
  expect(mean(3)).toBeGreaterThan(0.4);
  expect(Math.abs(mean(1))).toBeLessThan(0.15);
});

test('every row has length 1 and the diagnostics say what was read', () => {
  const e = embed(subjects(), 6);
  for (let i = 0; i < 300; i++) expect(cosine(e, i, i)).toBeCloseTo(1, 6);
  expect(e).toMatchObject({ dim: 6, skipped: 0, documents: 300, fields: { title: 'text', tags: 'tags' } });
  // 'the', 'subject', a, b, c, three whole subject tags, and of 60 words each as word and as a whole tag at most.
  expect(e.vocabulary).toBeGreaterThan(68);
  expect(e.vocabulary).toBeLessThanOrEqual(128);
  expect(e.explained).toBeGreaterThan(0.2);
  expect(e.explained).toBeLessThan(1);
});

test('with as many dimensions as the rank, U·√S by hand: two documents that share one of two words', () => {
  // Rows (w, w, 0) and (w, 0, w): the shared word has df 2, idf ln 1.2; the others df 1, idf ln 2.
  const e = embed(titles('red lamp', 'red vase'), 2);
  const shared = Math.log(1.2) ** 2;
  const gram = shared / (shared + Math.log(2) ** 2);
  // G = [[1, g], [g, 1]]: eigenvalues 1 ± g, vectors (1, ±1)/√2; rows (√σ1, ±√σ2) with σ = √(1 ± g).
  const [s1, s2] = [Math.sqrt(1 + gram), Math.sqrt(1 - gram)];
  expect(cosine(e, 0, 1)).toBeCloseTo((s1 - s2) / (s1 + s2), 5);
  expect(e.explained).toBeCloseTo(1, 6);
});

test('a tag counts more than a word of text, and a field of weight 0 is left out', () => {
  const documents = of([
    { tags: ['x'], title: 'q' },
    { tags: ['x'], title: 'r' },
    { tags: ['y'], title: 'q' },
    { tags: ['z'], title: 's' },
  ]);
  const byDefault = embed(documents, 4);
  expect(cosine(byDefault, 0, 1)).toBeGreaterThan(cosine(byDefault, 0, 2));
  const textOnly = embed(documents, 4, { fieldWeights: { tags: 0 } });
  expect(cosine(textOnly, 0, 2)).toBeCloseTo(1, 6);
  expect(cosine(textOnly, 0, 1)).toBeCloseTo(0, 6);
});

test('the same seed gives the same bits', () => {
  const documents = subjects();
  expect(embed(documents, 8)).toEqual(embed(documents, 8));
  expect(embed(documents, 8, { seed: 2 }).vectors).not.toEqual(embed(documents, 8).vectors);
});

test('dimensions above the rank: the rank, said in the result', () => {
  const e = embed(titles('alpha beta', 'gamma', 'delta'), 64);
  expect(e.dim).toBe(3);
  expect(e.vectors.length).toBe(9);
});

test('no documents, and documents without a feature', () => {
  expect(embed([], 8)).toMatchObject({ keys: new Uint32Array(0), dim: 0, skipped: 0, documents: 0 });
  const e = embed(
    [...titles('', '?!… --', '😀'), { key: 4, fields: {} }, { key: 5, fields: { tags: [] } }],
    8,
  );
  expect(e).toMatchObject({ keys: new Uint32Array(0), dim: 0, skipped: 5, explained: 0 });
});

test('one document, and all documents alike', () => {
  expect(embed(titles('a single lamp'), 8)).toMatchObject({
    keys: new Uint32Array([10]),
    dim: 1,
    skipped: 0,
  });
  const alike = embed(titles(...Array<string>(2000).fill('the same words, always')), 8);
  expect(alike).toMatchObject({ dim: 1, skipped: 0 });
  expect(new Set(alike.vectors)).toEqual(new Set([1]));
});

test('emoji tags and scripts without spaces are features', () => {
  const e = embed(
    of([
      { tags: '🎃|🦇', title: '東京タワー' },
      { tags: '🎃', title: '東京駅' },
      { tags: '🍰|☕', title: '大阪城' },
    ]),
    8,
  );
  expect(cosine(e, 0, 1)).toBeGreaterThan(cosine(e, 0, 2) + 0.1);
});

test('documents whose every feature is too rare are skipped and keep no vector', () => {
  const documents = subjects();
  documents.splice(7, 1, { key: 9999, fields: { title: 'unheard unseen' } });
  const e = embed(documents, 6, { minDocumentFrequency: 2 });
  expect(e.skipped).toBe(1);
  expect(e.keys).not.toContain(9999);
  expect(e.keys.length).toBe(299);
  expect(e.vectors.length).toBe(299 * 6);
});

test('a document outside the directions kept is skipped: its place would be noise', () => {
  const lamps = Array.from({ length: 40 }, (_, i) => `lamp l${i % 7} m${i % 5}`);
  const e = embed(titles(...lamps, 'unheard unseen'), 2, { powerIterations: 8 });
  expect(e).toMatchObject({ dim: 2, skipped: 1 });
});

test('maxFeatures keeps the most frequent', () => {
  const e = embed(titles('a b', 'a c', 'a d', 'e'), 8, { maxFeatures: 1 });
  expect(e).toMatchObject({ vocabulary: 1, dim: 1, skipped: 1, keys: new Uint32Array([10, 11, 12]) });
});

test('counting in bounded room: a stream of words seen once does not lose the frequent ones', () => {
  const documents = titles(...Array.from({ length: 1500 }, (_, i) => `u${i} v${i} common${i % 2}`));
  expect(embed(documents, 8, { maxFeatures: 20 })).toMatchObject({ vocabulary: 2, dim: 2, skipped: 0 });
});

test('progress rises within each phase to its total', () => {
  const seen: EmbeddingProgress[] = [];
  embedText(
    () => titles('a b', 'c'),
    { dim: 1, seed: 1 },
    (p) => seen.push(p),
  );
  expect(seen.filter((p) => p.phase !== 'decompose')).toEqual([
    { phase: 'count', done: 1, total: null },
    { phase: 'count', done: 2, total: null },
    { phase: 'weigh', done: 1, total: 2 },
    { phase: 'weigh', done: 2, total: 2 },
  ]);
  expect(seen.at(-1)).toEqual({ phase: 'decompose', done: 6, total: 6 });
});

test.each([
  [{ dim: 0 }, 'dim: got 0'],
  [{ dim: 1.5 }, 'dim: got 1.5'],
  [{ seed: -1 }, 'seed: got -1'],
  [{ maxFeatures: 0 }, 'maxFeatures: got 0'],
  [{ minDocumentFrequency: 0 }, 'minDocumentFrequency: got 0'],
  [{ powerIterations: 21 }, 'powerIterations: got 21'],
  [{ fieldWeights: { title: Number.NaN } }, 'fieldWeights.title: got NaN'],
])('refuses %j', (extra, message) => {
  const run = () => embed(titles('a'), 8, extra);
  expect(run).toThrow(PinnersageError);
  expect(run).toThrow(message);
});
