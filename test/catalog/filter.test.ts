import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { meets as nodeMeets, parseFilter } from '../../src/catalog/filter.js';
import { RowFilter } from '../../src/catalog/rowfilter.js';
import { openDirectory } from '../../src/disk/directory.js';
import type { JsonValue, Metadata } from '../../src/model/item.js';
import { tempDir } from '../helpers/temp.js';

type Json = { readonly [name: string]: unknown };

/** The plain twin: one item at a time, straight from the words of the documentation. */
function admits(filter: Json, item: Metadata): boolean {
  return Object.entries(filter).every(([name, value]) => {
    if (name === 'and') return (value as Json[]).every((part) => admits(part, item));
    if (name === 'or') return (value as Json[]).some((part) => admits(part, item));
    if (name === 'not') return !admits(value as Json, item);
    return meets(item[name], typeof value === 'object' ? (value as Json) : { in: [value] });
  });
}

function meets(field: JsonValue | undefined, test: Json): boolean {
  const held = (Array.isArray(field) ? field : [field]) as JsonValue[];
  const { in: oneOf, any, all, exists, ...bounds } = test as Record<string, JsonValue[]>;
  if (oneOf && !oneOf.some((value) => held.includes(value))) return false;
  if (any && !any.some((value) => held.includes(value))) return false;
  if (all && !all.every((value) => held.includes(value))) return false;
  if (exists !== undefined && (field === undefined || field === null) === (exists as unknown as boolean))
    return false;
  const limits = Object.entries(bounds) as [string, unknown][];
  return (
    limits.length === 0 || held.some((value) => limits.every(([name, bound]) => within(value, name, bound)))
  );
}

/** Date.parse alone takes "7" for a month. */
const instant = (text: string): number => (/^\d{4}-\d\d-/.test(text) ? Date.parse(text) : Number.NaN);

function within(value: JsonValue, name: string, bound: unknown): boolean {
  if (typeof value !== typeof bound) return false;
  const [a, b] = typeof bound === 'string' ? [instant(value as string), instant(bound)] : [value, bound];
  const x = a as number;
  const y = b as number;
  return { gte: x >= y, gt: x > y, lte: x <= y, lt: x < y }[name] ?? false;
}

const fields = ['lang', 'year', 'tags'];
const values = fc.constantFrom<string | number | boolean>('en', 'de', '', '7', 7, -1.5, 0, true, false);
const dates = fc.constantFrom(
  '2026-01-01',
  '2026-01-01T00:00:00Z',
  '2026-01-01T02:00:00+02:00',
  '2025-12-31',
);
const cell = fc.oneof(
  values,
  dates,
  fc.constant(null),
  fc.array(fc.oneof(values, dates), { maxLength: 4 }),
  fc.constant({ nested: 7 }),
) as fc.Arbitrary<JsonValue>;
const metadata = fc.dictionary(fc.constantFrom(...fields), cell);
const range = (bound: fc.Arbitrary<unknown>) =>
  fc.dictionary(fc.constantFrom('gte', 'gt', 'lte', 'lt'), bound, { minKeys: 1 });
const list = fc.array(fc.oneof(values, dates), { maxLength: 4 });
const fieldTest = fc.oneof(
  values,
  fc.record({ in: list, any: list, all: list, exists: fc.boolean() }, { requiredKeys: [] }),
  range(fc.constantFrom(-1.5, 0, 7)),
  range(dates),
);
const { filter } = fc.letrec<{ filter: Json }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.dictionary(fc.constantFrom(...fields, 'absent'), fieldTest, { maxKeys: 2 }),
    fc.record(
      {
        and: fc.array(tie('filter'), { maxLength: 3 }),
        or: fc.array(tie('filter'), { maxLength: 3 }),
        not: tie('filter'),
        lang: fieldTest,
      },
      { requiredKeys: [] },
    ),
  ) as fc.Arbitrary<Json>,
}));
const hasEmptyTest = (json: Json): boolean =>
  JSON.stringify(json).match(/"(lang|year|tags|absent)":\{\}/) !== null;

async function catalogOf(items: readonly Metadata[]): Promise<Catalog> {
  const catalog = new Catalog(await openDirectory(tempDir(), { mode: 'write' }));
  put(catalog, items);
  return catalog;
}

function put(catalog: Catalog, items: readonly Metadata[]): void {
  const upserts = items.map((fields, i) => ({
    itemId: `${i}`,
    metadata: fields,
    vector: Float32Array.of(1, i),
  }));
  catalog.upsert(upserts, catalog.spaceTable().spaces.s ?? catalog.spaceForWriting('s', 2, false, 'test'));
}

