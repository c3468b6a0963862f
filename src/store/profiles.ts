import type { UserKey } from '../model/item.js';
import type { Interest, Profile } from '../model/profile.js';
import type { ProfileBlock } from './block.js';
import type { StoredProfile } from './codec.js';

/** One batch run's profiles, all of them: written whole, then made current in one step. */
export interface Generation {
  /** Given once over all spaces. */
  readonly number: number;
  /** The generation whose profiles count where this one has none of a user; absent or null where it has all. */
  readonly base?: number | null;
  /** Profiles under its own number. */
  readonly written?: number;
  readonly space: string;
  readonly spaceGeneration: number;
  readonly configHash: string;
  /** Digest of all that decides the stored bytes beside a user's log, vectors and the clock; absent in older versions. */
  readonly conditions?: string;
  /** Rows of vectors that the space had. */
  readonly rows?: number;
  /** Decay per day that the importances were computed with. */
  readonly lambda: number;
  /** Epoch milliseconds. */
  readonly asOf: number;
  readonly maxSeq: number;
  /** Users with at least one interest. */
  readonly users: number;
  /** What the profiles were computed with; missing where a version that kept only the digest wrote them. */
  readonly options?: { readonly [name: string]: number | string };
}

/** Items by falling decayed popularity, for users of whom nothing is known. */
export interface Popularity {
  readonly items: Uint32Array;
  readonly scores: Float64Array;
}

/**
 * Sees what is stored of a user, as `encodeProfile` wrote it, and the generation under whose number it lies. The bytes are
 * the store's: they are gone when the visitor returns or reads anything else.
 */
export type ProfileVisitor = (user: UserKey, bytes: DataView, number: number) => void;

/** What a batch says of the generation that it begins. */
export type NewGeneration = Omit<Generation, 'number' | 'base' | 'written' | 'users' | 'space'>;

export interface GenerationWriter {
  /** Users in rising order over all calls; the bytes are taken over before it returns. @throws `internal` where they are not. */
  put(block: ProfileBlock): void;
  /** Makes the generation the current one of its space and removes what it does not need of the one before. */
  commit(popularity: Popularity, users: number): Generation;
  /** Removes what was written; the current generation stays. */
  abort(): void;
}

/** Where the profiles of one space live. A deployment may put another key-value store behind it. */
export interface ProfileStore {
  /** The generation that readers of this space see, or null before its first batch. */
  current(): Generation | null;
  /** A user's interests as of the current generation; null for a user without any. */
  get(user: UserKey): Profile | null;
  /** What a generation holds of a user. */
  stored(generation: Generation, user: UserKey): StoredProfile | null;
  /** Visits what a generation holds of users `from … to−1`, in any order. */
  visit(generation: Generation, from: UserKey, to: UserKey, visit: ProfileVisitor): void;
  /** All users with interests in the current generation, by rising user, even where a batch replaces it meanwhile. */
  all(): Iterable<{ readonly user: UserKey; readonly interests: readonly Interest[] }>;
  popularity(): Popularity | null;
  /** The vectors of the space are the same under another generation of it. Call inside `Directory.write`. */
  moveTo(from: number, to: number): void;
  /** Forgets all profiles of the space. */
  drop(): void;
  /**
   * `base`: a generation number whose profiles go on counting for users of whom none is put; it must be the current
   * generation's number or base.
   */
  begin(about: NewGeneration, base?: number | null): GenerationWriter;
}
