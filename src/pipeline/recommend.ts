import type { ActionLog } from '../actions/log.js';
import type { VectorSearch } from '../ann/search.js';
import type { Catalog } from '../catalog/catalog.js';
import type { FilterNode } from '../catalog/filter.js';
import type { AdmittedRows } from '../catalog/keptrows.js';
import { RowFilter } from '../catalog/rowfilter.js';
import type { LoadedSpace } from '../catalog/space.js';
import type { Directory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import { deriveSeed, hashHex } from '../math/hash.js';
import { createRng } from '../math/rng.js';
import type { Candidate, Fallback, Recommendation } from '../model/candidate.js';
import type { Filter } from '../model/filter.js';
import type { ItemKey } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import type { Recipe } from '../model/recipe.js';
import { requestSeed } from '../profile/sample.js';
import { type Admitted, type CacheStats, NeighborCache } from '../retrieve/cache.js';
import { type Pick as Picked, Picks } from '../retrieve/picks.js';
import type { PopularityPrior } from '../retrieve/prior.js';
import { recipeText } from '../retrieve/recipe.js';
import { type RetrieveInput, retrieveBy } from '../retrieve/retrieve.js';
import type { Generation, Popularity, ProfileStore } from '../store/profiles.js';
import { checkOneOf, checkTexts } from './guard.js';
import { indexesOf } from './indexfiles.js';
import { type LiveBasis, LiveProfiles, type LiveUser } from './live.js';
import { filterNode, poolNode } from './pools.js';
import { KeptPopularity } from './popularity.js';
import { Priors, type RecipeRequest, recipeNames, recipeOf } from './recipes.js';
import type { Searches, SearchRows } from './searches.js';

/** What is wanted and, where other than the default, how: see `Recipe` for the options of the method. */
export interface RecommendOptions extends RecipeRequest {
  /** Candidates wanted. Default: 100. Range: integer ≥ 1. */
  readonly count?: number;
  /** The space of profiles and vectors. Default: the active one. */
  readonly space?: string;
  /** Replays a draw. Default: derived from the user and `nowMs`. Range: safe integer ≥ 0. */
  readonly seed?: number;
  /** Only items whose metadata meet it. Default: all. `count` items come back while it admits that many. */
  readonly filter?: Filter;
  /** The name of a stored filter, which must hold as well. Default: none. */
  readonly pool?: string;
  /** Items that must not come back, say because they are on the page already. Default: none. */
  readonly exclude?: readonly string[];
  /** Whether items that the user acted on with interest may come back. Default: 'exclude'. */
  readonly seen?: SeenPolicy;
  /** Whether each item names the user's own items behind it. Default: false. */
  readonly explain?: boolean;
  /** The clock, epoch ms. Default: the wall clock. Effect: the newest action that counts; the seed, where none is given. */
  readonly nowMs?: number;
}

export const seenPolicies = ['exclude', 'include'] as const;
export type SeenPolicy = (typeof seenPolicies)[number];

export const defaultCount = 100;
/** How many of the user's own items an explained candidate names. */
const becauseCount = 3;

/** What answers are made from; the same object as long as it holds the same. */
export interface ServingState {
  readonly space: LoadedSpace;
  readonly search: VectorSearch;
  /** Names the indexes that serve. */
  readonly indexes: string;
  readonly basis: LiveBasis;
  readonly popularity: () => Popularity;
  readonly prior: () => PopularityPrior;
}

/** A request with its defaults filled in and its ids turned into numbers. */
export interface PreparedRequest {
  readonly userId: string;
  readonly count: number;
  readonly recipe: Recipe;
  readonly seed: number;
  readonly seen: SeenPolicy;
  readonly excluded: readonly ItemKey[];
  readonly because: number;
  readonly filter: FilterNode | null;
  /** Both as they were given. */
  readonly given: { readonly filter: Filter | null; readonly pool: string | null };
}

/** A recommendation whose items are still numbers. To be read before the next is made: it has the same `picks`. */
export interface Answer {
  readonly head: Omit<Recommendation, 'items'>;
  readonly picks: Picks;
}

/** Answers requests for candidates from what the last batch wrote and what users did since. */
export class Recommender {
  readonly live: LiveProfiles;
  private readonly directory: Directory;
  private readonly catalog: Catalog;
  private readonly log: ActionLog;
  private readonly profiles: (space: string) => ProfileStore;
  private readonly rowFilter: RowFilter;
  private readonly searches: Searches;
  private readonly cache = new NeighborCache();
  private readonly priors = new Priors();
  private readonly popularity = new KeptPopularity();
  private readonly picks = new Picks();

  constructor(
    directory: Directory,
    catalog: Catalog,
    log: ActionLog,
    profiles: (space: string) => ProfileStore,
    searches: Searches,
  ) {
    this.directory = directory;
    this.catalog = catalog;
    this.log = log;
    this.profiles = profiles;
    this.searches = searches;
    this.rowFilter = new RowFilter(catalog);
    searches.usePools((pool, space) => this.poolRows(pool, space).live);
    this.live = new LiveProfiles(directory, catalog.ids, log, profiles);
  }

  cacheStats(): CacheStats {
    return this.cache.stats();
  }

  recommend(userId: string, options: RecommendOptions): Recommendation {
    const state = this.state(this.catalog.load(options.space));
    const nowMs = options.nowMs ?? Date.now();
    const request = this.prepare(userId, { ...options, nowMs }, state.basis);
    const live = this.live.of(this.log.users.find(userId), state.space, nowMs, state.basis);
    return this.present(this.answerHere(state, request, live));
  }

  /** The answer with the searches and filters of this recommender, and a memory for no other. */
  answerHere(state: ServingState, request: PreparedRequest, live: LiveUser, cache = this.cache): Answer {
    const { filter } = request;
    const admit = filter && { text: filter.text, rows: this.admit(filter, state.space) };
    this.keepUp(state.space, cache);
    return this.answer(state, request, live, admit, cache);
  }

  /** Follows the changes of a space: what `cache` and the filters remember need not be found anew. */
  keepUp(space: LoadedSpace, cache = this.cache): void {
    this.rowFilter.keepUp(space);
    const { id, generation } = space.info;
    cache.keepUp(space, indexesOf(this.directory, id, generation));
  }

  /** The live rows of a space that a filter admits. */
  admit(filter: FilterNode, space: LoadedSpace): AdmittedRows {
    return this.rowFilter.rows(filter, space);
  }

  /** The live rows of a pool. @throws `pool-unknown`. */
  poolRows(pool: string, space: LoadedSpace): SearchRows {
    return { pool, live: this.admit(poolNode(this.directory, pool), space).bits };
  }

  /** The space with a search over it, and what its profiles go by. */
  state(space: LoadedSpace): ServingState {
    const store = this.profiles(space.info.name);
    const search = this.searches.of(space);
    const { id, generation } = space.info;
    const indexes = indexesOf(this.directory, id, generation);
    const basis = this.live.basis(space);
    const popularity = (): Popularity => this.popularity.of(store);
    const prior = (): PopularityPrior =>
      this.priors.of(space, search, basis.generation?.number ?? 0, popularity);
    return { space, search, indexes, basis, popularity, prior };
  }

  /** @throws `option-invalid`, `pool-unknown`. */
  prepare(
    userId: string,
    options: RecommendOptions & { readonly nowMs: number },
    basis: LiveBasis,
  ): PreparedRequest {
    const { exclude = [], seen = 'exclude' } = options;
    if (options.recipe !== undefined) checkOneOf('recipe', options.recipe, recipeNames);
    checkOneOf('seen', seen, seenPolicies);
    if (options.exclude !== undefined) checkTexts('exclude', exclude);
    return {
      userId,
      count: positive('count', options.count ?? defaultCount),
      recipe: recipeOf(options, basis.space, basis.options.medoids),
      seed: options.seed ?? deriveSeed('seed', userId, options.nowMs),
      seen,
      excluded: exclude.map((itemId) => this.catalog.ids.find(itemId)).filter((key) => key !== null),
      because: options.explain ? becauseCount : 0,
      filter: filterNode(this.directory, options),
      given: { filter: options.filter ?? null, pool: options.pool ?? null },
    };
  }

  /** The candidates: no clock, no log; `cache` and `state.search` are all that is asked. */
  answer(
    state: ServingState,
    request: PreparedRequest,
    live: LiveUser,
    admit: Admitted | null,
    cache: NeighborCache,
  ): Answer {
    const { userId, seed, count, recipe, because } = request;
    const retrieved = retrieveBy(
      new RequestInput(state, request, live, admit, cache),
      recipe,
      { count, because },
      createRng(requestSeed(seed, userId, 'recommend')),
      this.picks,
    );
    const head = {
      recommendationId: recommendationId(request, state, live),
      userId,
      seed,
      source: live.source,
      fallback: retrieved.fallback ?? fallbackOf(live),
      pool: request.given.pool,
      filter: request.given.filter,
      propensity: retrieved.propensity,
      interests: retrieved.drawn.map(({ interest, probability }) => ({
        interestId: interest.id,
        medoid: this.catalog.ids.idOf(interest.medoid),
        probability,
      })),
    };
    return { head, picks: this.picks };
  }

  present({ head, picks }: Answer): Recommendation {
    return { ...head, items: picks.all().map((pick) => this.candidate(pick)) };
  }

  private candidate({ item, score, interest, because }: Picked): Candidate {
    const { ids } = this.catalog;
    const interestId = interest === null ? null : interest.id;
    const candidate = { itemId: ids.idOf(item), score: shownScore(score), interestId };
    return because.length > 0 ? { ...candidate, because: because.map((own) => ids.idOf(own)) } : candidate;
  }
}

/** A request as retrieval takes it; what is as long as the catalog is made only where it is asked for. */
class RequestInput implements RetrieveInput {
  readonly interests: readonly Interest[];
  readonly table: LoadedSpace;
  readonly normalized: boolean;
  readonly search: VectorSearch;
  readonly cache: NeighborCache;
  readonly admit: Admitted | null;
  readonly barred: ReadonlySet<ItemKey>;
  private readonly state: ServingState;

  constructor(
    state: ServingState,
    request: PreparedRequest,
    live: LiveUser,
    admit: Admitted | null,
    cache: NeighborCache,
  ) {
    this.state = state;
    this.interests = live.interests;
    this.table = state.space;
    this.normalized = state.space.info.normalized;
    this.search = state.search;
    this.cache = cache;
    this.admit = admit;
    this.barred = barredFor(request, live);
  }

  get popular(): Popularity {
    return this.state.popularity();
  }

  get prior(): PopularityPrior {
    return this.state.prior();
  }
}

/** Scores are sums in float32: what is beyond seven decimals says nothing, and takes most of the time of writing it. */
export function shownScore(score: number): number {
  return Math.round(score * 1e7) / 1e7;
}

function barredFor({ seen, excluded }: PreparedRequest, live: LiveUser): ReadonlySet<ItemKey> {
  const barred = seen === 'include' ? live.excluded : live.barred;
  return excluded.length === 0 ? barred : new Set([...barred, ...excluded]);
}

/** Interests that no batch has seen are a rung of the ladder, and are named as one. */
function fallbackOf({ isPublished }: LiveUser): Fallback | null {
  return isPublished ? null : 'online';
}

/** @throws `no-profiles` before the first batch. */
export function requireGeneration(store: ProfileStore): Generation {
  const generation = store.current();
  if (generation) return generation;
  throw new PinnersageError(
    'no-profiles',
    'no batch has been run on this data directory yet; run "pinnersage batch"',
  );
}

function positive(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new PinnersageError('option-invalid', `${name}: got ${value}, expected an integer ≥ 1`);
}

/** The same request on the same data has the same id, and no other answer has it. */
function recommendationId(
  { userId, seed, count, recipe, seen, excluded, filter, because }: PreparedRequest,
  { space, basis, indexes }: ServingState,
  { interests, source, asOf, acted }: LiveUser,
): string {
  const { name, generation } = space.info;
  const request = [count, recipeText(recipe), seen, ...excluded, filter?.text ?? '', because];
  const catalog = [name, generation, space.step.version, indexes];
  // Without interests there is no instant that they are for.
  const user = [source, acted.actions, acted.maxSeq, interests.length > 0 ? asOf : 0];
  return hashHex('recommendation', userId, seed, ...request, ...catalog, basis.digest, ...user);
}
