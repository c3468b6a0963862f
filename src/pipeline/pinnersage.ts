import { type ImportActionsOptions, importActions } from '../actions/import.js';
import { ActionLog } from '../actions/log.js';
import { findUser, type ImportUsersOptions, importUsers } from '../actions/users.js';
import type { Recall } from '../ann/recall.js';
import { Catalog } from '../catalog/catalog.js';
import { type ImportItemsOptions, importItems } from '../catalog/import.js';
import {
  clearRefinement,
  describeRefinement,
  type RefinementReport,
  type RefineOptions,
  type RefineReport,
  refine,
} from '../catalog/refine.js';
import { type RemoveItemsOptions, removeItems } from '../catalog/remove.js';
import type { LoadedSpace } from '../catalog/space.js';
import { type Directory, openDirectory } from '../disk/directory.js';
import { checkId } from '../disk/ids.js';
import { PinnersageError, shown } from '../errors.js';
import type { ImportReport } from '../files/report.js';
import type { OutputRow } from '../files/write.js';
import type { Action, ActionType } from '../model/action.js';
import type { Recommendation } from '../model/candidate.js';
import type { Filter } from '../model/filter.js';
import type { Item } from '../model/item.js';
import type { Erasure } from '../model/serving.js';
import type { User } from '../model/user.js';
import type { CacheStats } from '../retrieve/cache.js';
import { EmbeddedProfileStore } from '../store/embedded.js';
import { RecommendationLog } from '../store/recommendations.js';
import { type BatchOptions, type BatchReport, runBatch } from './batch.js';
import { type CompareOptions, compareSpaces, type SpaceComparison } from './compare.js';
import { type Description, describe } from './describe.js';
import {
  type EmbedOptions,
  type EmbedReport,
  type EmbedTextOptions,
  embedCatalog,
  embedSources,
} from './embed.js';
import { eraseUser } from './erase.js';
import {
  type ExportKind,
  type ExportOptions,
  type ExportReport,
  type ExportRowsOptions,
  type ExportSources,
  exportFile,
  exportRows,
} from './export.js';
import { checkCount, checkInstant, checkOneOf, checkSeed, checkTexts } from './guard.js';
import { dropOrphanedIndexes } from './indexfiles.js';
import {
  buildIndex,
  checkIndex,
  type IndexOptions,
  type IndexReport,
  type IndexStatus,
  indexStatus,
} from './indexing.js';
import { type InterestsOptions, type InterestsReport, userInterests } from './interests.js';
import { Lifetime } from './lifetime.js';
import { checkOptions, type OptionedMethod } from './optionnames.js';
import { type Pools, readPools, writePool } from './pools.js';
import { appendActions, type PutReport, putItems, putUsers } from './put.js';
import { Recommender, type RecommendOptions } from './recommend.js';
import { type RetainOptions, type RetainReport, retain } from './retention.js';
import { type SampleUsersOptions, sampleUsers } from './sampleusers.js';
import { allRows, Searches, type SearchRows } from './searches.js';
import { readSettings, type Settings, writeSettings } from './settings.js';
import {
  type BuildSpaceOptions,
  type BuildSpaceReport,
  buildSpace,
  dropSpace,
  listSpaces,
  type SpaceListing,
  switchSpace,
} from './spaces.js';
import { type LogReport, type VerifyOptions, type VerifyReport, verifyLog, verifyUsers } from './verify.js';

export interface OpenOptions {
  /** `write` (default) keeps other writers out; `read` needs no lock. */
  readonly mode?: 'read' | 'write';
  /** Whether a writer creates a missing directory. Default: true. */
  readonly create?: boolean;
  /** What somebody should know and nobody has to act on at once. Default: a warning of the process. */
  readonly onNote?: (note: string) => void;
}

/** What an index is for. */
export interface IndexTarget {
  /** Default: the active one. */
  readonly space?: string;
  /** A stored filter by name, whose items alone are indexed. Default: all items. */
  readonly pool?: string;
}

/** Importer options that the clock and defaults fill in. */
export type ImportActionsRequest = Omit<ImportActionsOptions, 'wallClockMs'>;

/** What works on an open directory. */
interface OpenParts {
  readonly directory: Directory;
  readonly catalog: Catalog;
  readonly log: ActionLog;
  readonly searches: Searches;
  readonly profiles: (space: string) => EmbeddedProfileStore;
  readonly recommender: Recommender;
}

/**
 * An open data directory: items and actions go in, `batch` turns them into interests, candidates come out.
 * What a method has returned for is on disk. Obtained from `open`.
 */
export class PinnerSage {
  private readonly opened: OpenParts;
  private readonly lifetime: Lifetime;

