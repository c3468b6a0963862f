import { describe, expect, test } from 'vitest';
import type { ActionTypes } from '../../src/model/action.js';
import {
  configHash,
  defaultProfileOptions,
  type ProfileOptions,
  resolveOptions,
  validateActionTypes,
} from '../../src/profile/options.js';

const types: ActionTypes = {
  save: { role: 'interest', weight: 1 },
  click: { role: 'interest', weight: 0.5 },
  hide: { role: 'exclude', weight: 1 },
};
const options = resolveOptions({ alpha: 0.4 });

test('what is not given takes its default', () => {
  expect(resolveOptions({ alpha: 0.4, medoids: 5 })).toEqual({
    ...defaultProfileOptions,
    alpha: 0.4,
    medoids: 5,
  });
  expect(options).toMatchObject({ windowDays: 90, lambda: 0.01, medoids: 3, repeats: 'distinct' });
});

test.each([
  { alpha: 0 },
  { alpha: -1 },
  { alpha: Number.NaN },
  { alpha: Number.POSITIVE_INFINITY },
  { windowDays: 0 },
  { windowDays: -3 },
  { windowDays: Number.NaN },
  { windowDays: Number.POSITIVE_INFINITY },
  { lambda: -0.01 },
  { lambda: Number.NaN },
  { lambda: Number.POSITIVE_INFINITY },
  { medoids: 0 },
  { medoids: 1.5 },
  { medoids: Number.NaN },
  { maxItemsPerUser: 0 },
  { onlineExactItems: -1 },
  { onlineActions: 0.5 },
  { repeats: 'twice' },
  { windowDays: 'most' },
])('%o is refused by name', (wrong) => {
  const [name, value] = Object.entries(wrong)[0];
  const given = { ...options, ...wrong } as ProfileOptions;
  expect(() => resolveOptions(given)).toThrow(
    expect.objectContaining({
      code: 'option-invalid',
      message: expect.stringContaining(
        `${name}: got ${typeof value === 'string' ? JSON.stringify(value) : value}, expected`,
      ),
    }),
  );
});

test.each([
  { windowDays: 'all' as const },
  { windowDays: 0.5 },
  { lambda: 0 },
  { medoids: 100 },
  { onlineExactItems: 0 },
  { onlineActions: 0 },
  { alpha: 5e-324 },
])('%o is allowed', (given) => {
  expect(resolveOptions({ ...options, ...given })).toMatchObject(given);
});

test.each([
  { role: 'interest', weight: -1 },
  { role: 'interest', weight: Number.NaN },
  { role: 'interests', weight: 1 },
])('action type %o is refused', (type) => {
  expect(() => validateActionTypes({ save: type } as ActionTypes)).toThrow(/of action type 'save': got/);
});

describe('configHash', () => {
  const hash = configHash(options, types);

  test.each([
    { alpha: 0.5 },
    { windowDays: 'all' as const },
    { lambda: 0.02 },
    { repeats: 'count' as const },
    { maxItemsPerUser: 10 },
  ])('moves with %o', (changed) => {
    expect(configHash({ ...options, ...changed }, types)).not.toBe(hash);
  });

  test('moves with the weight, the name and the number of interest types', () => {
    const { save, click, hide } = types;
    const others: ActionTypes[] = [
      { save, click: { role: 'interest', weight: 0.6 }, hide },
      { save, open: click, hide },
      { save, click, hide, play: save },
      { save, click: { role: 'impression', weight: 0.5 }, hide },
    ];
    for (const other of others) expect(configHash(options, other)).not.toBe(hash);
  });

  test('stays under options of sampling and update, order of types, and types that make no points', () => {
    const { save, click } = types;
    expect(configHash({ ...options, medoids: 7, onlineActions: 1, onlineExactItems: 9 }, types)).toBe(hash);
    expect(configHash(options, { click, save, seen: { role: 'impression', weight: 1 } })).toBe(hash);
  });

  test('is 16 hex digits', () => {
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
  });
});
