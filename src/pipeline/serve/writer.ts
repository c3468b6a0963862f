import { erasedUserRefusal } from '../../actions/users.js';
import { PinnersageError, shown } from '../../errors.js';
import type { Action } from '../../model/action.js';
import { dayMs } from '../../model/action.js';
import type { Item } from '../../model/item.js';
import type { Erasure } from '../../model/serving.js';
import { type RecommendationBlock, RecommendationLog } from '../../store/recommendations.js';
import { type BatchOptions, type BatchReport, type BatchSources, runBatch } from '../batch.js';
import { eraseUser } from '../erase.js';
import { buildIndex, indexStatus } from '../indexing.js';
import { checkActions, type PutReport, putItems, storeActions } from '../put.js';
import { allRows, type Searches } from '../searches.js';

/** What a writer works on. */
export interface WriterParts extends BatchSources {
  readonly searches: Searches;
  /** Hears what somebody should know. */
  readonly onNote: (note: string) => void;
}

/** What a write has changed for those who read. */
export interface Changes {
  /** Ids of the users whose logs have grown. */
  readonly users: readonly string[];
  /** Whether items, vectors, types, profiles or an index are others than before. */
  readonly state: boolean;
}

export interface PutAnswer {
  readonly report: PutReport;
  readonly changes: Changes;
}

/** A step of fewer actions goes into the blocks of their users at once: reading a log takes longer while others wait. */
const asideFrom = 256;
/** Actions that wait are moved into the blocks when no large step has come for so long, ms … */
const idleMs = 250;
/** … one range of users after the other, with pauses of so many times what one took. */
const settlePauses = 4;

/** From this many items on a space gets an index without being asked. */
const indexFromItems = 20_000;

interface Waiting {
  readonly json: Uint8Array;
  resolve(answer: PutAnswer): void;
  reject(error: unknown): void;
}

/** An array that could be read. */
interface Readable extends Omit<Waiting, 'json'> {
  readonly actions: readonly Action[];
}

/**
 * The one who writes to the directory of a server. Actions that arrive while a commit is being synced wait and go into
 * the next one together, each array with a report of its own.
 */
export class Writer {
  private readonly parts: WriterParts;
  private readonly recommendations: RecommendationLog;
  private waiting: Waiting[] = [];
  private logged: RecommendationBlock[] = [];
  private scheduled = false;
  private settling: NodeJS.Timeout | null = null;
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<unknown>>();
  private indexRunning = false;

  constructor(parts: WriterParts) {
    this.parts = parts;
    this.recommendations = new RecommendationLog(parts.directory, (item) => parts.catalog.ids.idOf(item));
  }

  /** Looks at the end of every log, between other work, so that the first commits need not wait for the disk to read. */
  async warm(): Promise<void> {
    const { directory, log } = this.parts;
    for (const _ of log.expectAll()) {
      await new Promise(setImmediate);
      if (this.stopping.signal.aborted) return;
      directory.refresh();
    }
    this.settleSoon(idleMs);
  }