  constructor(directory: Directory, onNote: (note: string) => void = warn) {
    const catalog = new Catalog(directory);
    const log = new ActionLog(directory);
    const searches = new Searches(directory, onNote);
    const profiles = (space: string) => new EmbeddedProfileStore(directory, space);
    const recommender = new Recommender(directory, catalog, log, profiles, searches);
    this.opened = { directory, catalog, log, searches, profiles, recommender };
    this.lifetime = new Lifetime(directory.path, () => directory.close());
  }

  /** Imports an items file: Parquet, NDJSON or CSV. */
  importItems(path: string, options: ImportItemsOptions = {}): Promise<ImportReport> {
    return this.writing('importItems', options, () => importItems(this.catalog, path, options));
  }

  /** Deletes the items that a file names by `item_id`. */
  removeItems(path: string, options: RemoveItemsOptions = {}): Promise<ImportReport> {
    return this.writing('removeItems', options, () => removeItems(this.catalog, path, options));
  }

  /** Imports a file of actions: Parquet, NDJSON or CSV. */
  importActions(path: string, options: ImportActionsRequest = {}): Promise<ImportReport> {
    return this.writing('importActions', options, () =>
      importActions(this.directory, this.log, path, { ...options, wallClockMs: Date.now() }),
    );
  }

  /** Imports a file of users: `user_id` and attributes. */
  importUsers(path: string, options: ImportUsersOptions = {}): Promise<ImportReport> {
    return this.writing('importUsers', options, () =>
      importUsers(this.directory, this.log.users, path, options),
    );
  }

  /** Inserts or replaces items; the first embedding of all fixes the dimension of the space. */
  async putItems(items: readonly Item[], options: { readonly space?: string } = {}): Promise<PutReport> {
    checkOptions('putItems', options);
    return putItems(this.catalog, items, options.space);
  }

  /** Hides items at once; their vectors go on serving the history of users. Returns how many there were. */
  async deleteItems(itemIds: readonly string[]): Promise<number> {
    checkTexts('itemIds', itemIds);
    return this.catalog.delete(itemIds);
  }

  /** Inserts users or replaces their attributes. */
  async putUsers(users: readonly User[]): Promise<PutReport> {
    return putUsers(this.directory, this.log.users, users);
  }

  /** Appends actions. The same event again is a duplicate: (user, timestamp, eventId), else (user, timestamp, item, type). */
  async appendActions(actions: readonly Action[]): Promise<PutReport> {
    return appendActions(this.directory, this.log, this.catalog.ids, actions, Date.now());
  }

  /** Declares an action type or changes its role and weight; takes effect with the next batch. */
  async declareActionType(name: string, type: ActionType): Promise<void> {
    this.directory.write(() => this.log.types.declare(name, type));
  }

  /** Builds embeddings from the items' text and tags as a new generation of a space. */
  async embedText(options: EmbedTextOptions = {}): Promise<EmbedReport> {
    return this.embed({ ...options, from: 'text' });
  }

  /** Builds embeddings from text, from the action log, or from both, as a new generation of a space. */
  embed(options: EmbedOptions): Promise<EmbedReport> {
    return this.writing('embed', options, async () => {
      checkOneOf('from', options.from, embedSources);
      return embedCatalog(this.directory.path, this.catalog, options);
    });
  }

  /** Leaves near-duplicates and items of low quality out of what candidates come from; takes effect at once. */
  refine(options: RefineOptions = {}): Promise<RefineReport> {
    return this.writing('refine', options, () => refine(this.catalog, options));
  }

  /** What `refine` left out of a space (the active one by default), and why. */
  refinement(space?: string): RefinementReport {
    return describeRefinement(this.catalog, space);
  }

  /** Leaves nothing out any more. */
  async clearRefinement(space?: string): Promise<RefineReport> {
    this.assertWritable();
    return clearRefinement(this.catalog, space);
  }

  /** Computes every user's interests as of now and makes them current in one step. @throws `batch-running`. */
  batch(options: BatchOptions = {}): Promise<BatchReport> {
    return this.writing('batch', options, () => this.batchOf(this.opened, options));
  }

  private async batchOf(parts: OpenParts, options: BatchOptions): Promise<BatchReport> {
    checkInstant('nowMs', options.nowMs);
    checkCount('workers', options.workers);
    return runBatch(parts, options);
  }

  /** A user's interests as of the last batch and the actions since. @throws `user-unknown` where the log has no action of this user. */
  interests(userId: string, options: InterestsOptions = {}): InterestsReport {
    checkId(userId, 'userId');
    checkOptions('interests', options);
    checkInstant('nowMs', options.nowMs);
    const space = this.catalog.load(options.space);
    return userInterests(this.catalog.ids, this.log, this.recommender.live, space, userId, options);
  }

