import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasZone, parseIso } from '../../src/files/iso.js';

const times = fc.date({
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});

test('every time that Date writes is read back, with T or a space, in any zone', () => {
  fc.assert(
    fc.property(
      times,
      fc.constantFrom('T', ' ', 't'),
      fc.integer({ min: -1439, max: 1439 }),
      (date, gap, east) => {
        const text = date.toISOString();
        const zone = `${east < 0 ? '-' : '+'}${String(Math.floor(Math.abs(east) / 60)).padStart(2, '0')}:${String(
          Math.abs(east) % 60,
        ).padStart(2, '0')}`;
        const local = text.slice(0, -1).replace('T', gap);
        expect(parseIso(text.replace('T', gap))).toBe(date.getTime());
        expect(parseIso(local)).toBe(date.getTime());
        expect(parseIso(local + zone)).toBe(date.getTime() - east * 60_000);
        expect(parseIso(local + zone.replace(':', ''))).toBe(date.getTime() - east * 60_000);
        expect(parseIso(text.slice(0, 10))).toBe(Date.parse(text.slice(0, 10)));
        expect(parseIso(`${text.slice(0, 16)}Z`)).toBe(Date.parse(`${text.slice(0, 16)}Z`));
      },
    ),
  );
});

test('one changed character is either still the same as Date reads it, or refused', () => {
  const changed = fc.tuple(times, fc.nat(23), fc.constantFrom(...'0123456789-:TZ .+x'));
  fc.assert(
    fc.property(changed, ([date, at, character]) => {
      const text = date.toISOString();
      const mutated = text.slice(0, at) + character + text.slice(at + 1);
      const time = parseIso(mutated);
      if (Number.isNaN(time)) return;
      const zoned = hasZone(mutated) ? mutated : `${mutated}Z`;
      expect(time).toBe(Date.parse(`${zoned.slice(0, 10)}T${zoned.slice(11).replace(' ', '')}`));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['2026-02-28 22:15:54', Date.UTC(2026, 1, 28, 22, 15, 54)],
  ['2026-02-28 22:15:54 UTC', Date.UTC(2026, 1, 28, 22, 15, 54)],
  ['2026-02-28T22:15:54.123456789Z', Date.UTC(2026, 1, 28, 22, 15, 54, 123)],
  ['2026-02-28T22:15:54.5+02', Date.UTC(2026, 1, 28, 20, 15, 54, 500)],
  ['2024-02-29', Date.UTC(2024, 1, 29)],
])('%s', (text, time) => {
  expect(parseIso(text)).toBe(time);
});

test.each([
  '',
  '2026',
  '2026-2-28',
  '2026-02-29',
  '2026-13-01',
  '2026-00-10',
  '2026-01-01T24:00:00',
  '2026-01-01T10:60',
  '2026-01-01T10:00:61',
  '2026-01-01T10',
  '2026-01-01T10:00:00.',
  '2026-01-01T10:00:00+2',
  '2026-01-01T10:00:00+24:00',
  '2026-01-01T10:00:00 ',
  '2026-01-01T10:00:00Zx',
  '2026-01-01x',
  '01/02/2026',
  'yesterday',
])('refuses %j', (text) => {
  expect(parseIso(text)).toBeNaN();
});

test('says whether a zone was stated', () => {
  expect(['2026-01-01', '2026-01-01 10:00', '2026-01-01T10:00:00.123'].map(hasZone)).toEqual([
    false,
    false,
    false,
  ]);
  expect(['2026-01-01T10:00Z', '2026-01-01T10:00-05:00', '2026-01-01 10:00 UTC'].map(hasZone)).toEqual([
    true,
    true,
    true,
  ]);
});
