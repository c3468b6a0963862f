import { type Refusal as ActionRefusal, actionRefusal, type RawAction } from '../actions/accept.js';
import { encodeKey, encodeValue } from '../actions/codec.js';
import { type ImportActionsOptions, importActions, toRecords } from '../actions/import.js';
import { ActionLog } from '../actions/log.js';
import type { DeclaredType } from '../actions/types.js';
import { Catalog, type ItemUpsert } from '../catalog/catalog.js';
import { itemIdRefusal, metadataOf, prepareVector } from '../catalog/check.js';
import { type ImportItemsOptions, importItems } from '../catalog/import.js';
import { type RemoveItemsOptions, removeItems } from '../catalog/remove.js';
import { type Directory, openDirectory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import type { ImportReport } from '../files/report.js';
import { createRng } from '../math/rng.js';
import type { Action, ActionType } from '../model/action.js';
import type { Recommendation } from '../model/candidate.js';
import type { Item, SpaceInfo } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import { decayTo } from '../profile/sample.js';
import { EmbeddedProfileStore } from '../store/embedded.js';
import { type BatchOptions, type BatchReport, runBatch } from './batch.js';
import { type EmbedReport, type EmbedTextOptions, embedCatalog } from './embed.js';
import { defaultCount, Recommender, type RecommendOptions, requireGeneration } from './recommend.js';
import { readSettings, type Settings, writeSettings } from './settings.js';

export interface OpenOptions {
  /** `write` (default) keeps other writers out; `read` needs no lock. */
  readonly mode?: 'read' | 'write';
  /** Whether a writer creates a missing directory. Default: true. */
  readonly create?: boolean;
}

/** An interest with ids in place of numbers. */
export interface UserInterest {
  readonly interestId: string;
  /** Item id of the medoid. */
  readonly medoid: string;
  /** Σ weight · exp(−λ · age in days) at `asOf`. */
  readonly importance: number;
  /** Distinct items, or actions under `repeats: count`. */
  readonly size: number;
  /** ISO 8601. */
  readonly lastActionAt: string;
  /** Item ids, by first action. */
  readonly members?: readonly string[];
}

export interface UserInterests {
  readonly userId: string;
  /** ISO 8601: the instant the importances are for. */
  readonly asOf: string;
  readonly source: 'batch';
  /** By falling importance. */
  readonly interests: readonly UserInterest[];
}

export interface InterestsOptions {
  /** Whether each interest names its items. Default: false. */
  readonly members?: boolean;
  /** Decays the importances to this instant, epoch ms. Default: as of the batch. */
  readonly nowMs?: number;
}

/** What became of an array of items or actions: `rejected` names the place in the array. */
export interface PutReport {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly { readonly index: number; readonly code: string; readonly message: string }[];
}

export interface Description {
  readonly path: string;
  readonly items: number;
  readonly users: number;
  readonly actions: number;
  /** ISO 8601. */
  readonly newestAction: string | null;
  readonly activeSpace: string | null;
  readonly spaces: readonly (SpaceInfo & { readonly vectors: number; readonly source: string })[];
  readonly actionTypes: readonly DeclaredType[];
  readonly settings: Settings;
  readonly batch: { readonly asOf: string; readonly users: number; readonly space: string } | null;
}

/** Importer options that the clock and defaults fill in. */
export type ImportActionsRequest = Omit<ImportActionsOptions, 'wallClockMs'>;

/**
 * An open data directory: items and actions go in, `batch` turns them into interests, candidates come out.
 * What a method has returned for is on disk. Obtained from `open`.
 */
export class PinnerSage {
  private readonly directory: Directory;
  private readonly catalog: Catalog;
  private readonly log: ActionLog;
  private readonly store: EmbeddedProfileStore;
  private readonly recommender: Recommender;

  constructor(directory: Directory) {
    this.directory = directory;
    this.catalog = new Catalog(directory);
    this.log = new ActionLog(directory);
    this.store = new EmbeddedProfileStore(directory);
    this.recommender = new Recommender(this.catalog, this.log, this.store);
  }

  /** Imports an items file: Parquet, NDJSON or CSV. */
  importItems(path: string, options: ImportItemsOptions = {}): Promise<ImportReport> {
    this.assertWritable();
    return importItems(this.catalog, path, options);
  }

  /** Deletes the items that a file names by `item_id`. */
  removeItems(path: string, options: RemoveItemsOptions = {}): Promise<ImportReport> {
    this.assertWritable();
    return removeItems(this.catalog, path, options);
  }

  /** Imports a file of actions: Parquet, NDJSON or CSV. */
  importActions(path: string, options: ImportActionsRequest = {}): Promise<ImportReport> {
    this.assertWritable();
    return importActions(this.directory, this.log, path, { ...options, wallClockMs: Date.now() });
  }

  /** Inserts or replaces items; the first embedding of all fixes the dimension of the space. */
  async putItems(items: readonly Item[], options: { readonly space?: string } = {}): Promise<PutReport> {
    const table = this.catalog.spaceTable();
    const name = options.space ?? table.active ?? 'default';
    let space = table.spaces[name] ?? null;
    const rejected: { index: number; code: string; message: string }[] = [];
    const upserts: ItemUpsert[] = [];
    items.forEach(({ itemId, embedding, metadata }, index) => {
      const normalized = space?.normalized ?? true;
      const prepared = embedding ? prepareVector(embedding, space?.dim ?? null, normalized) : null;
      const refusal = itemIdRefusal(itemId) ?? (prepared && 'reason' in prepared ? prepared : null);
      if (refusal) {
        rejected.push({ index, code: refusal.reason, message: refusal.detail });
        return;
      }
      const vector = prepared && 'vector' in prepared ? prepared.vector : null;
      if (vector)
        space ??= this.catalog.spaceForWriting(name, vector.length, normalized, 'put by the library');
      upserts.push({ itemId, metadata: metadata ? metadataOf(metadata) : null, vector });
    });
    const { written, unchanged } = this.catalog.upsert(upserts, space);
    return { accepted: written, duplicates: unchanged, rejected };
  }

  /** Hides items at once; their vectors go on serving the history of users. Returns how many there were. */
  async deleteItems(itemIds: readonly string[]): Promise<number> {
    return this.catalog.delete(itemIds);
  }

  /** Appends actions. The same event again is a duplicate: (user, timestamp, eventId), else (user, timestamp, item, type). */
  async appendActions(actions: readonly Action[]): Promise<PutReport> {
    const wallClockMs = Date.now();
    const rejected: { index: number; code: string; message: string }[] = [];
    const raw: RawAction[] = [];
    actions.forEach((action, index) => {
      const candidate = rawAction(action);
      const refusal: ActionRefusal | null = actionRefusal(candidate, { wallClockMs });
      if (refusal) rejected.push({ index, code: refusal.reason, message: refusal.detail });
      else raw.push(candidate);
    });
    const records = toRecords(this.directory, this.log, this.catalog.ids, raw);
    const entries = records.map((record) => ({ key: encodeKey(record), value: encodeValue(record) }));
    const fresh = this.directory.write(() => this.log.put(entries, wallClockMs));
    const accepted = fresh.filter(Boolean).length;
    return { accepted, duplicates: fresh.length - accepted, rejected };
  }

  /** Declares an action type or changes its role and weight; takes effect with the next batch. */
  async declareActionType(name: string, type: ActionType): Promise<void> {
    this.directory.write(() => this.log.types.declare(name, type));
  }

  /** Builds embeddings from the items' text and tags as a new generation of a space. */
  embedText(options: EmbedTextOptions = {}): Promise<EmbedReport> {
    this.assertWritable();
    return embedCatalog(this.catalog, options);
  }

  /** Computes every user's interests as of now and makes them current in one step. */
  batch(options: BatchOptions = {}): Promise<BatchReport> {
    this.assertWritable();
    return runBatch(this.directory, this.catalog, this.log, this.store, options);
  }

  /** @throws `user-unknown` where the log has no action of this user, `no-profiles` before the first batch. */
  interests(userId: string, options: InterestsOptions = {}): UserInterests {
    const user = this.log.users.find(userId);
    if (user === null)
      throw new PinnersageError('user-unknown', `got user "${userId}", of whom the log holds no action`);
    const generation = requireGeneration(this.store);
    const stored = this.store.get(user);
    const asOf = Math.max(generation.asOf, options.nowMs ?? generation.asOf);
    const profile = stored && decayTo(stored, asOf, generation.lambda);
    return {
      userId,
      asOf: new Date(asOf).toISOString(),
      source: 'batch',
      interests: (profile?.interests ?? []).map((interest) =>
        this.present(interest, options.members ?? false),
      ),
    };
  }

  /** Some users of the last batch, drawn by `seed`, with at least `minInterests`: to look at, or to try things on. */
  sampleUsers(options: {
    readonly count: number;
    readonly seed: number;
    readonly minInterests?: number;
  }): string[] {
    requireGeneration(this.store);
    const { count, seed, minInterests = 1 } = options;
    const rng = createRng(seed);
    const order = Uint32Array.from({ length: this.log.users.count() }, (_, user) => user);
    const found: string[] = [];
    for (let left = order.length; left > 0 && found.length < count; left--) {
      const place = rng.below(left);
      const user = order[place];
      order[place] = order[left - 1];
      if ((this.store.get(user)?.interests.length ?? 0) >= minInterests)
        found.push(this.log.users.idOf(user));
    }
    return found;
  }

  /** Candidates for a user; popular items, named as a fallback, for one without interests. */
  recommend(userId: string, options: RecommendOptions = {}): Recommendation {
    const { count = defaultCount, explain = false, nowMs = Date.now() } = options;
    const { medoids } = readSettings(this.directory);
    return this.recommender.recommend(userId, medoids, { ...options, count, explain, nowMs });
  }

  /** An item's metadata, or null where the catalog does not have it. */
  item(itemId: string): Item | null {
    const found = this.catalog.item(itemId);
    return found ? { itemId, metadata: found.metadata } : null;
  }

  describe(): Description {
    const table = this.catalog.spaceTable();
    const generation = this.store.current();
    const newest = this.log.newestTime();
    let items = 0;
    for (const _ of this.catalog.items()) items++;
    return {
      path: this.directory.path,
      items,
      users: this.log.users.count(),
      actions: this.log.count(),
      newestAction: newest === null ? null : new Date(newest).toISOString(),
      activeSpace: table.active,
      spaces: Object.values(table.spaces).map(({ id: _, rows, ...info }) => ({ ...info, vectors: rows })),
      actionTypes: this.log.types.list(),
      settings: readSettings(this.directory),
      batch: generation && {
        asOf: new Date(generation.asOf).toISOString(),
        users: generation.users,
        space: generation.space,
      },
    };
  }

  settings(): Settings {
    return readSettings(this.directory);
  }

  /** Changes stored settings; they take effect with the next batch or request. */
  async configure(changes: Partial<Settings>): Promise<Settings> {
    return writeSettings(this.directory, changes);
  }

  /** States the merge threshold of a space: a squared distance > 0. Takes effect with the next batch. */
  async setAlpha(value: number, space?: string): Promise<void> {
    if (!(Number.isFinite(value) && value > 0))
      throw new PinnersageError(
        'option-invalid',
        `alpha: got ${value}, expected a finite squared distance > 0`,
      );
    this.catalog.setAlpha(this.catalog.space(space).name, { value, origin: 'user' });
  }

  close(): Promise<void> {
    return this.directory.close();
  }

  private assertWritable(): void {
    if (this.directory.readOnly)
      throw new PinnersageError('read-only', `${this.directory.path}: opened for reading, cannot write`);
  }

  private present(interest: Interest, members: boolean): UserInterest {
    const { ids } = this.catalog;
    return {
      interestId: interest.id,
      medoid: ids.idOf(interest.medoid),
      importance: interest.importance,
      size: interest.size,
      lastActionAt: new Date(interest.lastActionAt).toISOString(),
      ...(members ? { members: Array.from(interest.members, (item) => ids.idOf(item)) } : {}),
    };
  }
}

/**
 * Opens a data directory, creating it where there is none.
 * @throws `directory-locked` where another process writes to it, `directory-newer`, `directory-invalid`; with
 * `mode: 'read'`, `directory-missing`.
 */
export async function open(path: string, options: OpenOptions = {}): Promise<PinnerSage> {
  return new PinnerSage(await openDirectory(path, { mode: 'write', ...options }));
}

function rawAction(action: Action): RawAction {
  return {
    userId: action.userId ?? null,
    itemId: action.itemId ?? null,
    type: action.type ?? null,
    timestamp: Number.isInteger(action.timestamp) ? action.timestamp : Number.NaN,
    eventId: action.eventId ?? null,
    weight: action.weight ?? Number.NaN,
    recommendationId: action.recommendationId ?? null,
    position: action.position ?? Number.NaN,
    context: action.context,
  };
}
