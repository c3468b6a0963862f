import type { UserKey } from '../model/item.js';
import type { Interest, Profile } from '../model/profile.js';
import type { StoredInterests } from './codec.js';

/** One batch run's profiles, all of them: written whole, then made current in one step. */
export interface Generation {
  /** Given once over all spaces. */
  readonly number: number;
  readonly space: string;
  readonly spaceGeneration: number;
  readonly configHash: string;
  /** Decay per day that the importances were computed with. */
  readonly lambda: number;
  /** Epoch milliseconds. */
  readonly asOf: number;
  readonly maxSeq: number;
  readonly users: number;
  /** What the profiles were computed with; missing where a version that kept only the digest wrote them. */
  readonly options?: { readonly [name: string]: number | string };
}

/** Items by falling decayed popularity, for users of whom nothing is known. */
export interface Popularity {
  readonly items: Uint32Array;
  readonly scores: Float64Array;
}

export interface ProfileEntry {
  readonly user: UserKey;
  /** From `encodeInterests`. */
  readonly bytes: Uint8Array;
}

export interface GenerationWriter {
  /** Users in rising order over all calls. */
  put(entries: readonly ProfileEntry[]): void;
  /** Makes the generation the current one of its space and removes the one before. */
  commit(popularity: Popularity): Generation;
  /** Removes what was written; the current generation stays. */
  abort(): void;
}

/** Where the profiles of one space live. A deployment may put another key-value store behind it. */
export interface ProfileStore {
  /** The generation that readers of this space see, or null before its first batch. */
  current(): Generation | null;
  get(user: UserKey): Profile | null;
  /** What a generation holds of a user, with what tells whether its clusters still hold. */
  stored(generation: Generation, user: UserKey): StoredInterests | null;
  /** All profiles of the current generation, by rising user, even where a batch replaces it meanwhile. */
  all(): Iterable<{ readonly user: UserKey; readonly interests: readonly Interest[] }>;
  popularity(): Popularity | null;
  /** The vectors of the space are the same under another generation of it. Call inside `Directory.write`. */
  moveTo(from: number, to: number): void;
  /** Forgets all profiles of the space. */
  drop(): void;
  begin(about: Omit<Generation, 'number' | 'users' | 'space'>): GenerationWriter;
}
