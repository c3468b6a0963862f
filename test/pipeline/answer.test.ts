import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Directory } from '../../src/disk/directory.js';
import type { Interest } from '../../src/model/profile.js';
import { type Answer, type ServingState, shownScore } from '../../src/pipeline/recommend.js';
import { AnswerWriter, headOf } from '../../src/pipeline/serve/answer.js';
import { KeptTexts, ListTexts, pieceOf, Slab, Utf8Writer } from '../../src/pipeline/serve/texts.js';
import { type Pick, Picks } from '../../src/retrieve/picks.js';
import { RecommendationLog, RecommendedItems } from '../../src/store/recommendations.js';

const interest = (id: string): Interest => ({
  id,
  medoid: 0,
  members: Uint32Array.of(0),
  counts: Uint32Array.of(1),
  size: 1,
  importance: 1,
  lastActionAt: 0,
});
const interests = [interest('00aa'), interest('11bb'), null];
const score = fc.oneof(
  fc.float({ min: -3, max: 3, noNaN: true }),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }),
  fc.constantFrom(0, -0, 1, -1, 0.5, 1e-8, -1e-8, 1e-7, 0.9999999999),
);
const pick = fc.record({
  item: fc.nat(9),
  score,
  interest: fc.constantFrom(...interests),
  because: fc.array(fc.nat(9), { maxLength: 3 }),
});
const id = fc.oneof(fc.string({ minLength: 1 }), fc.string({ minLength: 1, unit: 'binary' }));

/** What the writer is to say, as objects. */
function present({ head, picks }: Answer, names: readonly string[]) {
  const items = picks.all().map(({ item, score, interest, because }) => ({
    itemId: names[item],
    score: shownScore(score) + 0, // JSON has no −0
    interestId: interest === null ? null : interest.id,
    ...(because.length > 0 ? { because: because.map((own) => names[own]) } : {}),
  }));
  return { ...head, items };
}

function picksOf(list: readonly Pick[]): Picks {
  const picks = new Picks();
  for (const one of list) {
    picks.add(one, one.interest);
    picks.because.push(one.because);
  }
  return picks;
}

/** What the log says of an entry. */
function readBack(recommendationId: string, userId: string, entry: Uint8Array, names: readonly string[]) {
  const key = Buffer.concat([Buffer.alloc(8), Buffer.from(recommendationId, 'hex')]);
  const table = { getRange: () => [{ key, value: Buffer.from(entry) }] };
  const directory = { tables: { recommendations: table } } as unknown as Directory;
  return new RecommendationLog(directory, (item) => names[item]).find(0, userId, recommendationId);
}