  /** Some users of the last batch, drawn by `seed`, with at least `minInterests`: to look at, or to try things on. */
  sampleUsers(options: SampleUsersOptions): string[] {
    checkOptions('sampleUsers', options);
    return sampleUsers(this.log, this.profilesOf(options.space), options);
  }

  /** Candidates for a user; popular items, named as a fallback, for one without interests. */
  recommend(userId: string, options: RecommendOptions = {}): Recommendation {
    checkId(userId, 'userId');
    checkOptions('recommend', options);
    checkInstant('nowMs', options.nowMs);
    checkSeed(options.seed);
    return this.recommender.recommend(userId, options);
  }

  /**
   * Builds the index of a space (default: the active one), or of one of its pools, and swaps it in; the one before serves
   * until then. Requests for a pool use its own index where it has one.
   */
  buildIndex(options: IndexOptions & IndexTarget = {}): Promise<IndexReport> {
    return this.writing('buildIndex', options, async () => {
      const { space, rows } = this.searched(options);
      return buildIndex(this.directory, space, rows, options, Date.now());
    });
  }

  /** What answers searches in a space (default: the active one) or a pool, and how far its index is behind. */
  indexStatus(target: string | IndexTarget = {}): IndexStatus {
    if (typeof target !== 'string') checkOptions('indexTarget', target);
    const { space, rows } = this.searched(target);
    return indexStatus(space, rows, this.searches.open(space, rows));
  }

  /** Measures the recall of an index against the exact scan. @throws `index-missing`, `data-damaged`, `index-unavailable`. */
  checkIndex(target: string | IndexTarget = {}): Recall {
    if (typeof target !== 'string') checkOptions('indexTarget', target);
    const { space, rows } = this.searched(target);
    return checkIndex(this.directory, space, rows);
  }

  private searched(target: string | IndexTarget): { space: LoadedSpace; rows: SearchRows } {
    const { space: name, pool } = typeof target === 'string' ? { space: target } : target;
    const space = this.catalog.load(name);
    return { space, rows: pool === undefined ? allRows(space) : this.recommender.poolRows(pool, space) };
  }

  /** An item's metadata, or null where the catalog does not have it. */
  item(itemId: string): Item | null {
    const found = this.catalog.item(itemId);
    return found ? { itemId, metadata: found.metadata } : null;
  }

  /** Every space with its vectors and its last batch, the active one first. */
  spaces(): SpaceListing[] {
    return listSpaces(this.catalog, this.profiles);
  }

  /** Embeds the catalog's text into a space and runs its batch, while the active space goes on serving. */
  buildSpace(name: string, options: BuildSpaceOptions = {}): Promise<BuildSpaceReport> {
    const { opened } = this;
    return this.writing('buildSpace', options, () => {
      if (options.embed !== undefined) checkOptions('embed', options.embed);
      if (options.batch !== undefined) checkOptions('batch', options.batch);
      const { directory, catalog } = opened;
      return buildSpace(directory.path, catalog, name, options, (batch) => this.batchOf(opened, batch));
    });
  }

  /**
   * Makes a space the active one in one step, for readers in other processes too.
   * @throws `space-unknown`; `no-profiles` where that would take profiles away: the active space has a batch, this one none.
   */
  async useSpace(name: string): Promise<void> {
    this.assertWritable();
    switchSpace(this.catalog, this.profiles, name);
  }

  /** Removes a space with its vectors and profiles. @throws `space-active` where it is in use. */
  async dropSpace(name: string): Promise<void> {
    this.assertWritable();
    dropSpace(this.catalog, this.profiles, name);
    dropOrphanedIndexes(this.directory);
  }

  /** How alike two spaces are in neighbours, interests and candidates. */
  compareSpaces(a: string, b: string, options: CompareOptions = {}): SpaceComparison {
    checkOptions('compareSpaces', options);
    return compareSpaces(this.catalog, this.log, this.profiles, this.recommender, [a, b], {
      medoids: this.settings().medoids,
      ...options,
    });
  }

  /** What the directory holds, one row at a time, in the form that files of it have. */
  rows(kind: ExportKind, options: ExportRowsOptions = {}): Iterable<OutputRow> {
    checkOptions('rows', options);
    return this.lifetime.rows(exportRows(kind, this.exportSources(), options));
  }

  /** Writes rows to a file in bounded memory, whole or not at all: NDJSON or Parquet. */
  export(kind: ExportKind, file: string, options: ExportOptions = {}): Promise<ExportReport> {
    return this.lifetime.during(() => {
      checkOptions('export', options);
      return exportFile(kind, file, this.exportSources(), options);
    });
  }

  /** Removes old actions, and vectors of deleted items. Profiles follow with the next batch. */
  retain(options: RetainOptions = {}): Promise<RetainReport> {
    return this.writing('retain', options, () =>
      retain(this.directory, this.catalog, this.log, this.profiles, options),
    );
  }

