import type { Directory } from '../disk/directory.js';
import { IdTable } from '../disk/ids.js';
import { PinnersageError } from '../errors.js';
import { readTable } from '../files/read.js';
import type { Rejects } from '../files/rejects.js';
import { createRejects, type ImportReport, type RejectFlags } from '../files/report.js';
import { ExternalSort } from '../files/sort.js';
import type { ColumnRequest, ReadOptions, Refusal, RowBatch } from '../files/table.js';
import type { ActionTypes } from '../model/action.js';
import { type AcceptOptions, actionRefusal, extrasOf, type RawAction } from './accept.js';
import { type ActionRecord, encodeKey, encodeValue } from './codec.js';
import { Erased } from './erased.js';
import type { ActionLog } from './log.js';
import { checkType } from './types.js';

export interface ImportActionsOptions extends ReadOptions, RejectFlags {
  /** The type of every action of a file without a `type` column. */
  readonly type?: string;
  /** Types to declare before the first row is stored; other types of the file become `interest` with weight 1. */
  readonly types?: ActionTypes;
  /** Earliest and latest time taken, epoch ms, inclusive; other rows count as rejected. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** `keep` (default) stores actions on items that are not in the catalog yet; `reject` refuses them. */
  readonly unknownItems?: 'keep' | 'reject';
  /** The wall clock, epoch ms: stamps what is accepted and tells what is in the future. */
  readonly wallClockMs: number;
  readonly onNote?: (note: string) => void;
  readonly onProgress?: (rows: number, phase: 'reading' | 'storing') => void;
  readonly signal?: AbortSignal;
}

const sortMemoryBytes = 192 * 1024 * 1024;
const storeStep = 20_000;
/** New ids of so many rows get their numbers in one durable step. */
const numberStep = 32_768;

/**
 * Imports one file of actions. Rows are checked, sorted by (user, time) with bounded memory, and stored in that order,
 * a step at a time, each durable. Stopped anywhere, the same command takes up what is missing: an action that is
 * already there counts as a duplicate.
 */
export async function importActions(
  directory: Directory,
  log: ActionLog,
  path: string,
  options: ImportActionsOptions,
): Promise<ImportReport> {
  const types = Object.entries(options.types ?? {});
  for (const [name, type] of types) checkType(name, type);
  const rejects = createRejects(path, options);
  const sorter = new ExternalSort({ memoryBytes: sortMemoryBytes, tempDir: directory.tempDir });
  try {
    await readInto(sorter, new RowEncoder(directory, log, options), path, options, rejects);
    directory.write(() => {
      for (const [name, type] of types) log.types.declare(name, type);
    });
    const { accepted, duplicates } = await storeSorted(sorter, directory, log, path, options);
    return { accepted, duplicates, rejected: rejects.counts, examples: rejects.examples };
  } finally {
    sorter.close();
    rejects.close();
  }
}

function columnsFor(options: ImportActionsOptions): ColumnRequest[] {
  return [
    { name: 'user_id', kind: 'text', required: true },
    { name: 'item_id', kind: 'text', required: true },
    { name: 'type', kind: 'text', required: options.type === undefined },
    { name: 'timestamp', kind: 'timestamp', required: true },
    { name: 'event_id', kind: 'text', required: false },
    { name: 'weight', kind: 'text', required: false },
    { name: 'recommendation_id', kind: 'text', required: false },
    { name: 'position', kind: 'text', required: false },
    { name: 'context', kind: 'json', required: false },
  ];
}

async function readInto(
  sorter: ExternalSort,
  encoder: RowEncoder,
  path: string,
  options: ImportActionsOptions,
  rejects: Rejects,
): Promise<void> {
  let rows = 0;
  const batches = readTable(path, options, columnsFor(options), rejects.add, options.onNote ?? (() => {}));
  for await (const batch of batches) {
    if (options.signal?.aborted)
      throw new PinnersageError(
        'interrupted',
        `${path}: interrupted while reading; nothing of it was stored`,
      );
    encoder.take(batch, (row, refusal) => rejects.add({ file: path, line: batch.line(row), ...refusal }));
    if (encoder.taken >= numberStep) encoder.drain(sorter);
    rows += batch.rows;
    options.onProgress?.(rows, 'reading');
  }
  encoder.drain(sorter);
}

async function storeSorted(
  sorter: ExternalSort,
  directory: Directory,
  log: ActionLog,
  path: string,
  options: ImportActionsOptions,
): Promise<{ accepted: number; duplicates: number }> {
  const records = sorter.records();
  let accepted = 0;
  let seen = 0;
  while (seen < sorter.count) {
    if (options.signal?.aborted)
      throw new PinnersageError(
        'interrupted',
        `${path}: interrupted after storing ${accepted} actions; the same command takes the rest`,
      );
    const fresh = directory.write(() => log.put(take(records, storeStep), options.wallClockMs));
    for (const isNew of fresh) if (isNew) accepted++;
    seen += fresh.length;
    options.onProgress?.(seen, 'storing');
    await new Promise(setImmediate); // lets Ctrl-C through
  }
  records.return();
  return { accepted, duplicates: seen - accepted };
}

function* take<T>(from: Iterator<T>, count: number): Generator<T, void> {
  for (let i = 0; i < count; i++) {
    const next = from.next();
    if (next.done) return;
    yield next.value;
  }
}

