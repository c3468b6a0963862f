import { idProblem } from '../disk/ids.js';
import { shown } from '../errors.js';
import type { Refusal } from '../files/table.js';
import type { JsonValue } from '../model/item.js';
import { type ActionExtras, contextProblem } from './codec.js';

/** An action as it arrives, before any of it is trusted. */
export interface RawAction {
  readonly userId: string | null;
  readonly itemId: string | null;
  readonly type: string | null;
  /** Epoch milliseconds, or why whoever reads times of this form could not read it. */
  readonly timestamp: number | Refusal;
  readonly eventId: string | null;
  /** null or undefined where there is none; what is there but is not a number is refused. */
  readonly weight: unknown;
  readonly recommendationId: string | null;
  /** As `weight`. */
  readonly position: unknown;
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
/** Weights are stored as float32. */
const greatestWeight = 3.4e38;

/** Why an action cannot be taken, or null where it can. */
export function actionRefusal(action: RawAction, options: AcceptOptions): Refusal | null {
  return (
    idRefusal('user_id', action.userId) ??
    idRefusal('item_id', action.itemId) ??
    idRefusal('type', action.type) ??
    timeRefusal(action.timestamp, options) ??
    erasedRefusal(action, options) ??
    extrasRefusal(action)
  );
}

function idRefusal(field: string, id: string | null): Refusal | null {
  const what = field.replace('_', '-');
  if (id === null) return { reason: `${what}-missing`, detail: `got no ${field}` };
  const problem = idProblem(id);
  return problem === null ? null : { reason: `${what}-invalid`, detail: `${field}: ${problem}` };
}

function timeRefusal(time: number | Refusal, options: AcceptOptions): Refusal | null {
  if (typeof time !== 'number') return time;
  const { wallClockMs, sinceMs, untilMs } = options;
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
  if (at === null || (timestamp as number) > at) return null;
  return { reason: 'user-erased', detail: `timestamp: this user was erased at ${isoTime(at)}` };
}

function extrasRefusal(action: RawAction): Refusal | null {
  const { eventId, weight, recommendationId, position, context } = action;
  const refusal =
    (eventId === null ? null : idRefusal('event_id', eventId)) ??
    (recommendationId === null ? null : idRefusal('recommendation_id', recommendationId));
  if (refusal) return refusal;
  if (!isNone(weight) && !(typeof weight === 'number' && weight >= 0 && weight <= greatestWeight))
    return { reason: 'weight-invalid', detail: `weight: got ${shown(weight)}, expected a finite number ≥ 0` };
  if (!isNone(position) && !(Number.isInteger(position) && (position as number) >= 0))
    return {
      reason: 'position-invalid',
      detail: `position: got ${shown(position)}, expected an integer ≥ 0`,
    };
  const problem = isNone(context) ? null : contextProblem(context);
  return problem === null ? null : { reason: 'context-invalid', detail: `context: ${problem}` };
}

function isNone(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** What of an action that can be taken is stored beside the fixed fields, or null where there is nothing. */
export function extrasOf(action: RawAction): ActionExtras | null {
  const extras: { -readonly [field in keyof ActionExtras]: ActionExtras[field] } = {};
  if (action.recommendationId !== null) extras.recommendationId = action.recommendationId;
  if (!isNone(action.position)) extras.position = action.position as number;
  if (!isNone(action.context)) extras.context = action.context as { readonly [field: string]: JsonValue };
  return Object.keys(extras).length > 0 ? extras : null;
}

function isoTime(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`;
}
