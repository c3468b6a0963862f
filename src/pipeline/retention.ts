import type { ActionLog } from '../actions/log.js';
import type { Catalog } from '../catalog/catalog.js';
import { compactSpace } from '../catalog/compact.js';
import type { Directory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import { dayMs } from '../model/action.js';
import type { ProfileStore } from '../store/profiles.js';

export interface RetainOptions {
  /** Actions older than this many days before `nowMs` are removed. Default: none. Range: finite, > 0. */
  readonly actionsDays?: number;
  /** Whether the vectors of deleted items are removed, which serve the history of users until then. Default: false. */
  readonly deletedItems?: boolean;
  /** The clock, epoch ms. Default: the wall clock. */
  readonly nowMs?: number;
  /** Hears how many actions have been removed. */
  readonly onProgress?: (removed: number) => void;
  readonly signal?: AbortSignal;
}

export interface RetainReport {
  /** ISO 8601; null where no limit was given. */
  readonly actionsBefore: string | null;
  readonly actionsRemoved: number;
  readonly actionsKept: number;
  /** Vectors of deleted items, over all spaces; with them go rows that were replaced. */
  readonly vectorsRemoved: number;
}

const removeStep = 20_000;

/**
 * Removes what need not be kept any longer. Every step is durable, so that stopped anywhere the same call takes the rest;
 * profiles follow with the next batch.
 */
export async function retain(
  directory: Directory,
  catalog: Catalog,
  log: ActionLog,
  profiles: (space: string) => ProfileStore,
  options: RetainOptions,
): Promise<RetainReport> {
  const { actionsDays, deletedItems = false, nowMs = Date.now() } = options;
  if (actionsDays === undefined && !deletedItems)
    throw new PinnersageError('option-invalid', 'nothing to do: expected --actions-days or --deleted-items');
  if (actionsDays !== undefined && !(Number.isFinite(actionsDays) && actionsDays > 0))
    throw new PinnersageError('option-invalid', `actionsDays: got ${actionsDays}, expected a number > 0`);
  const before = actionsDays === undefined ? null : nowMs - actionsDays * dayMs;
  const actionsRemoved = before === null ? 0 : await removeActions(directory, log, before, options);
  let vectorsRemoved = 0;
  if (deletedItems)
    for (const name of Object.keys(catalog.spaceTable().spaces))
      vectorsRemoved += compactSpace(directory, catalog, profiles(name), name, { purge: true });
  return {
    actionsBefore: before === null ? null : new Date(before).toISOString(),
    actionsRemoved,
    actionsKept: log.count(),
    vectorsRemoved,
  };
}

async function removeActions(
  directory: Directory,
  log: ActionLog,
  before: number,
  { onProgress, signal }: RetainOptions,
): Promise<number> {
  let removed = 0;
  let keys: Uint8Array[] = [];
  const flush = (): void => {
    directory.write(() => log.remove(keys));
    removed += keys.length;
    keys = [];
    onProgress?.(removed);
  };
  await log.settleAll(signal);
  for (const key of log.keysBefore(before)) {
    if (keys.push(key) < removeStep) continue;
    flush();
    await new Promise(setImmediate); // lets Ctrl-C through
    if (signal?.aborted)
      throw new PinnersageError(
        'interrupted',
        `interrupted after removing ${removed} actions; the same command takes the rest`,
      );
  }
  if (keys.length > 0) flush();
  return removed;
}