/** Turns rows into records, giving numbers to ids and types that are new. */
class RowEncoder {
  private readonly directory: Directory;
  private readonly log: ActionLog;
  private readonly items: IdTable;
  private readonly options: ImportActionsOptions;
  private readonly accept: AcceptOptions;
  private waiting: RawAction[] = [];

  constructor(directory: Directory, log: ActionLog, options: ImportActionsOptions) {
    this.directory = directory;
    this.log = log;
    this.items = new IdTable(directory, 'item');
    this.options = options;
    this.accept = {
      wallClockMs: options.wallClockMs,
      erasedAt: new Erased(directory).lookup(),
      ...(options.sinceMs === undefined ? {} : { sinceMs: options.sinceMs }),
      ...(options.untilMs === undefined ? {} : { untilMs: options.untilMs }),
    };
  }

  /** How many rows wait to be encoded. */
  get taken(): number {
    return this.waiting.length;
  }

  take(batch: RowBatch, refuse: (row: number, refusal: Refusal) => void): void {
    const rowAt = rawRows(batch, this.options.type);
    for (let row = 0; row < batch.rows; row++) {
      const action = rowAt(row);
      const refusal = this.refusal(action);
      if (refusal) refuse(row, refusal);
      else this.waiting.push(action);
    }
  }

  drain(sorter: ExternalSort): void {
    for (const record of toRecords(this.directory, this.log, this.items, this.waiting))
      sorter.add(encodeKey(record), encodeValue(record));
    this.waiting = [];
  }

  private refusal(action: RawAction): Refusal | null {
    const refusal = actionRefusal(action, this.accept);
    if (refusal || this.options.unknownItems !== 'reject') return refusal;
    const key = this.items.find(action.itemId as string);
    const known = key !== null && (this.items.read(key)?.flags ?? 0) !== 0;
    return known
      ? null
      : { reason: 'item-unknown', detail: `item_id: "${action.itemId}" is not in the catalog` };
  }
}

/** Records of checked actions; ids and types that are new get their numbers in one durable step. */
export function toRecords(
  directory: Directory,
  log: ActionLog,
  items: IdTable,
  actions: readonly RawAction[],
): ActionRecord[] {
  const users = new Numbers(actions, ({ userId }) => userId as string, log.users);
  const others = new Numbers(actions, ({ itemId }) => itemId as string, items);
  const types = new Numbers(actions, ({ type }) => type as string, log.types);
  const all = [users, others, types];
  if (!all.every((one) => one.areKnown))
    directory.write(() => {
      for (const one of all) one.ensure();
    });
  return actions.map((action, i) => ({
    user: users.keys[i],
    time: action.timestamp as number,
    item: others.keys[i],
    type: types.keys[i],
    weight: (action.weight ?? 1) as number,
    eventId: action.eventId,
    extras: extrasOf(action),
  }));
}

/** What gives names their numbers. */
interface NameTable {
  find(name: string): number | null;
  ensureAll(names: readonly string[]): ArrayLike<number>;
}

/** The numbers of one kind of name in actions. */
class Numbers {
  readonly keys: Uint32Array;
  /** Names that have none yet, each once, in the order of the actions, and where they are. */
  private readonly unknown = new Map<string, number[]>();
  private readonly table: NameTable;

  constructor(actions: readonly RawAction[], nameOf: (action: RawAction) => string, table: NameTable) {
    this.keys = new Uint32Array(actions.length);
    this.table = table;
    for (let i = 0; i < actions.length; i++) this.look(nameOf(actions[i]), i);
  }

  get areKnown(): boolean {
    return this.unknown.size === 0;
  }

  /** Gives the others theirs. Call inside `Directory.write`. */
  ensure(): void {
    const found = this.table.ensureAll([...this.unknown.keys()]);
    let name = 0;
    for (const places of this.unknown.values()) {
      for (const place of places) this.keys[place] = found[name];
      name++;
    }
  }

  private look(name: string, place: number): void {
    const others = this.unknown.get(name);
    const key = others ? null : this.table.find(name);
    if (others) others.push(place);
    else if (key === null) this.unknown.set(name, [place]);
    else this.keys[place] = key;
  }
}

function rawRows(batch: RowBatch, type: string | undefined): (row: number) => RawAction {
  const users = batch.text('user_id');
  const items = batch.text('item_id');
  const types = batch.has('type') ? batch.text('type') : null;
  const times = batch.timestamp('timestamp');
  const events = batch.has('event_id') ? batch.text('event_id') : null;
  const weights = batch.has('weight') ? batch.text('weight') : null;
  const recommendations = batch.has('recommendation_id') ? batch.text('recommendation_id') : null;
  const positions = batch.has('position') ? batch.text('position') : null;
  const contexts = batch.has('context') ? batch.json('context') : null;
  return (row) => ({
    userId: users[row],
    itemId: items[row],
    type: type ?? types?.[row] ?? null,
    timestamp: times.refusal(row) ?? times.ms[row],
    eventId: events?.[row] ?? null,
    weight: optionalNumber(weights?.[row] ?? null),
    recommendationId: recommendations?.[row] ?? null,
    position: optionalNumber(positions?.[row] ?? null),
    context: contexts?.[row],
  });
}

/** null where there is nothing; what is there but is not a number stays text, which is refused. */
function optionalNumber(text: string | null): number | string | null {
  if (text === null || text.trim() === '') return null;
  const value = Number(text);
  return Number.isNaN(value) ? text : value;
}