test('what is written is the JSON of the objects and what the log gives back, and stays when others are written', () => {
  fc.assert(
    fc.property(
      fc.array(id, { minLength: 10, maxLength: 10 }),
      id,
      fc.array(fc.array(pick, { maxLength: 20 }), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (names, userId, lists, keeps) => {
        const slab = new Slab();
        const writer = new AnswerWriter(
          { idOf: (item) => names[item] },
          (bytes) => slab.room(bytes),
          keeps ? new ListTexts() : null,
        );
        const state = {
          basis: { configHash: 'c', generation: null },
          space: { info: { name: 's', generation: 1 } },
        } as unknown as ServingState;
        const answers = lists.map((picks, n): Answer => {
          // Of every second answer the picks come from a list of neighbours, as they do from the index.
          const found = {
            rows: Uint32Array.from(picks, ({ item }) => item),
            scores: Float32Array.from(picks, (one) => one.score),
          };
          const list = n % 2 === 0 ? null : found;
          return {
            head: {
              recommendationId: `${n}`.padStart(16, '0'),
              userId,
              seed: n,
              source: 'batch',
              fallback: null,
              pool: null,
              filter: { title: userId },
              propensity: 0.25,
              interests: [
                { interestId: '00aa', medoid: names[0], probability: 0.5 },
                { interestId: '11bb', medoid: names[1], probability: 0.25 },
              ],
            },
            picks: picksOf(picks.map((one, place) => ({ ...one, list, place }))),
          };
        });
        // Each twice, so that what is kept of an item and of a list is used as well.
        const written = [...answers, ...answers].map((answer, n) => {
          const { picks } = answer;
          // As another thread hands them over, or as they are.
          return writer.write(headOf(answer, state, { maxSeq: 3 }), n % 3 === 0 ? picks.packed() : picks, 0);
        });
        written.forEach(({ recommendationId, bytes, jsonBytes }, i) => {
          const expected = JSON.parse(JSON.stringify(present(answers[i % answers.length], names)));
          expect(JSON.parse(Buffer.from(bytes.subarray(0, jsonBytes)).toString())).toEqual(expected);
          const logged = readBack(recommendationId, userId, bytes.subarray(jsonBytes), names);
          expect(JSON.parse(JSON.stringify(logged))).toEqual({
            ...expected,
            at: '1970-01-01T00:00:00.000Z',
            configHash: 'c',
            space: 's',
            spaceGeneration: 1,
            generation: 0,
            maxSeq: 3,
          });
        });
      },
    ),
  );
});

test('more items than there was room for at first are logged whole, and the next answer begins anew', () => {
  const names = Array.from({ length: 400 }, (_, i) => `i${i}`);
  const head = new TextEncoder().encode('{"interests":[{"interestId":"00aa"}]}');
  const logged = new RecommendedItems();
  for (const count of [300, 2]) {
    logged.clear();
    const items = names.slice(0, count).map((itemId, item) => {
      const because = item % 3 === 0 ? [item + 1, 0] : [];
      logged.add(item, item / 8, 0, because);
      const own = because.length > 0 ? { because: because.map((other) => names[other]) } : {};
      return { itemId, score: item / 8, interestId: '00aa', ...own };
    });
    const value = new Uint8Array(logged.sizeWith(head.length));
    logged.writeWith(head, value);
    expect(readBack('00'.repeat(8), 'ada', value, names)?.items).toEqual(items);
  }
});

test('a score is printed as JSON prints it, rounded', () => {
  const text = new Utf8Writer();
  const check = (value: number): void => {
    text.clear();
    text.score(value);
    expect(text.bytes.toString('utf8', 0, text.length)).toBe(JSON.stringify(shownScore(value)));
  };
  for (const value of [
    0, -0, 1e-7, 9.99e-7, 1e-6, 1e-8, 99_999_999.9999999, 1e8, 1e21, -1.5, 10, 0.1, 9.9999999,
  ])
    check(value);
  fc.assert(fc.property(score, check), { numRuns: 2000 });
  fc.assert(fc.property(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), (units) => check(units / 1e7)));
});

test('what is copied in words is whole wherever it begins and ends, also at the end of the room there is', () => {
  const to = new Utf8Writer();
  const from = new Utf8Writer();
  const kept = new KeptTexts(1, 0);
  const pieces = ['ä', 'bc', 'def', 'ghij', 'klmno', 'pqrstuvw'];
  const numbers: number[] = [];
  let expected = '';
  for (let i = 0; i < 20_000; i++) {
    const text = pieces[(i * i) % pieces.length];
    to.copy(pieceOf(text));
    expected += text;
    if (i >= 100) continue;
    from.clear();
    from.copy(pieceOf(`<${text}`));
    numbers.push(i);
    kept.keep(i, from, 1);
    to.copyOf(from, 1);
    expected += text;
  }
  for (const number of numbers) {
    expect(kept.copyTo(to, number)).toBe(true);
    expected += pieces[(number * number) % pieces.length];
  }
  expect(kept.copyTo(to, 100)).toBe(false);
  expect(Buffer.from(to.written()).toString()).toBe(expected);
});
