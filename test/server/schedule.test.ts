import { expect, test } from 'vitest';
import { PinnersageError } from '../../src/errors.js';
import type { BatchReport } from '../../src/pipeline/batch.js';
import type { EngineStatus } from '../../src/pipeline/engine.js';
import { createScheduler, lastDueMs } from '../../src/server/schedule.js';
import { fakeEngine, status } from './fake.js';

const hour = 3_600_000;
const daily = { everyMs: 24 * hour, atMs: 3 * hour };
const instant = (iso: string): number => Date.parse(`${iso}:00Z`);

test('a daily batch at three is due at three, and every six hours from there with another period', () => {
  const due = (iso: string, schedule = daily): string =>
    new Date(lastDueMs(instant(iso), schedule)).toISOString();
  expect(due('2026-06-30T02:59')).toBe('2026-06-29T03:00:00.000Z');
  expect(due('2026-06-30T03:00')).toBe('2026-06-30T03:00:00.000Z');
  expect(due('2026-07-01T02:59')).toBe('2026-06-30T03:00:00.000Z');
  expect(due('2026-06-30T20:00', { everyMs: 6 * hour, atMs: 3 * hour })).toBe('2026-06-30T15:00:00.000Z');
});

/** A scheduler whose clock and engine a test moves; what happened, in order. */
function scheduled(start: string, engineStatus: Partial<EngineStatus>) {
  const happened: string[] = [];
  let nowMs = instant(start);
  let current: EngineStatus = { ...status, ...engineStatus };
  let fails: Error | null = null;
  const engine = fakeEngine({
    status: () => current,
    batch: async () => {
      happened.push('batch');
      if (fails) throw fails;
      return {} as BatchReport;
    },
  });
  const look = createScheduler(engine, daily, {
    now: () => nowMs,
    onDone: () => happened.push('done'),
    onSkipped: () => happened.push('skipped'),
    onFailed: () => happened.push('failed'),
  });
  const at = async (iso: string): Promise<string[]> => {
    nowMs = instant(iso);
    look();
    await Promise.resolve();
    await Promise.resolve();
    return happened.splice(0);
  };
  const set = (next: Partial<EngineStatus>): void => {
    current = { ...current, ...next };
  };
  return {
    at,
    set,
    fail: (error: Error | null): void => {
      fails = error;
    },
  };
}

test('a batch runs once when it is due', async () => {
  const { at } = scheduled('2026-06-30T01:00', {}); // the last one is as of midnight
  expect(await at('2026-06-30T02:59')).toEqual([]);
  expect(await at('2026-06-30T03:00')).toEqual(['batch', 'done']);
  expect(await at('2026-06-30T03:01')).toEqual([]);
  expect(await at('2026-07-01T03:00')).toEqual(['batch', 'done']);
});

test('one that was missed runs at once, however many were; an empty log waits for its time', async () => {
  const missed = scheduled('2026-07-05T12:00', {});
  expect(await missed.at('2026-07-05T12:00')).toEqual(['batch', 'done']);
  expect(await missed.at('2026-07-05T12:01')).toEqual([]);
  const first = scheduled('2026-07-05T12:00', { batch: null });
  expect(await first.at('2026-07-05T12:00')).toEqual(['batch', 'done']);
  const empty = scheduled('2026-07-05T12:00', { batch: null, actions: 0 });
  expect(await empty.at('2026-07-05T12:00')).toEqual([]);
  expect(await empty.at('2026-07-06T03:00')).toEqual(['batch', 'done']);
});

test('one that is due while another runs is skipped; one that fails is tried at the next time', async () => {
  const { at, set, fail } = scheduled('2026-06-30T01:00', { batchRunning: true });
  expect(await at('2026-06-30T03:00')).toEqual(['skipped']);
  set({ batchRunning: false });
  expect(await at('2026-06-30T03:01')).toEqual([]);
  fail(new PinnersageError('batch-running', 'another began in between'));
  expect(await at('2026-07-01T03:00')).toEqual(['batch', 'skipped']);
  fail(new PinnersageError('disk-full', 'no room'));
  expect(await at('2026-07-02T03:00')).toEqual(['batch', 'failed']);
  fail(null);
  expect(await at('2026-07-03T03:00')).toEqual(['batch', 'done']);
});
