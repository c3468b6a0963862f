import { expect, test } from 'vitest';
import { TimestampReader } from '../../src/files/timestamps.js';

function read(values: ArrayLike<unknown>, unit?: 's' | 'ms') {
  const notes: string[] = [];
  const timestamps = new TimestampReader('log.csv, at', unit, (note) => notes.push(note)).read(values);
  return { values: Array.from(timestamps.ms, (ms, row) => timestamps.refusal(row)?.reason ?? ms), notes };
}

test('the first number decides the unit, and it is said once', () => {
  expect(read(['', null, '1767225600', 1767225601.25])).toEqual({
    values: ['timestamp-missing', 'timestamp-missing', 1767225600000, 1767225601250],
    notes: ['log.csv, at: numbers are read as seconds since 1970, as the first one (1767225600) suggests'],
  });
  const ms = read([1767225600000, '1767225600001']);
  expect(ms.values).toEqual([1767225600000, 1767225600001]);
  expect(ms.notes).toHaveLength(1);
});

test('a number in the other unit is told apart from rubbish', () => {
  expect(read([1767225600, 1767225600000, 'soon', true, 1 / 0]).values).toEqual([
    1767225600000,
    'timestamp-mixed-units',
    'timestamp-unparsable',
    'timestamp-unparsable',
    'timestamp-unparsable',
  ]);
  expect(read([1767225600000, 1767225600, 0]).values).toEqual([1767225600000, 'timestamp-mixed-units', 0]);
});

test('a stated unit is taken at its word, within what a time can be', () => {
  expect(read([1767225600, 1767225600000], 'ms')).toEqual({ values: [1767225600, 1767225600000], notes: [] });
  expect(read([1767225600, 1e13], 's').values).toEqual([1767225600000, 'timestamp-unparsable']);
});

test('a missing zone is said once, a stated one is not', () => {
  expect(read(['2026-01-01T00:00:00+01:00', '2026-01-01T00:00:00Z']).notes).toEqual([]);
  expect(read(['2026-01-01', '2026-01-01 10:00']).notes).toEqual([
    'log.csv, at: times without a zone are read as UTC',
  ]);
});

test('what has no time says what was got, and what was expected', () => {
  const reader = new TimestampReader('log.csv, at', undefined, () => {});
  const values = [
    null,
    '2026-02-30',
    'x'.repeat(50),
    [1],
    Number.POSITIVE_INFINITY,
    1767225600000,
    1767225600,
  ];
  const times = reader.read(values);
  const expected = 'expected ISO 8601 or epoch s/ms';
  expect(values.map((_, row) => times.refusal(row)?.detail)).toEqual([
    `timestamp: got none, ${expected}`,
    `timestamp: got "2026-02-30", ${expected}`,
    `timestamp: got "${'x'.repeat(40)}…", ${expected}`,
    `timestamp: got a list, ${expected}`,
    `timestamp: got Infinity, ${expected}`,
    undefined,
    'timestamp: got 1767225600, expected milliseconds as the first one of the file; see --time-unit',
  ]);
});

test('a number too small to tell its unit does not decide it for those that do', () => {
  const { values, notes } = read([0, 5, 1767225600000, 1767225600, 7]);
  expect(values).toEqual([0, 5000, 1767225600000, 'timestamp-mixed-units', 7]);
  expect(notes).toEqual([
    'log.csv, at: numbers are read as seconds since 1970, as the first one (0) suggests',
    'log.csv, at: numbers are read as milliseconds since 1970, as the first one (1767225600000) suggests',
  ]);
});