test('rows are those that a plain evaluator admits, one item at a time', async () => {
  const catalog = await catalogOf([]);
  const rowFilter = new RowFilter(catalog);
  fc.assert(
    fc.property(fc.array(metadata, { minLength: 1, maxLength: 12 }), filter, (items, json) => {
      fc.pre(!hasEmptyTest(json));
      put(catalog, items);
      const space = catalog.load();
      const found = rowFilter.rows(parseFilter(json), space);
      const admitted = items.map((_, i) => found.bits[space.rowOfItem[catalog.ids.find(`${i}`) ?? -1]]);
      expect(admitted).toEqual(items.map((item) => Number(admits(json, item))));
      expect(found.count).toBe(found.bits.reduce((sum, bit) => sum + bit, 0));
    }),
    { numRuns: 200 },
  );
});

test('what is deleted or changed is seen by the next question', async () => {
  const catalog = await catalogOf([{ lang: 'en' }, { lang: 'en' }, { lang: 'de' }]);
  const rowFilter = new RowFilter(catalog);
  const rows = () => [...rowFilter.rows(parseFilter({ lang: 'en' }), catalog.load()).bits];
  expect(rows()).toEqual([1, 1, 0]);
  expect(rowFilter.rows(parseFilter({ lang: 'en' }), catalog.load())).toBe(
    rowFilter.rows(parseFilter({ lang: { any: ['en', 'en'] } }), catalog.load()),
  );
  catalog.delete(['0']);
  expect(rows()).toEqual([0, 1, 0]);
  catalog.upsert([{ itemId: '2', metadata: { lang: 'en' }, vector: null }], null);
  expect(rows()).toEqual([0, 1, 1]);
  put(catalog, [{ lang: 'en' }, {}, { lang: 'de' }]); // the same vectors: the same rows
  expect(rows()).toEqual([1, 0, 0]);
});

test('filters follow a catalog that changes, item by item, without reading it anew', async () => {
  const catalog = await catalogOf([{ lang: 'en' }, { lang: 'de' }, { year: 7 }]);
  const follower = new RowFilter(catalog);
  const wanted = [{ lang: 'en' }, { not: { lang: 'en' } }, { year: { gte: 0 } }, { tags: { exists: true } }];
  let late = 0;
  const change = fc.record({ item: fc.nat(12), fields: fc.option(metadata, { nil: null }) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      for (const { item, fields } of changes)
        if (fields === null) catalog.delete([`${item}`]);
        else {
          const upsert = { itemId: `${item}`, metadata: fields, vector: Float32Array.of(1, item % 5) };
          catalog.upsert([upsert], catalog.space('s'));
        }
      const space = catalog.load();
      late = (late + 1) % 3;
      follower.keepUp(space);
      if (late === 0) return; // asked only now and then
      for (const json of wanted) {
        const anew = new RowFilter(catalog).rows(parseFilter(json), space);
        expect(follower.rows(parseFilter(json), space)).toEqual(anew);
      }
    }),
    { numRuns: 100 },
  );
  catalog.items = () => {
    throw new Error('the whole catalog is read');
  };
  catalog.upsert(
    [{ itemId: 'x', metadata: { lang: 'en' }, vector: Float32Array.of(0, 1) }],
    catalog.space('s'),
  );
  const space = catalog.load();
  const { bits } = follower.rows(parseFilter({ lang: 'en' }), space);
  expect(bits[space.rowOfItem[catalog.ids.find('x') ?? -1]]).toBe(1);
  const other = follower.rows(parseFilter({ lang: 'en', year: { gt: 7 } }), space);
  expect(other.bits[space.rowOfItem[catalog.ids.find('x') ?? -1]]).toBe(0);
});

test('filters with one text admit the same items', () => {
  const bound = fc.constantFrom(0, '1970-01-01', '1970-01-01T00:00Z');
  const alike = fc.oneof(
    fc.constantFrom(0, '0', true, 'true', '1970-01-01'),
    fc.record({ in: fc.constantFrom([0], ['0', 0], [0, '0'], []) }),
    fc.record({ all: fc.constantFrom([0], ['0', 0], [0, '0']) }),
    fc.record({ exists: fc.boolean() }),
    ...(['gte', 'gt', 'lte', 'lt'] as const).map((name) => fc.record({ [name]: bound })),
  );
  const field = fc.constantFrom('a', 'b');
  const simple = fc.dictionary(field, alike, { minKeys: 1, maxKeys: 2 });
  const parts = fc.array(simple, { maxLength: 2 });
  const some = fc.oneof(
    simple,
    fc.record({ not: simple }),
    fc.record({ and: parts }),
    fc.record({ or: parts }),
  ) as fc.Arbitrary<Json>;
  const items = [undefined, null, 0, 1, -1, '0', true, 'true', '1970-01-01', '1969-12-31', '1970-01-02']
    .flatMap((a) => [undefined, 0, '0', '1970-01-01', true].map((b) => [a, b]))
    .map(([a, b]) => ({ ...(a === undefined ? {} : { a }), ...(b === undefined ? {} : { b }) }) as Metadata);
  const byText = new Map<string, string>();
  let again = 0;
  fc.assert(
    fc.property(some, (json) => {
      const node = parseFilter(json);
      const admitted = items.map((item) => Number(nodeMeets(node, item))).join('');
      if (byText.has(node.text)) again++;
      expect(admitted).toBe(byText.get(node.text) ?? admitted);
      byText.set(node.text, admitted);
    }),
    { numRuns: 2000, seed: 3 },
  );
  expect(again).toBeGreaterThan(500);
});