  actions(json: Uint8Array): Promise<PutAnswer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ json, resolve, reject });
      this.schedule();
    });
  }

  /** Resolves at once: what was answered is written with the next commit. */
  recommended(block: RecommendationBlock): Promise<void> {
    if (block.entries.length > 0) this.logged.push(block);
    this.schedule();
    return new Promise((resolve) => setImmediate(resolve));
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.commit();
    });
  }

  /** Everything that waits, in one transaction: all arrays as one sorted step of the log. */
  private commit(): void {
    const { directory, log, catalog, onNote } = this.parts;
    const { logged } = this;
    const arrays = this.waiting.flatMap(readArray);
    this.waiting = [];
    this.logged = [];
    const types = log.types.list().length;
    let reports: PutReport[] = [];
    let isLarge = false;
    try {
      const now = Date.now();
      const all = arrays.map(({ actions }) => actions);
      const checked = checkActions(directory, all, now);
      isLarge = checked.actions.length >= asideFrom;
      log.expect(checked.actions.map(({ userId }) => userId as string));
      directory.write(() => {
        if (arrays.length > 0) reports = storeActions(directory, log, catalog.ids, checked, now, asideFrom);
        this.keepUp(checked.actions.length);
        for (const block of logged) this.putRecommendations(block);
      });
    } catch (error) {
      log.forget();
      catalog.ids.forget();
      for (const { reject } of arrays) reject(error);
      if (logged.length > 0) onNote(`recommendations could not be logged: ${String(error)}`);
      return;
    }
    if (this.settling === null || isLarge) this.settleSoon(idleMs);
    const state = log.types.list().length !== types;
    arrays.forEach(({ actions, resolve }, i) => {
      const users = new Set<string>();
      for (const action of actions) if (typeof action?.userId === 'string') users.add(action.userId);
      resolve({ report: reports[i], changes: { users: [...users], state } });
    });
  }

  /** Where too many actions wait outside the blocks, at least as many are moved as have come. */
  private keepUp(come: number): void {
    const { log } = this.parts;
    if (come === 0 || !log.isBehind()) return;
    for (let left = come; left > 0 && log.waitingCount() > 0; ) left -= log.settle();
  }

  private settleSoon(ms: number): void {
    if (this.settling) clearTimeout(this.settling);
    this.settling = null;
    const { log, onNote } = this.parts;
    if (log.waitingCount() === 0 || this.stopping.signal.aborted) return;
    this.settling = setTimeout(() => {
      const started = performance.now();
      try {
        log.settle();
        this.settleSoon(settlePauses * (performance.now() - started));
      } catch (error) {
        this.settling = null; // the next commit tries again
        onNote(`actions could not be moved into their users' blocks, and still wait: ${String(error)}`);
      }
    }, ms);
  }

  /** Of an erased user who has not come back nothing is logged: it would bring the id back. */
  private putRecommendations({ entries, bytes }: RecommendationBlock): void {
    const { directory, log } = this.parts;
    const refusalOf = erasedUserRefusal(directory, log.users);
    const kept = entries.filter(({ userId }) => refusalOf(userId) === null);
    const users = log.users.ensureAll(kept.map(({ userId }) => userId));
    this.recommendations.put({ entries: kept, bytes }, users);
  }

  items(json: Uint8Array): PutAnswer {
    const report = putItems(this.parts.catalog, parseArray<Item>(json, 'items'));
    return { report, changes: { users: [], state: report.accepted > 0 } };
  }

  deleteItem(itemId: string): boolean {
    return this.parts.catalog.delete([itemId]) > 0;
  }

  erase({ userId, nowMs }: { readonly userId: string; readonly nowMs: number }): Erasure {
    this.logged = this.logged.map(({ entries, bytes }) => ({
      entries: entries.filter((entry) => entry.userId !== userId),
      bytes,
    }));
    return eraseUser(this.parts.directory, this.parts.log, this.recommendations, userId, nowMs);
  }

  async batch(options: Omit<BatchOptions, 'signal'>): Promise<BatchReport> {
    const { onNote } = this.parts;
    const { signal } = this.stopping;
    // Actions are acknowledged on this thread meanwhile.
    const batch = runBatch(this.parts, { ...options, apart: true, onNote, signal });
    const settled = batch.catch(() => {});
    this.running.add(settled);
    try {
      return await batch;
    } finally {
      this.running.delete(settled);
    }
  }

  /** A batch or index that is being built is given up; what was there before stays. */
  async stop(): Promise<void> {
    this.stopping.abort();
    if (this.settling) clearTimeout(this.settling);
    await Promise.all(this.running);
  }

  /** Removes logged recommendations older than `days` before `nowMs`. */
  async expire({ nowMs, days }: { readonly nowMs: number; readonly days: number }): Promise<number> {
    let removed = 0;
    const users = this.parts.log.users.count();
    for (const step of this.recommendations.removeBefore(nowMs - days * dayMs, users)) {
      removed += step;
      await new Promise(setImmediate); // actions that wait go first
    }
    return removed;
  }

  /** Builds the index of the active space where it is stale, or missing though worth it. Whether one was built. */
  async refreshIndex(): Promise<boolean> {
    const { directory, catalog, searches, onNote } = this.parts;
    if (this.indexRunning || catalog.spaceTable().active === null) return false;
    this.indexRunning = true;
    try {
      const space = catalog.load();
      const rows = allRows(space);
      const { index, items, library, whyExact } = indexStatus(space, rows, searches.open(space));
      const isWorthIt = index ? index.stale : items >= indexFromItems;
      if (!isWorthIt || library === null) return false;
      onNote(index ? 'the index is stale and is built again' : `${whyExact}: it is built now`);
      await buildIndex(directory, space, rows, { workers: 1, signal: this.stopping.signal }, Date.now());
      return true;
    } finally {
      this.indexRunning = false;
    }
  }
}

/** What cannot be read is refused alone. */
function readArray({ json, resolve, reject }: Waiting): Readable[] {
  try {
    return [{ actions: parseArray<Action>(json, 'actions'), resolve, reject }];
  } catch (error) {
    reject(error);
    return [];
  }
}

function parseArray<T>(json: Uint8Array, what: string): T[] {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const message = `${what}: got no JSON (${error.message}), expected an array`;
    throw new PinnersageError('request-malformed', message);
  }
  if (!Array.isArray(value))
    throw new PinnersageError('option-invalid', `${what}: got ${shown(value)}, expected an array`);
  return value as T[];
}
