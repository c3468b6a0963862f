import type { VectorSearch } from '../ann/search.js';
import type { Rng } from '../math/rng.js';
import type { UserLog } from '../model/action.js';
import type { EmbeddingTable, ItemKey, UserKey } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import type { Recipe } from '../model/recipe.js';
import type { ProfileOptions } from '../profile/options.js';
import type { Points } from '../profile/points.js';
import type { NeighborCache } from '../retrieve/cache.js';
import type { PopularityPrior } from '../retrieve/prior.js';
import type { PopularItems } from '../retrieve/retrieve.js';

/** What is the same for all users from one refit to the next; computed from nothing later than `cutMs`. */
export interface GlobalModels {
  /** Epoch milliseconds: the last instant that is known. */
  readonly cutMs: number;
  readonly space: string;
  readonly spaceGeneration: number;
  /** Whether all rows have norm 1. */
  readonly normalized: boolean;
  readonly table: EmbeddingTable;
  readonly search: VectorSearch;
  readonly cache: NeighborCache;
  /** Items by falling decayed popularity at `cutMs`. */
  readonly popular: PopularItems;
  /** Decayed popularity at `cutMs` per item number. */
  readonly popularity: Float64Array;
  /** How often each item was shown up to `cutMs`: impressions where the log has any, else interest actions. */
  readonly exposure: Float64Array;
  /** Popularity as a part of the search; made when it is first asked for. */
  readonly prior: () => PopularityPrior;
}

export type SharedRecipe = Partial<Pick<Recipe, 'prior' | 'popularShare' | 'diversity'>>;

/** Everything that may be known of a user at a cut: nothing in here is later than `asOfMs`. Read it before `fit` returns. */
export interface UserAtCut {
  readonly user: UserKey;
  readonly userId: string;
  /** Epoch milliseconds: the last instant before the step whose actions are to be foretold. */
  readonly asOfMs: number;
  /** All actions up to `asOfMs`, in time order. */
  readonly log: UserLog;
  /** The distinct items of the window that have a vector; at least one. */
  readonly points: Points;
  /** points × dim, row-major. */
  readonly vectors: Float32Array;
  /** Items that must not come back: what the user acted on or excluded. */
  readonly barred: ReadonlySet<ItemKey>;
  readonly models: GlobalModels;
  /** The options of the run; a contender may use others of its own. */
  readonly options: ProfileOptions;
  /** What the run sets for the retrieval of every contender, so that no side has it alone. */
  readonly shared: SharedRecipe;
  /** Cosines of an item that has a vector to every point, in their order. */
  cosines(item: ItemKey): Float32Array;
  /** What production infers from these points; `alpha` and `lambda` default to the run's. Clustered once per alpha. */
  interests(options?: Partial<Pick<ProfileOptions, 'alpha' | 'lambda'>>): readonly Interest[];
}

/** What a contender knows of a user, ready to answer. */
export interface UserModel {
  /** `count` items, best first, none of them barred; fewer only where there are no more. Its first k are its answer for k. */
  candidates(count: number, rng: Rng): ArrayLike<ItemKey>;
  /** How much the user is thought to like an item that has a vector; only the order counts. */
  score(item: ItemKey): number;
}

export interface Contender {
  /** Short and unique: for `--baseline`, tables and files. */
  readonly name: string;
  /** One line for the report. */
  readonly about: string;
  /** How many seeded draws are averaged where `candidates` uses its generator. Default: 1. Range: integer ≥ 1. */
  readonly draws?: number;
  /** Whether it is told what is to be foretold: a bound, not a rival. Default: false. */
  readonly knowsFuture?: boolean;
  /** `targets`: the items acted on in the step, empty unless `knowsFuture`. */
  fit(user: UserAtCut, targets: readonly ItemKey[]): UserModel;
}

/**
 * Where contenders come from. Threads cannot be handed functions, so each imports the module (an absolute URL), takes
 * its export `contenders` and calls it with `args` (plain data).
 */
export interface ContenderSource {
  readonly module: string;
  readonly args?: unknown;
}

export type ContenderModule = {
  readonly contenders: (args?: unknown) => readonly Contender[];
};
