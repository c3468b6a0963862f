import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Interest } from '../../src/model/profile.js';
import { type Answer, type ServingState, shownScore } from '../../src/pipeline/recommend.js';
import { type Answered, AnswerWriter } from '../../src/pipeline/serve/answer.js';
import { NeighborTexts } from '../../src/pipeline/serve/texts.js';
import type { Pick as Picked } from '../../src/retrieve/retrieve.js';

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
  const items = picks.map(({ item, score, interest, because }) => ({
    itemId: names[item],
    score: shownScore(score) + 0, // JSON has no −0
    interestId: interest === null ? null : interest.id,
    ...(because.length > 0 ? { because: because.map((own) => names[own]) } : {}),
  }));
  return { ...head, items };
}

test('what is written is the JSON of the objects, and stays when others are written', () => {
  fc.assert(
    fc.property(
      fc.array(id, { minLength: 10, maxLength: 10 }),
      id,
      fc.array(fc.array(pick, { maxLength: 20 }), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (names, userId, lists, keeps) => {
        const writer = new AnswerWriter({ idOf: (item) => names[item] }, keeps ? new NeighborTexts() : null);
        const state = {
          basis: { configHash: 'c', generation: null },
          space: {
            info: { name: 's', generation: 1 },
            itemOfRow: Uint32Array.from({ length: 10 }, (_, i) => 9 - i),
          },
        } as unknown as ServingState;
        const known = { live: { maxSeq: 3 }, nowMs: 0 } as unknown as Answered;
        const answers = lists.map((picks, n): Answer => {
          // Of every second answer the picks come from a list of neighbours, as they do from the index.
          const list = {
            rows: Uint32Array.from(picks, ({ item }) => 9 - item),
            scores: Float32Array.from(picks, (one) => one.score),
          };
          const of = (one: (typeof picks)[number], place: number): Picked =>
            n % 2 === 0
              ? { ...one, list: null, place: 0 }
              : { ...one, score: list.scores[place], list, place };
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
              interests: [{ interestId: '00aa', medoid: names[0], probability: 0.5 }],
            },
            picks: picks.map(of),
          };
        });
        // Each twice, so that what is kept of a list is used as well.
        const written = [...answers, ...answers].map((answer) => writer.write(answer, state, known));
        written.forEach(({ json }, i) => {
          const expected = present(answers[i % answers.length], names);
          expect(JSON.parse(Buffer.from(json).toString())).toEqual(JSON.parse(JSON.stringify(expected)));
        });
      },
    ),
  );
});