test('a date is what ISO 8601 calls one, wherever the process runs', () => {
  vi.stubEnv('TZ', 'Pacific/Kiritimati'); // 14 hours ahead of UTC
  try {
    expect(new Date('2026-01-01T00:00Z').getHours()).toBe(14);
    const admitted = (filter: Json, values: readonly string[]): string[] =>
      values.filter((a) => nodeMeets(parseFilter(filter), { a }));
    const midnight = ['2026-01-01', '2026-01-01T00:00', '2026-01-01 00:00:00', '2026-01-01T14:00+14:00'];
    expect(admitted({ a: { gte: '2026-01-01T00:00Z', lte: '2026-01-01' } }, midnight)).toEqual(midnight);
    expect(admitted({ a: { gte: '2026-01-01T00:00', lte: '2026-01-01 00:00' } }, midnight)).toEqual(midnight);
    const names = [
      '7',
      '1984',
      'Chapter 7',
      'May 2026',
      'Thu, 01 Jan 2026 00:00:00 GMT',
      '2026-02-30',
      '+002026-01-01',
    ];
    expect(admitted({ a: { gte: '0000-01-01' } }, names)).toEqual([]);
    expect(admitted({ not: { a: { gte: '0000-01-01' } } }, names)).toEqual(names);
    for (const name of names)
      expect(() => parseFilter({ a: { lt: name } })).toThrow(/expected a finite number or a date/);
  } finally {
    vi.unstubAllEnvs();
  }
});

describe('one text for filters that mean the same', () => {
  const text = (json: Json) => parseFilter(json).text;
  test.each([
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [{ a: 'x' }, { a: { in: ['x', 'x'] } }],
    [{ a: { in: ['x', 'y'] } }, { a: { any: ['y', 'x'] } }],
    [{ a: { gte: 1, lt: 2 } }, { a: { lt: 2, gte: 1 } }],
    [{ a: { lt: '2026-01-01' } }, { a: { lt: '2026-01-01T00:00Z' } }],
    [{ and: [{ a: 1 }, { and: [{ b: 2 }] }] }, { a: 1, b: 2 }],
    [{ not: { not: { a: 1 } } }, { a: 1 }],
    [{ not: { a: { exists: false } } }, { a: { exists: true } }],
  ])('%j and %j', (a, b) => {
    expect(text(a)).toBe(text(b));
  });
  test.each([
    [{ a: 7 }, { a: '7' }],
    [{ a: { lt: 1 } }, { a: { lte: 1 } }],
    [{ a: true }, { a: 'true' }],
    [{ or: [{ a: 1 }, { b: 1 }] }, { a: 1, b: 1 }],
    [{ a: { in: ['x', 'y'] } }, { a: { all: ['x', 'y'] } }],
    [{ 'a"=': 1 }, { a: '"=1' }],
    [{ a: { gte: 0 } }, { a: { gte: '1970-01-01' } }],
  ])('but another for %j and %j', (a, b) => {
    expect(text(a)).not.toBe(text(b));
  });
});

test.each<[unknown, string]>([
  ['en', 'filter: got "en", expected an object of fields'],
  [null, 'filter: got null'],
  [{ lang: null }, 'filter.lang: got null (for "not there", use {"exists": false})'],
  [{ lang: ['en'] }, 'filter.lang: got a list (for "any of these", use {"in": [...]})'],
  [{ lang: {} }, 'filter.lang: got no operator, expected one or more of in, any, all, gte'],
  [
    { or: [{ a: 1 }, { year: { above: 3 } }] },
    'filter.or[1].year.above: got an operator that does not exist',
  ],
  [{ and: { a: 1 } }, 'filter.and: got an object, expected a list of filters'],
  [{ tags: { any: 'x' } }, 'filter.tags.any: got "x", expected a list'],
  [{ tags: { any: ['x', null] } }, 'filter.tags.any[1]: got null'],
  [{ year: { gte: 'soon' } }, 'filter.year.gte: got "soon", expected a finite number or a date'],
  [{ year: { gte: Number.NaN } }, 'filter.year.gte: got NaN'],
  [{ year: { gte: 1, lt: '2026-01-01' } }, 'filter.year: got a number and a date as bounds'],
  [{ a: { exists: 1 } }, 'filter.a.exists: got 1, expected true or false'],
])('%j is refused by its place', (json, message) => {
  expect(() => parseFilter(json)).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  expect(() => parseFilter(json)).toThrow(message);
});

test('nesting without end is refused', () => {
  let deep: Json = { a: 1 };
  for (let i = 0; i < 10_000; i++) deep = { not: deep };
  expect(() => parseFilter(deep)).toThrow('more than 32 levels');
});