  /**
   * Removes everything of a user for good: actions, attributes, profiles, logged recommendations, the id. Actions up to now
   * are refused from then on. @throws `user-unknown`.
   */
  async eraseUser(userId: string): Promise<Erasure> {
    checkId(userId, 'userId');
    const recommendations = new RecommendationLog(this.directory, (item) => this.catalog.ids.idOf(item));
    return eraseUser(this.directory, this.log, recommendations, userId, Date.now());
  }

  /** Compares what is answered for a sample of users with what clustering their whole log anew says. */
  verifyUsers(options: VerifyOptions & { readonly space?: string } = {}): VerifyReport {
    const { directory, catalog, log, profiles } = this;
    checkOptions('verifyUsers', options);
    checkInstant('nowMs', options.nowMs);
    const space = catalog.load(options.space);
    return verifyUsers({ directory, catalog, log, profiles, space: () => space }, options);
  }

  /** Counts the log against what it is said to hold. */
  verifyLog(onProgress?: (users: number, total: number) => void): LogReport {
    return verifyLog(this.log, onProgress);
  }

  /** A user's attributes, or null where neither an action nor a file of users has named them. */
  user(userId: string): User | null {
    return findUser(this.log.users, userId);
  }

  describe(): Description {
    return describe(this.directory, this.catalog, this.log, this.profiles);
  }

  /** What is configured, over what was calibrated for the active space, over the defaults. */
  settings(): Settings {
    const { active, spaces } = this.catalog.spaceTable();
    return readSettings(this.directory, active === null ? {} : spaces[active]);
  }

  /** Changes stored settings; they take effect with the next batch or request. */
  async configure(changes: Partial<Settings>): Promise<Settings> {
    return writeSettings(this.directory, changes);
  }

  /** Named filters for `recommend`. */
  pools(): Pools {
    return readPools(this.directory);
  }

  /** Names a filter, or takes the name back with null. Takes effect with the next request. */
  async setPool(name: string, filter: Filter | null): Promise<Pools> {
    this.assertWritable();
    return writePool(this.directory, name, filter);
  }

  /** States the merge threshold of a space: a squared distance > 0. Takes effect with the next batch. */
  async setAlpha(value: number, space?: string): Promise<void> {
    if (!(Number.isFinite(value) && value > 0))
      throw new PinnersageError(
        'option-invalid',
        `alpha: got ${shown(value)}, expected a finite squared distance > 0`,
      );
    this.catalog.setAlpha(this.catalog.space(space).name, { value, origin: 'user' });
  }

  /** How often the neighbours of a medoid were known already, since this directory was opened. */
  stats(): { readonly neighborCache: CacheStats } {
    return { neighborCache: this.recommender.cacheStats() };
  }

  /**
   * Waits for what is running (a `signal` among its options ends it sooner) and releases the directory. Whatever is called
   * from now on is refused as `directory-closed`; closing again waits for the same.
   */
  close(): Promise<void> {
    return this.lifetime.end();
  }

  private get directory(): Directory {
    return this.use().directory;
  }

  private get catalog(): Catalog {
    return this.use().catalog;
  }

  private get log(): ActionLog {
    return this.use().log;
  }

  private get searches(): Searches {
    return this.use().searches;
  }

  private get recommender(): Recommender {
    return this.use().recommender;
  }

  private get profiles(): OpenParts['profiles'] {
    return this.use().profiles;
  }

  private use(): OpenParts {
    this.lifetime.check();
    return this.opened;
  }

  private profilesOf(space?: string): EmbeddedProfileStore {
    return this.profiles(this.catalog.space(space).name);
  }

  private exportSources(): ExportSources {
    const { catalog, log, profiles, recommender } = this;
    return { catalog, log, profiles, recommender, nowMs: Date.now() };
  }

  private writing<T>(method: OptionedMethod, options: unknown, work: () => Promise<T>): Promise<T> {
    return this.lifetime.during(() => {
      checkOptions(method, options);
      this.assertWritable();
      return work();
    });
  }

  private assertWritable(): void {
    if (this.directory.readOnly)
      throw new PinnersageError('read-only', `${this.directory.path}: opened for reading, cannot write`);
  }
}

/**
 * Opens a data directory, creating it where there is none.
 * @throws `directory-locked` where another process writes to it, `directory-newer`, `directory-invalid`; with
 * `mode: 'read'`, `directory-missing`.
 */
export async function open(path: string, options: OpenOptions = {}): Promise<PinnerSage> {
  checkOptions('open', options);
  const { onNote, ...access } = options;
  checkOneOf('mode', access.mode ?? 'write', ['read', 'write']);
  return new PinnerSage(await openDirectory(path, { mode: 'write', ...access }), onNote);
}

function warn(note: string): void {
  process.emitWarning(note, { type: 'PinnersageWarning' });
}
