import { idProblem } from '../disk/ids.js';
import type { Refusal } from '../files/table.js';
import type { JsonValue } from '../model/item.js';
import { type ActionExtras, contextProblem } from './codec.js';

/** An action as it arrives, before any of it is trusted. */
export interface RawAction {
  readonly userId: string | null;
  readonly itemId: string | null;
  readonly type: string | null;
  /** Epoch milliseconds; NaN where it could not be read. */
  readonly timestamp: number;
  readonly eventId: string | null;
  /** NaN where there is none; text where it is not a number. */
  readonly weight: number | string;
  readonly recommendationId: string | null;
  /** As `weight`. */
  readonly position: number | string;
  readonly context: JsonValue | undefined;
}

export interface AcceptOptions {
  /** The wall clock, epoch ms: what is later than this and five minutes is "in the future". */
  readonly wallClockMs: number;
  /** Earliest time taken, epoch ms, inclusive. */
  readonly sinceMs?: number;
  /** Latest time taken, epoch ms, inclusive. */
  readonly untilMs?: number;
  /** When a user was erased, epoch ms: actions up to then are refused. Missing where nobody was. */
  readonly erasedAt?: ((userId: string) => number | null) | null;
}

const futureSlackMs = 5 * 60_000;

/** Why an action cannot be taken, or null where it can. */
export function actionRefusal(action: RawAction, options: AcceptOptions): Refusal | null {
  return (
    idRefusal('user', action.userId) ??
    idRefusal('item', action.itemId) ??
    idRefusal('type', action.type) ??
    timeRefusal(action.timestamp, options) ??
    erasedRefusal(action, options) ??
    extrasRefusal(action)
  );
}

function idRefusal(what: 'user' | 'item' | 'type' | 'event', id: string | null): Refusal | null {
  const field = what === 'type' ? 'type' : `${what}_id`;
  if (id === null)
    return { reason: `${what === 'type' ? 'type' : `${what}-id`}-missing`, detail: `got no ${field}` };
  const problem = idProblem(id);
  const reason = what === 'type' ? 'type-invalid' : `${what}-id-invalid`;
  return problem === null ? null : { reason, detail: `${field}: ${problem}` };
}

function timeRefusal(time: number, { wallClockMs, sinceMs, untilMs }: AcceptOptions): Refusal | null {
  if (Number.isNaN(time))
    return { reason: 'timestamp-unparsable', detail: 'timestamp: expected ISO 8601 or epoch s/ms' };
  if (time < 0) return { reason: 'timestamp-before-1970', detail: `timestamp: got ${time} ms, expected ≥ 0` };
  if (time > wallClockMs + futureSlackMs)
    return {
      reason: 'timestamp-in-future',
      detail: `timestamp: got ${isoTime(time)}, now is ${isoTime(wallClockMs)}`,
    };
  if (sinceMs !== undefined && time < sinceMs)
    return { reason: 'before-since', detail: `timestamp: ${isoTime(time)} is before --since` };
  if (untilMs !== undefined && time > untilMs)
    return { reason: 'after-until', detail: `timestamp: ${isoTime(time)} is after --until` };
  return null;
}

function erasedRefusal({ userId, timestamp }: RawAction, { erasedAt }: AcceptOptions): Refusal | null {
  const at = userId === null ? null : (erasedAt?.(userId) ?? null);
  if (at === null || timestamp > at) return null;
  return { reason: 'user-erased', detail: `timestamp: this user was erased at ${isoTime(at)}` };
}

function extrasRefusal(action: RawAction): Refusal | null {
  if (action.eventId !== null) {
    const refusal = idRefusal('event', action.eventId);
    if (refusal) return refusal;
  }
  const { weight, position } = action;
  if (typeof weight === 'string' || weight < 0 || Math.abs(weight) > 3.4e38)
    return { reason: 'weight-invalid', detail: `weight: got ${shown(weight)}, expected a finite number ≥ 0` };
  if (typeof position === 'string' || position < 0 || !(Number.isNaN(position) || Number.isInteger(position)))
    return {
      reason: 'position-invalid',
      detail: `position: got ${shown(position)}, expected an integer ≥ 0`,
    };
  const problem =
    action.context === undefined || action.context === null ? null : contextProblem(action.context);
  return problem === null ? null : { reason: 'context-invalid', detail: `context: ${problem}` };
}

function shown(got: number | string): string {
  return typeof got === 'string' ? JSON.stringify(got.slice(0, 80)) : `${got}`;
}

/** What of an action that can be taken is stored beside the fixed fields, or null where there is nothing. */
export function extrasOf(action: RawAction): ActionExtras | null {
  const extras: { -readonly [field in keyof ActionExtras]: ActionExtras[field] } = {};
  if (action.recommendationId !== null) extras.recommendationId = action.recommendationId;
  if (!Number.isNaN(action.position)) extras.position = action.position as number;
  if (action.context !== undefined && action.context !== null)
    extras.context = action.context as { readonly [field: string]: JsonValue };
  return Object.keys(extras).length > 0 ? extras : null;
}

function isoTime(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`;
}
