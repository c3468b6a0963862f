import type { RowSet } from '../../ann/search.js';
import type { Catalog } from '../../catalog/catalog.js';
import type { LoadedSpace } from '../../catalog/space.js';
import type { Directory } from '../../disk/directory.js';
import { PinnersageError } from '../../errors.js';
import { Lru } from '../../math/lru.js';
import { NeighborCache } from '../../retrieve/cache.js';
import type { Popularity, ProfileStore } from '../../store/profiles.js';
import { currentIndex, indexesOf } from '../indexfiles.js';
import type { LiveBasis, LiveProfiles } from '../live.js';
import { allRows } from '../searches.js';
import type { AnswerPool } from './pool.js';

/** What all requests are answered from until something changes. */
export interface EngineState {
  readonly space: LoadedSpace;
  readonly basis: LiveBasis;
  /** Live rows. */
  readonly size: number;
  readonly popularity: () => Popularity;
  /** Neighbours of medoids; another object as soon as they may be others. */
  readonly neighbors: NeighborCache;
}

const noPopularity: Popularity = { items: new Uint32Array(0), scores: new Float64Array(0) };
const maxAdmittedBytes = 67_108_864;

/**
 * The state of the active space, made anew when the writer has changed it, together with what is remembered for it: the
 * neighbours of medoids and the rows of filters.
 */
export class StateKeeper {
  private readonly admitted = new Lru<RowSet>(maxAdmittedBytes);
  private readonly directory: Directory;
  private readonly catalog: Catalog;
  private readonly live: LiveProfiles;
  private readonly profiles: (space: string) => ProfileStore;
  private readonly pool: AnswerPool;
  private state: EngineState | null = null;
  private popular: { readonly key: string; readonly popularity: Popularity } | null = null;
  private past = { hits: 0, misses: 0 };
  private basisOfNeighbors = '';
  private indexed = false;
  private running: Promise<void> | null = null;
  private wanted: Promise<void> | null = null;

  constructor(
    parts: {
      readonly directory: Directory;
      readonly catalog: Catalog;
      readonly live: LiveProfiles;
      readonly profiles: (space: string) => ProfileStore;
    },
    pool: AnswerPool,
  ) {
    this.directory = parts.directory;
    this.catalog = parts.catalog;
    this.live = parts.live;
    this.profiles = parts.profiles;
    this.pool = pool;
  }

  /** @throws `space-missing` before there are embeddings. */
  get(): EngineState {
    if (this.state) return this.state;
    this.catalog.space(); // says what is missing
    throw new PinnersageError('internal', 'the space has not been loaded yet');
  }

  isIndexed(): boolean {
    return this.indexed;
  }

  current(): EngineState | null {
    return this.state;
  }

  /** Takes up what the writer has committed until now. Calls while one is under way share the next. */
  refresh(): Promise<void> {
    if (!this.running) {
      this.running = this.take().finally(() => {
        this.running = null;
      });
      return this.running;
    }
    this.wanted ??= this.running
      .catch(() => {})
      .then(() => {
        this.wanted = null;
        return this.refresh();
      });
    return this.wanted;
  }

  private async take(): Promise<void> {
    this.directory.refresh();
    if (this.catalog.spaceTable().active === null) return;
    const before = this.state?.space;
    const space = this.catalog.load();
    const same =
      before?.vectors === space.vectors && before.live === space.live && before.info.id === space.info.id;
    if (!same) await this.pool.useSpace(space);
    const { id, generation, rows } = space.info;
    const index = currentIndex(this.directory, id, generation, allRows(space).pool);
    const indexes = indexesOf(this.directory, id, generation);
    const basis = `${id}/${generation}/${rows}/${indexes}/${this.catalog.version()}`;
    // Requests that are under way go on with the memory that they began with.
    const kept = basis === this.basisOfNeighbors ? this.state?.neighbors : undefined;
    if (!kept) this.forgetNeighbors();
    this.basisOfNeighbors = basis;
    this.indexed = index !== null;
    const store = this.profiles(space.info.name);
    this.state = {
      space,
      basis: this.live.basis(space),
      size: same && this.state ? this.state.size : countLive(space.live),
      popularity: () => this.popularityOf(store),
      neighbors: kept ?? new NeighborCache(),
    };
  }

  private forgetNeighbors(): void {
    const { hits, misses } = this.cacheStats();
    this.past = { hits, misses };
    this.admitted.clear();
  }

  /** Over all states. */
  cacheStats(): { readonly answers: number; readonly hits: number; readonly misses: number } {
    const { answers, hits, misses } = this.state?.neighbors.stats() ?? { answers: 0, hits: 0, misses: 0 };
    return { answers, hits: this.past.hits + hits, misses: this.past.misses + misses };
  }

  private popularityOf(store: ProfileStore): Popularity {
    const generation = store.current();
    const key = `${generation?.space} ${generation?.number}`;
    if (this.popular?.key !== key) this.popular = { key, popularity: store.popularity() ?? noPopularity };
    return this.popular.popularity;
  }

  /** The rows of a filter, which another thread finds out. `text` names it. */
  async admit(text: string, request: Parameters<AdmitCall>[0]): Promise<RowSet> {
    const kept = this.admitted.get(text);
    if (kept) return kept;
    const basis = this.basisOfNeighbors;
    const rows = await this.pool.any().call('admit', request);
    if (basis === this.basisOfNeighbors) this.admitted.set(text, rows, rows.bits.length);
    return rows;
  }
}

type AdmitCall = import('./answer-thread.js').AnswerHandlers['admit'];

function countLive(live: Uint8Array): number {
  let count = 0;
  for (const bit of live) count += bit;
  return count;
}
