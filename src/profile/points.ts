import { PinnersageError } from '../errors.js';
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
 * the point's first and last. The arrays are views of the scratch and last until it is used again, or released where they
 * are held.
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
  slotCount = new Uint32Array(0);
  /** Slots in point order, and where each slot's next action goes; −1 where they go nowhere. */
  order = new Uint32Array(0);
  cursor = new Int32Array(0);
  /** Open addressing from an item to its slot + 1; 0 marks an empty place. At least two places to an action. */
  places = new Uint32Array(0);
  /** Points lie from `base` on. */
  itemKeys = new Uint32Array(0);
  actionOffsets = new Uint32Array(0);
  times = new Float64Array(0);
  weights = new Float64Array(0);
  base = 0;
  changesAtMs = Number.POSITIVE_INFINITY;
  /** Of the types that were last given. */
  types: readonly ActionType[] = [];
  isInterest = new Uint8Array(0);
  typeWeight = new Float64Array(0);

  reserve(actions: number): void {
    if (actions > this.rows.length) this.growWork(Math.max(64, 2 * this.rows.length, actions));
    if (this.base + actions < this.actionOffsets.length) return;
    // Points that are held keep the memory that they lie in.
    const size = Math.max(2 * this.actionOffsets.length, actions + 1);
    this.itemKeys = new Uint32Array(size);
    this.actionOffsets = new Uint32Array(size);
    this.times = new Float64Array(size);
    this.weights = new Float64Array(size);
    this.base = 0;
  }

  private growWork(size: number): void {
    for (const name of ['rows', 'slots', 'slotItem', 'slotCount', 'order'] as const)
      this[name] = new Uint32Array(size);
    this.slotFirst = new Float64Array(size);
    this.cursor = new Int32Array(size);
    this.places = new Uint32Array(2 ** Math.ceil(Math.log2(2 * size)));
  }

  readTypes(types: readonly ActionType[]): void {
    if (types === this.types) return;
    this.types = types;
    this.isInterest = Uint8Array.from(types, ({ role }) => (role === 'interest' ? 1 : 0));
    this.typeWeight = Float64Array.from(types, ({ weight }) => weight);
  }

  /** Keeps the points that were collected last until `release`. */
  hold({ times }: Points): void {
    // One more offset than points, of which there are no more than actions.
    this.base += times.length + 1;
  }

  release(): void {
    this.base = 0;
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
  scratch.readTypes(options.types);
  const left = { role: 0, afterAsOf: 0, outsideWindow: 0, unembedded: 0, truncated: 0 };
  const kept = keepRows(log, asOfMs, options.windowDays, scratch, left);
  const slots = groupByItem(log, kept, scratch);
  const items = embeddedSlots(slots, options.hasVector, scratch, left);
  orderSlots(items, options.idRank, scratch);
  const points = truncate(log, kept, items, options.maxItems, scratch);
  return scatter(log, kept, slots, points, scratch, left);
}

type Counts = { -readonly [reason in keyof LeftOut]: number };

