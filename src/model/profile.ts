import type { ItemKey } from './item.js';

/** A user's cluster with its medoid and importance (algorithm.md §3). */
export interface Interest {
  /** 16 hex digits; kept across recomputes while most members stay. */
  readonly id: string;
  /** The member nearest the mean. */
  readonly medoid: ItemKey;
  /** Σ w_i exp(−λ · age in days), at the profile's asOf. */
  readonly importance: number;
  /** Points in the cluster: distinct items, or actions under `repeats: count`. */
  readonly size: number;
  /** Epoch milliseconds. */
  readonly lastActionAt: number;
  /** Distinct items, in the order of the user's points (first action time, then id bytes). */
  readonly members: Uint32Array;
  /** Interest actions inside the window per member, parallel to `members`. */
  readonly counts: Uint32Array;
}

/** A user's interests, by falling importance. */
export interface Profile {
  readonly space: string;
  /** Digest of every option that shapes a profile. */
  readonly configHash: string;
  /** Epoch milliseconds: the instant the importances are valid for. */
  readonly asOf: number;
  /** Actions up to this sequence number are in. */
  readonly maxSeq: number;
  readonly interests: readonly Interest[];
}

/**
 * Where a user's interests come from (algorithm.md §5): `batch` as stored, nothing having changed since; `exact` the whole
 * window clustered again; `overlay` the stored clusters with the newest actions; `none` where there are none.
 */
export type InterestSource = 'batch' | 'exact' | 'overlay' | 'none';

/** Actions of a user that make no point, each counted under the first reason that applies. */
export interface LeftOut {
  /** Of a type whose role is not `interest`. */
  readonly role: number;
  readonly afterAsOf: number;
  readonly outsideWindow: number;
  readonly unembedded: number;
  /** On an item beyond `maxItems`. */
  readonly truncated: number;
}
