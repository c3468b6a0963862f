import { PinnersageError } from '../errors.js';
import type { UserAtCut } from './contender.js';

/** What something was computed from. */
export interface Provenance {
  /** In words, for the message: 'popularity', 'space "text"'. */
  readonly what: string;
  /** Newest datum that went in, epoch ms; −∞ where nothing dated did; null where that is not known. */
  readonly newestMs: number | null;
}

/** @throws `leak` where anything is newer than the cut. What carries no date cannot be checked: see `undated`. */
export function guardModels(cutMs: number, sources: readonly Provenance[]): void {
  for (const { what, newestMs } of sources)
    if (newestMs !== null && newestMs > cutMs) refuse(what, newestMs, cutMs);
}

/** Sources that say nothing of their age; a report names them. */
export function undated(sources: readonly Provenance[]): string[] {
  return sources.filter(({ newestMs }) => newestMs === null).map(({ what }) => what);
}

/** Checks the actions themselves, whoever cut them. @throws `leak`. */
export function guardUser({ asOfMs, log, points, userId: _, models }: UserAtCut): void {
  for (let i = 0; i < log.length; i++)
    if (log.times[i] > asOfMs) refuse("a user's log", log.times[i], asOfMs);
  for (const time of points.times) if (time > asOfMs) refuse("a user's points", time, asOfMs);
  if (models.cutMs > asOfMs) refuse('the global models', models.cutMs, asOfMs);
}

function refuse(what: string, newestMs: number, cutMs: number): never {
  throw new PinnersageError(
    'leak',
    `${what}: got something of ${iso(newestMs)}, expected nothing later than the cut at ${iso(cutMs)}`,
  );
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