/** Writes the rows of interest in the window to `scratch.rows`, in time order, and returns how many. */
function keepRows(
  { length, times, types: codes }: UserLog,
  asOfMs: number,
  windowDays: CollectOptions['windowDays'],
  scratch: PointScratch,
  left: Counts,
): number {
  const { rows, isInterest } = scratch;
  const windowMs = windowDays === 'all' ? Number.POSITIVE_INFINITY : windowDays * dayMs;
  const startMs = asOfMs - windowMs;
  let kept = 0;
  let inOrder = true;
  let last = Number.NEGATIVE_INFINITY;
  let oldest = Number.POSITIVE_INFINITY;
  let comes = Number.POSITIVE_INFINITY;
  for (let row = 0; row < length; row++) {
    const time = times[row];
    const code = codes[row];
    if (code >= isInterest.length) throw unknownType(code, scratch.types);
    if (isInterest[code] === 0) left.role++;
    else if (time > asOfMs) {
      left.afterAsOf++;
      if (time < comes) comes = time;
    } else if (time <= startMs) left.outsideWindow++;
    else {
      if (time < oldest) oldest = time;
      if (time < last) inOrder = false;
      last = time;
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
function groupByItem({ items, times }: UserLog, kept: number, scratch: PointScratch): number {
  const { rows, slots, slotItem, slotFirst, slotCount, places } = scratch;
  let capacity = 16;
  while (capacity < 2 * kept) capacity *= 2;
  places.fill(0, 0, capacity);
  const mask = capacity - 1;
  // Keeps the high bits of the product, which depend on every bit of the item.
  const shift = Math.clz32(mask);
  let count = 0;
  for (let i = 0; i < kept; i++) {
    const row = rows[i];
    const item = items[row];
    let place = Math.imul(item, 0x9e3779b1) >>> shift;
    let found = places[place];
    while (found !== 0 && slotItem[found - 1] !== item) {
      place = (place + 1) & mask;
      found = places[place];
    }
    if (found === 0) {
      slotItem[count] = item;
      slotFirst[count] = times[row];
      slotCount[count] = 0;
      found = places[place] = ++count;
    }
    slotCount[found - 1]++;
    slots[i] = found - 1;
  }
  return count;
}

/** Writes the slots of items that have a vector to `scratch.order`; returns how many. */
function embeddedSlots(
  slots: number,
  hasVector: CollectOptions['hasVector'],
  { order, slotItem, slotCount }: PointScratch,
  left: Counts,
): number {
  let items = 0;
  for (let slot = 0; slot < slots; slot++) {
    if (hasVector(slotItem[slot])) order[items++] = slot;
    else left.unembedded += slotCount[slot];
  }
  return items;
}

/** Slots already ascend by first time: only items first acted on at the same instant need sorting. */
function orderSlots(items: number, idRank: Uint32Array, { order, slotItem, slotFirst }: PointScratch): void {
  for (let from = 0; from < items; ) {
    const first = slotFirst[order[from]];
    let to = from + 1;
    while (to < items && slotFirst[order[to]] === first) to++;
    if (to - from > longRun) {
      order.subarray(from, to).sort((a, b) => idRank[slotItem[a]] - idRank[slotItem[b]]);
    } else if (to - from > 1) {
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
function truncate(
  { times }: UserLog,
  kept: number,
  items: number,
  maxItems: number,
  { rows, slots, order }: PointScratch,
): number {
  if (items <= maxItems) return items;
  const lastOf = new Float64Array(kept);
  for (let i = 0; i < kept; i++) lastOf[slots[i]] = times[rows[i]];
  const places = Uint32Array.from({ length: items }, (_, place) => place);
  places.sort((a, b) => lastOf[order[b]] - lastOf[order[a]] || b - a);
  const newest = places.subarray(0, maxItems).sort();
  for (let point = 0; point < maxItems; point++) order[point] = order[newest[point]];
  return maxItems;
}

/** Lays the actions out point by point. */
function scatter(
  { times, weights, types }: UserLog,
  kept: number,
  slotted: number,
  points: number,
  scratch: PointScratch,
  left: Counts,
): Points {
  const { rows, slots, slotItem, slotCount, order, cursor, typeWeight, base } = scratch;
  const { itemKeys, actionOffsets, times: toTimes, weights: toWeights } = scratch;
  cursor.fill(-1, 0, slotted);
  let next = base;
  for (let point = 0; point < points; point++) {
    const slot = order[point];
    itemKeys[base + point] = slotItem[slot];
    actionOffsets[base + point] = next - base;
    cursor[slot] = next;
    next += slotCount[slot];
  }
  const actions = next - base;
  actionOffsets[base + points] = actions;
  for (let i = 0; i < kept; i++) {
    const at = cursor[slots[i]];
    if (at === -1) continue; // without a vector, or truncated
    cursor[slots[i]] = at + 1;
    const row = rows[i];
    toTimes[at] = times[row];
    toWeights[at] = weights[row] * typeWeight[types[row]];
  }
  left.truncated = kept - left.unembedded - actions;
  return {
    itemKeys: itemKeys.subarray(base, base + points),
    actionOffsets: actionOffsets.subarray(base, base + points + 1),
    times: toTimes.subarray(base, next),
    weights: toWeights.subarray(base, next),
    leftOut: left,
    changesAtMs: scratch.changesAtMs,
  };
}
