import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Interest } from '../../src/model/profile.js';
import { createWriterMemory, ProfileWriter } from '../../src/pipeline/profilewriter.js';
import { encodeProfile, ProfileView } from '../../src/store/codec.js';

const items = 3000;
const basis = '0123456789abcdef';
const head = {
  weighedAt: 1000,
  changesAt: Number.POSITIVE_INFINITY,
  leftOut: { role: 1, afterAsOf: 2, outsideWindow: 3, unembedded: 4, truncated: 5 },
};
const words = { high: 0x01234567, low: 0x89abcdef };

type Part = readonly [item: number, count: number, weight: number];
interface Drawn extends Omit<Interest, 'members' | 'counts'> {
  readonly parts: readonly Part[];
}

function interestsOf(drawn: readonly Drawn[]): Interest[] {
  return drawn.map(({ parts, ...rest }) => ({
    ...rest,
    members: Uint32Array.from(parts, ([item]) => item),
    counts: Uint32Array.from(parts, ([, count]) => count),
  }));
}

const weightsOf = (drawn: readonly Drawn[]): Float32Array =>
  Float32Array.from(drawn.flatMap(({ parts }) => parts.map(([, , weight]) => weight)));

const weight = fc.oneof(
  fc.constantFrom(0, 0.5, 1, 1.5, 3.4028234663852886e38),
  fc.float({ min: 0, noNaN: true, noDefaultInfinity: true }),
);
const counts = (most: number) => fc.oneof(fc.constantFrom(0, 1, most), fc.nat(most));
const interest = (most: number): fc.Arbitrary<Drawn> =>
  fc.record({
    id: fc.stringMatching(/^[0-9a-f]{16}$/),
    medoid: fc.nat(items - 1),
    importance: fc.double({ min: 0, noNaN: true }),
    size: counts(most),
    lastActionAt: fc.double({ noNaN: true }),
    parts: fc.array(fc.tuple(fc.nat(items - 1), counts(most), weight), { maxLength: 20 }),
  });
/** Users whose counts take one byte, two and four. */
const user = fc
  .constantFrom(255, 65_535, 0xffffffff)
  .chain((most) => fc.array(interest(most), { maxLength: 8 }));

/** What the writer makes of a user, and what it adds to its sums. */
function write(writer: ProfileWriter, drawn: readonly Drawn[], factor: number): Buffer {
  writer.columns.fill(interestsOf(drawn), weightsOf(drawn));
  const bytes = writer.write({ ...head, basis: words });
  const view = new ProfileView();
  expect(view.set(writer.view, bytes.byteOffset)).toBe(true);
  writer.addMembers(view, factor);
  return Buffer.from(bytes.slice());
}

const encoded = (drawn: readonly Drawn[]): Buffer =>
  encodeProfile({ ...head, basis, interests: interestsOf(drawn), weights: weightsOf(drawn) });

function sumsOf(users: readonly (readonly Drawn[])[], factor: number): Float64Array {
  const sums = new Float64Array(items);
  const view = new ProfileView();
  for (const drawn of users) {
    const bytes = encoded(drawn);
    view.set(new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
    view.addMembers(sums, factor);
  }
  return sums;
}

test('gives what encoding gives, and adds what a view adds, to the last bit', () => {
  fc.assert(
    fc.property(fc.array(user, { maxLength: 6 }), fc.constantFrom(0, 0.3, 1, 2 ** 20), (users, factor) => {
      const writer = new ProfileWriter(createWriterMemory(items), items);
      for (const drawn of users) expect(write(writer, drawn, factor).equals(encoded(drawn))).toBe(true);
      writer.flush();
      expect(writer.sums).toEqual(sumsOf(users, factor));
    }),
  );
});

test.each([
  ['members', 16_384, 1],
  ['members', 16_385, 1],
  ['interests', 4096, 4096],
  ['interests', 4097, 4097],
])('a user of many %s is written all the same: %i of %i', (_, members, count) => {
  const parts = (from: number, to: number): Part[] =>
    Array.from({ length: to - from }, (__, i) => [(from + i) % items, (from + i) % 300, (from + i) / 7]);
  const large = Array.from({ length: count }, (__, i) => ({
    id: i.toString(16).padStart(16, '0'),
    medoid: i % items,
    importance: count - i,
    size: i,
    lastActionAt: i,
    parts: parts(Math.floor((members * i) / count), Math.floor((members * (i + 1)) / count)),
  }));
  const small = large.slice(0, 1).map((one) => ({ ...one, parts: one.parts.slice(0, 3) }));
  const writer = new ProfileWriter(createWriterMemory(items), items);
  for (const drawn of [small, large, small])
    expect(write(writer, drawn, 2 ** 20).equals(encoded(drawn))).toBe(true);
  writer.flush();
  expect(writer.sums).toEqual(sumsOf([small, large, small], 2 ** 20));
});

test('more members than can wait are added in time', () => {
  const drawn = [
    {
      id: basis,
      medoid: 1,
      importance: 1,
      size: 1,
      lastActionAt: 1,
      parts: Array.from({ length: 12_000 }, (_, i): Part => [i % items, 1, i / 7]),
    },
  ];
  const users = Array.from({ length: 12 }, () => drawn);
  const writer = new ProfileWriter(createWriterMemory(items), items);
  for (const one of users) write(writer, one, 2 ** 20);
  writer.flush();
  expect(writer.sums).toEqual(sumsOf(users, 2 ** 20));
});
