import type { JsonValue } from './item.js';

/**
 * What an action type does (algorithm.md §1): `interest` actions are clustered, `exclude` bars the item from the
 * user's candidates, `impression` is kept for evaluation only.
 */
export type Role = 'interest' | 'exclude' | 'impression';

export interface ActionType {
  readonly role: Role;
  /** Multiplies an action's own weight in the importance, never in the geometry. Finite, ≥ 0. */
  readonly weight: number;
}

export type ActionTypes = { readonly [type: string]: ActionType };

export interface Action {
  readonly userId: string;
  readonly itemId: string;
  readonly type: string;
  /** Epoch milliseconds, UTC; from 0 to below `leastTimeMs` it looks like seconds, and is refused. */
  readonly timestamp: number;
  /** With it, (user, timestamp, eventId) is the event's identity; else (user, timestamp, item, type). */
  readonly eventId?: string;
  /** Finite, ≥ 0; 1 by default. */
  readonly weight?: number;
  readonly recommendationId?: string;
  /** Place in the list that was shown, from 0. */
  readonly position?: number;
  /** Flat JSON, at most 1 KiB. */
  readonly context?: { readonly [field: string]: JsonValue };
}

/**
 * One user's actions as columns, in (time, arrival) order: what the log yields and `profile/` reads.
 * Only the first `length` entries of every column count; a reader may hand out the same buffers again.
 */
export interface UserLog {
  readonly length: number;
  /** Item keys. */
  readonly items: Uint32Array;
  /** Epoch milliseconds. */
  readonly times: Float64Array;
  /** Codes into the directory's list of action types. */
  readonly types: Uint16Array;
  /** The action's own weight (1 by default), not yet multiplied by its type's. */
  readonly weights: Float32Array;
  /** Order of acceptance, monotone over the whole directory. */
  readonly seqs: Float64Array;
}

/** March 1973, epoch ms: a number from 0 to below it says a time in seconds, to all appearances. */
export const leastTimeMs = 1e11;

/** One day of algorithm.md §1, in milliseconds. */
export const dayMs = 86_400_000;
