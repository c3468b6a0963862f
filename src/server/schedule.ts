import { PinnersageError } from '../errors.js';
import type { BatchReport } from '../pipeline/batch.js';
import type { Engine } from '../pipeline/engine.js';

/** A batch is due at every multiple of `everyMs` since 1970 plus `atMs`: of a day, at that time of day (UTC). */
export interface Schedule {
  readonly everyMs: number;
  readonly atMs: number;
}

export interface ScheduleHooks {
  readonly now: () => number;
  readonly onDone: (report: BatchReport) => void;
  readonly onSkipped: (why: string) => void;
  readonly onFailed: (error: unknown) => void;
}

/** The latest instant up to `nowMs` at which a batch was due. */
export function lastDueMs(nowMs: number, { everyMs, atMs }: Schedule): number {
  return Math.floor((nowMs - atMs) / everyMs) * everyMs + atMs;
}

/**
 * Looks, whenever it is called, whether a batch is due, and starts it. One that became due while nobody looked is due now,
 * also from before a restart; one that is due while another runs is skipped.
 */
export function createScheduler(engine: Engine, schedule: Schedule, hooks: ScheduleHooks): () => void {
  const { batch, actions } = engine.status();
  const never = actions > 0 ? Number.NEGATIVE_INFINITY : hooks.now();
  let doneMs = batch === null ? never : Date.parse(batch.asOf);
  return () => {
    const dueMs = lastDueMs(hooks.now(), schedule);
    if (dueMs <= doneMs) return;
    doneMs = dueMs;
    if (engine.status().batchRunning) return hooks.onSkipped('a batch was due while another ran');
    engine.batch({}).then(hooks.onDone, (error: unknown) => {
      const isRace = error instanceof PinnersageError && error.code === 'batch-running';
      if (isRace) hooks.onSkipped('a batch was due while another ran');
      else hooks.onFailed(error);
    });
  };
}
