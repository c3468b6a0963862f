import type { Catalog } from '../../catalog/catalog.js';
import type { FilterNode } from '../../catalog/filter.js';
import { KeptRows } from '../../catalog/keptrows.js';
import type { LoadedSpace } from '../../catalog/space.js';
import type { Directory } from '../../disk/directory.js';
import { PinnersageError } from '../../errors.js';
import { type Admitted, NeighborCache } from '../../retrieve/cache.js';
import type { Popularity, ProfileStore } from '../../store/profiles.js';
import { currentIndex, indexesOf } from '../indexfiles.js';
import type { LiveBasis, LiveProfiles } from '../live.js';
import { KeptPopularity } from '../popularity.js';
import { allRows } from '../searches.js';
import type { AnswerPool } from './pool.js';
import type { LiveUsers } from './users.js';

/** What all requests are answered from until something changes. */
export interface EngineState {
  readonly space: LoadedSpace;
  readonly basis: LiveBasis;
  /** Live rows. */
  readonly size: number;
  readonly popularity: () => Popularity;
  /** Names the indexes that serve. */
  readonly index: string;
  /** Neighbours of medoids, for the newest state. */
  readonly neighbors: NeighborCache;
}

/**
 * The state of the active space, made anew when the writer has changed it, together with what is remembered for it: the
 * neighbours of medoids and the rows of filters.
 */
export class StateKeeper {
  private readonly kept: KeptRows;
  private readonly neighbors = new NeighborCache();
  private readonly directory: Directory;
  private readonly catalog: Catalog;
  private readonly live: LiveProfiles;
  private readonly profiles: (space: string) => ProfileStore;
  private readonly pool: AnswerPool;
  private readonly users: LiveUsers;
  private state: EngineState | null = null;
  private readonly popularity = new KeptPopularity();
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
    users: LiveUsers,
  ) {
    this.directory = parts.directory;
    this.catalog = parts.catalog;
    this.live = parts.live;
    this.profiles = parts.profiles;
    this.pool = pool;
    this.users = users;
    this.kept = new KeptRows((item) => this.catalog.itemByKey(item)?.metadata ?? null);
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
    const { id, generation } = space.info;
    const index = currentIndex(this.directory, id, generation, allRows(space).pool);
    const indexes = indexesOf(this.directory, id, generation);
    if (!same) this.forgetUsers(before, space);
    this.neighbors.keepUp(space, indexes);
    this.kept.keepUp(space);
    this.indexed = index !== null;
    const store = this.profiles(space.info.name);
    this.state = {
      space,
      basis: this.live.basis(space),
      size: same && this.state ? this.state.size : countLive(space.live),
      popularity: () => this.popularity.of(store),
      index: indexes,
      neighbors: this.neighbors,
    };
  }

  /** Before the first batch, the starting rule goes by the matrix: another one has another threshold for everybody. */
  private forgetUsers(before: LoadedSpace | undefined, { step, vectors }: LoadedSpace): void {
    const isSameMatrix = before?.step.rowsOf === step.rowsOf && before.vectors.buffer === vectors.buffer;
    if (isSameMatrix && before.step.version === step.before) this.users.forgetActorsOf(step.items);
    else this.users.forgetAll();
  }

  cacheStats(): { readonly answers: number; readonly hits: number; readonly misses: number } {
    const { answers, hits, misses } = this.neighbors.stats();
    return { answers, hits, misses };
  }

  /** Has another thread find the rows of a filter, where they are not known. */
  async admit(filter: FilterNode, request: Parameters<AdmitCall>[0]): Promise<void> {
    if (this.admitted(filter)) return;
    const { state } = this;
    const rows = await this.pool.any().call('admit', request);
    if (state === this.state) this.kept.set(filter, rows);
    else await this.admit(filter, request);
  }

  /** The rows of a filter as of now, where they are known. */
  admitted(filter: FilterNode): Admitted | null {
    const rows = this.kept.get(filter);
    return rows ? { text: filter.text, rows } : null;
  }
}

type AdmitCall = import('./answer-thread.js').AnswerHandlers['admit'];

function countLive(live: Uint8Array): number {
  let count = 0;
  for (const bit of live) count += bit;
  return count;
}
