import type { ActionLog } from '../actions/log.js';
import type { VectorSearch } from '../ann/search.js';
import type { Catalog } from '../catalog/catalog.js';
import { both, type FilterNode, parseFilter } from '../catalog/filter.js';
import { RowFilter } from '../catalog/rowfilter.js';
import type { LoadedSpace } from '../catalog/space.js';
import type { Directory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import { deriveSeed, hashHex } from '../math/hash.js';
import { createRng } from '../math/rng.js';
import type { Candidate, Recommendation } from '../model/candidate.js';
import type { Filter } from '../model/filter.js';
import type { ItemKey, UserKey } from '../model/item.js';
import { requestSeed } from '../profile/sample.js';
import { type Admitted, type CacheStats, NeighborCache } from '../retrieve/cache.js';
import { type MergeRule, mergeRules, type Pick as Picked, retrieve } from '../retrieve/retrieve.js';
import type { Generation, Popularity, ProfileStore } from '../store/profiles.js';
import { poolFilter } from './pools.js';
import type { Searches } from './searches.js';

export interface RecommendOptions {
  /** Candidates wanted. Default: 100. Range: integer ≥ 1. */
  readonly count?: number;
  /** Interests sampled, the paper's e. Default: as configured (3). Range: integer ≥ 1. */
  readonly medoids?: number;
  /** The space of profiles and vectors. Default: the active one. */
  readonly space?: string;
  /** Replays a draw. Default: derived from the user and `nowMs`. Range: safe integer ≥ 0. */
  readonly seed?: number;
  /** Only items whose metadata meet it. Default: all. `count` items come back while it admits that many. */
  readonly filter?: Filter;
  /** The name of a stored filter, which must hold as well. Default: none. */
  readonly pool?: string;
  /** How the drawn interests share the count. Default: 'turns', equally. */
  readonly merge?: MergeRule;
  /** Whether each item names the user's own items behind it. Default: false. */
  readonly explain?: boolean;
  /** The clock, epoch ms. Default: the wall clock. Effect: the seed, where none is given. */
  readonly nowMs?: number;
}

export const defaultCount = 100;
const defaultMerge: MergeRule = 'turns';
/** How many of the user's own items an explained candidate names. */
const becauseCount = 3;
const noPopularity: Popularity = { items: new Uint32Array(0), scores: new Float64Array(0) };

/** Answers requests for candidates from what the last batch wrote. */
export class Recommender {
  private readonly directory: Directory;
  private readonly catalog: Catalog;
  private readonly log: ActionLog;
  private readonly profiles: (space: string) => ProfileStore;
  private readonly rowFilter: RowFilter;
  private readonly searches: Searches;
  private readonly cache = new NeighborCache();

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
  }

  cacheStats(): CacheStats {
    return this.cache.stats();
  }

  recommend(
    userId: string,
    defaultMedoids: number,
    options: RecommendOptions & Required<Pick<RecommendOptions, 'count' | 'explain' | 'nowMs'>>,
  ): Recommendation {
    const { space, search } = this.searchable(options.space);
    const store = this.profiles(space.info.name);
    const generation = requireGeneration(store);
    const merge = mergeRule(options.merge ?? defaultMerge);
    const filter = this.filterOf(options);
    const medoids = positive('medoids', options.medoids ?? defaultMedoids);
    const count = positive('count', options.count);
    const seed = options.seed ?? deriveSeed('seed', userId, options.nowMs);
    const user = this.log.users.find(userId);
    const retrieved = retrieve(
      {
        interests: (user === null ? null : store.get(user))?.interests ?? [],
        table: space,
        search,
        cache: this.cache,
        admit: filter && this.admitted(filter, space),
        barred: user === null ? new Set() : this.actedOn(user),
        // Read only where it is needed: it is as long as the catalog.
        get popular() {
          return store.popularity() ?? noPopularity;
        },
      },
      { count, medoids, merge, because: options.explain ? becauseCount : 0 },
      createRng(requestSeed(seed, userId, 'recommend')),
    );
    return {
      recommendationId: recommendationId(userId, seed, generation, space, [
        count,
        medoids,
        merge,
        filter?.text ?? '',
      ]),
      userId,
      seed,
      fallback: retrieved.fallback,
      pool: options.pool ?? null,
      filter: options.filter ?? null,
      propensity: retrieved.propensity,
      interests: retrieved.drawn.map(({ interest, probability }) => ({
        interestId: interest.id,
        medoid: this.catalog.ids.idOf(interest.medoid),
        probability,
      })),
      items: retrieved.picks.map((pick) => this.candidate(pick)),
    };
  }

  /** The space with a search over it. */
  private searchable(name?: string): { space: LoadedSpace; search: VectorSearch } {
    const space = this.catalog.load(name);
    const search = this.searches.of(space);
    this.cache.keepFor(search);
    return { space, search };
  }

  /** Pool and filter of a request as one; null for neither. */
  private filterOf({ filter, pool }: RecommendOptions): FilterNode | null {
    const named = pool === undefined ? null : poolFilter(this.directory, pool);
    const given = filter === undefined ? null : parseFilter(filter);
    return named && given ? both(named, given) : (named ?? given);
  }

  private admitted(filter: FilterNode, space: LoadedSpace): Admitted {
    return { text: filter.text, rows: this.rowFilter.rows(filter, space) };
  }

  /** What the user ever acted on with interest or excluded; having been shown an item does not bar it. */
  private actedOn(user: UserKey): Set<ItemKey> {
    const types = this.log.types.list();
    const log = this.log.userLog(user);
    const barred = new Set<ItemKey>();
    for (let i = 0; i < log.length; i++)
      if (types[log.types[i]].role !== 'impression') barred.add(log.items[i]);
    return barred;
  }

  private candidate({ item, score, interest, because }: Picked): Candidate {
    return {
      itemId: this.catalog.ids.idOf(item),
      score,
      interestId: interest?.id ?? null,
      ...(because.length > 0 ? { because: because.map((member) => this.catalog.ids.idOf(member)) } : {}),
    };
  }
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

function mergeRule(given: string): MergeRule {
  const rule = mergeRules.find((known) => known === given);
  if (rule) return rule;
  throw new PinnersageError('option-invalid', `merge: got ${given}, expected ${mergeRules.join(', ')}`);
}

/** The same request on the same data has the same id. */
function recommendationId(
  userId: string,
  seed: number,
  generation: Generation,
  space: LoadedSpace,
  request: readonly (string | number)[],
): string {
  const { name, generation: spaceGeneration, rows } = space.info;
  const data = [generation.number, generation.configHash, generation.maxSeq, name, spaceGeneration, rows];
  return hashHex('recommendation', userId, seed, ...request, ...data);
}
