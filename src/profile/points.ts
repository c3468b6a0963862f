import { PinnersageError } from '../errors.js';
import { U32Map } from '../math/u32map.js';
import { type ActionType, dayMs, type UserLog } from '../model/action.js';
import type { ItemKey } from '../model/item.js';
import type { LeftOut } from '../model/profile.js';

export interface CollectOptions {
  readonly windowDays: number | 'all';
  /** Type code → role and weight. */
  readonly types: readonly ActionType[];
  /** Most distinct items kept: those with the newest last action. */
  readonly maxItems: number;
  /** Whether the space has an embedding of this item. */
  readonly hasVector: (item: ItemKey) => boolean;
  /** Item key → its id's place in the byte order of all ids. */
  readonly idRank: Uint32Array;
}

/**
 * A user's points: the distinct items of the window, ordered by (first action time, item id bytes). The actions of
 * point i are `actionOffsets[i]` up to `actionOffsets[i + 1]`, in time order, so the first and the last of them are
 * the point's first and last. The arrays are views of the scratch and last until it is used again.
 */
export interface Points {
  readonly itemKeys: Uint32Array;
  readonly actionOffsets: Uint32Array;
  /** Epoch milliseconds. */
  readonly times: Float64Array;
  /** The action's weight times its type's. */
  readonly weights: Float64Array;
  readonly leftOut: LeftOut;
  /**
   * The first instant after asOf at which time alone changes points or `leftOut`, because an action leaves the window or
   * comes into it; epoch ms, +Infinity for never.
   */
  readonly changesAtMs: number;
}

/** The time of the newest of the points' actions, epoch ms; −Infinity where there is none. */
export function newestTime({ times }: Pick<Points, 'times'>): number {
  let latest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < times.length; i++) if (times[i] > latest) latest = times[i];
  return latest;
}

/** Memory of `collectPoints`, grown on demand and used again for the next user. */
export class PointScratch {
  /** Per kept action: its row in the log, and the slot of its item. Slots number items by first occurrence. */
  rows = new Uint32Array(0);
  slots = new Uint32Array(0);
  /** Per slot. */
  slotItem = new Uint32Array(0);
  slotFirst = new Float64Array(0);
  slotLast = new Float64Array(0);
  slotCount = new Uint32Array(0);
  /** Slots in point order, and where each slot's next action goes. */
  order = new Uint32Array(0);
  cursor = new Int32Array(0);
  readonly slotOf = new U32Map();
  itemKeys = new Uint32Array(0);
  actionOffsets = new Uint32Array(1);
  times = new Float64Array(0);
  weights = new Float64Array(0);
  changesAtMs = Number.POSITIVE_INFINITY;

  reserve(actions: number): void {
    if (actions <= this.rows.length) return;
    const size = Math.max(64, 2 * this.rows.length, actions);
    for (const name of ['rows', 'slots', 'slotItem', 'slotCount', 'order', 'itemKeys'] as const)
      this[name] = new Uint32Array(size);
    for (const name of ['slotFirst', 'slotLast', 'times', 'weights'] as const)
      this[name] = new Float64Array(size);
    this.cursor = new Int32Array(size);
    this.actionOffsets = new Uint32Array(size + 1);
  }
}

/**
 * What: selects and groups the actions of one user that are clustered.
 * Source: algorithm.md §1 (roles, window, order of the points).
 * Convention: the window is (asOf − windowDays, asOf]. An action of weight 0 makes a point like any other: weights
 * enter importance, never geometry; what shall not be clustered gets another role. With more than `maxItems` items
 * those with the newest last action stay (ties: the later in point order), in point order as before.
 * Shapes and units: m actions kept, n ≤ m points; times in epoch ms. Rows may come in any order; the log's own (by
 * time) is the fast one. Actions of one item at one time keep the order of their rows.
 * Preconditions and errors: `types` covers every code of the log, else `internal`; `idRank` every item key.
 * Time and memory: O(m) for a log in time order plus O(t log t) for t items first acted on at one instant; no
 * allocation but views once the scratch has grown.
 * Checked by: test/profile/points.test.ts (by hand, and against a plain twin).
 */
export function collectPoints(
  log: UserLog,
  asOfMs: number,
  options: CollectOptions,
  scratch: PointScratch = new PointScratch(),
): Points {
  scratch.reserve(log.length);
  const left = { role: 0, afterAsOf: 0, outsideWindow: 0, unembedded: 0, truncated: 0 };
  const kept = keepRows(log, asOfMs, options, scratch, left);
  const items = groupByItem(log, kept, scratch);
  orderSlots(items, options.idRank, scratch);
  const points = truncate(items, options.maxItems, scratch);
  return scatter(log, kept, points, options.types, scratch, left);
}

type Counts = { -readonly [reason in keyof LeftOut]: number };

/** Writes the rows that take part to `scratch.rows`, in time order, and returns how many. */
function keepRows(
  log: UserLog,
  asOfMs: number,
  { windowDays, types, hasVector }: CollectOptions,
  scratch: PointScratch,
  left: Counts,
): number {
  const { rows } = scratch;
  const windowMs = windowDays === 'all' ? Number.POSITIVE_INFINITY : windowDays * dayMs;
  const startMs = asOfMs - windowMs;
  const { items, times, types: codes } = log;
  const interest = types.map(({ role }) => role === 'interest');
  let kept = 0;
  let inOrder = true;
  let oldest = Number.POSITIVE_INFINITY;
  let comes = Number.POSITIVE_INFINITY;
  for (let row = 0; row < log.length; row++) {
    const time = times[row];
    const isInterest = interest[codes[row]];
    if (isInterest === undefined) throw unknownType(codes[row], types);
    if (!isInterest) left.role++;
    else if (time > asOfMs) {
      left.afterAsOf++;
      if (time < comes) comes = time;
    } else if (time <= startMs) left.outsideWindow++;
    else {
      if (time < oldest) oldest = time;
      if (!hasVector(items[row])) {
        left.unembedded++;
        continue;
      }
      if (kept > 0 && time < times[rows[kept - 1]]) inOrder = false;
      rows[kept++] = row;
    }
  }
  if (!inOrder) rows.subarray(0, kept).sort((a, b) => times[a] - times[b] || a - b);
  scratch.changesAtMs = Math.min(comes, oldest + windowMs);
  return kept;
}

function unknownType(code: number, types: readonly ActionType[]): PinnersageError {
  return new PinnersageError('internal', `action type code: got ${code}, expected one below ${types.length}`);
}

/** Gives each distinct item a slot, in the order of first occurrence; returns how many. */
function groupByItem(log: UserLog, kept: number, scratch: PointScratch): number {
  const { rows, slots, slotItem, slotFirst, slotLast, slotCount, slotOf } = scratch;
  slotOf.reset(kept);
  let items = 0;
  for (let i = 0; i < kept; i++) {
    const row = rows[i];
    const slot = slotOf.getOrSet(log.items[row], items);
    if (slot === items) {
      slotItem[slot] = log.items[row];
      slotFirst[slot] = log.times[row];
      slotCount[slot] = 0;
      items++;
    }
    slotLast[slot] = log.times[row];
    slotCount[slot]++;
    slots[i] = slot;
  }
  return items;
}

/** Slots already ascend by first time: only items first acted on at the same instant need sorting. */
function orderSlots(items: number, idRank: Uint32Array, { order, slotItem, slotFirst }: PointScratch): void {
  for (let slot = 0; slot < items; slot++) order[slot] = slot;
  for (let from = 0; from < items; ) {
    let to = from + 1;
    while (to < items && slotFirst[to] === slotFirst[from]) to++;
    if (to - from > longRun) {
      order.subarray(from, to).sort((a, b) => idRank[slotItem[a]] - idRank[slotItem[b]]);
    } else {
      insertionSort(order, from, to, idRank, slotItem);
    }
    from = to;
  }
}

/** Longer runs than this are worth the overhead of the built-in sort. */
const longRun = 64;

function insertionSort(
  order: Uint32Array,
  from: number,
  to: number,
  idRank: Uint32Array,
  slotItem: Uint32Array,
): void {
  for (let next = from + 1; next < to; next++) {
    const slot = order[next];
    const rank = idRank[slotItem[slot]];
    let hole = next;
    for (; hole > from && idRank[slotItem[order[hole - 1]]] > rank; hole--) order[hole] = order[hole - 1];
    order[hole] = slot;
  }
}

/** Shortens `scratch.order` to the `maxItems` with the newest last action; returns how many points there are. */
function truncate(items: number, maxItems: number, { order, slotLast }: PointScratch): number {
  if (items <= maxItems) return items;
  const places = Uint32Array.from({ length: items }, (_, place) => place);
  places.sort((a, b) => slotLast[order[b]] - slotLast[order[a]] || b - a);
  const newest = places.subarray(0, maxItems).sort();
  for (let point = 0; point < maxItems; point++) order[point] = order[newest[point]];
  return maxItems;
}

/** Lays the actions out point by point. */
function scatter(
  log: UserLog,
  kept: number,
  points: number,
  types: readonly ActionType[],
  scratch: PointScratch,
  left: Counts,
): Points {
  const { rows, slots, slotItem, slotCount, order, cursor, itemKeys, actionOffsets, times, weights } =
    scratch;
  cursor.fill(-1, 0, kept);
  let actions = 0;
  for (let point = 0; point < points; point++) {
    const slot = order[point];
    itemKeys[point] = slotItem[slot];
    actionOffsets[point] = actions;
    cursor[slot] = actions;
    actions += slotCount[slot];
  }
  actionOffsets[points] = actions;
  for (let i = 0; i < kept; i++) {
    if (cursor[slots[i]] === -1) continue; // truncated
    const row = rows[i];
    const at = cursor[slots[i]]++;
    times[at] = log.times[row];
    weights[at] = log.weights[row] * types[log.types[row]].weight;
  }
  left.truncated = kept - actions;
  return {
    itemKeys: itemKeys.subarray(0, points),
    actionOffsets: actionOffsets.subarray(0, points + 1),
    times: times.subarray(0, actions),
    weights: weights.subarray(0, actions),
    leftOut: left,
    changesAtMs: scratch.changesAtMs,
  };
}
