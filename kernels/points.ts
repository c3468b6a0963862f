// A user's points straight from the blocks of the log, with the digest of what decides their clusters.
//
// Source: algorithm.md §1 and §5; layout of the blocks: src/actions/blocks.ts and codec.ts. It does what decoding,
// `collectPoints` and `clusterBasis` do (src/profile/), to the last bit, for logs in time order; what is not plain it leaves to
// them: damaged or older bytes, unknown types, actions newer than the run, disorder, many items first acted on at one
// instant, more items than are kept. Checked by: test/pipeline/pointreader.test.ts, against them.
// Time: O(actions); no memory but what `head` names, each array with room for all actions.

/** Places in the head: u32 unless said otherwise. What arrays lie where, first. */
const rowOf: usize = 0, rankOf: usize = 4, items: usize = 8, typeWeights: usize = 12, types: usize = 16, most: usize = 20;
const input: usize = 24, records: usize = 28, slots: usize = 32, order: usize = 36, places: usize = 40;
const toItems: usize = 44, toOffsets: usize = 48, toTimes: usize = 52, toWeights: usize = 56;
/** The run: f64, and the two halves of its digest. */
const asOf: usize = 64, start: usize = 72, windowMs: usize = 80, maxSeq: usize = 88, runHigh: usize = 96, runLow: usize = 100;
/** What comes out: counts of what was left out, actions kept, the digest not finished yet; as f64 changesAt and the newest time. */
const role: usize = 104, after: usize = 108, outside: usize = 112, unembedded: usize = 116, actions: usize = 120;
const high: usize = 124, low: usize = 128, changesAt: usize = 136, newestAt: usize = 144;

/** A record of an action that is kept: time and weight (f64), and where the slot of its item lies (u32). */
const recordWeight: usize = 8, recordSlot: usize = 16, recordBytes: usize = 24;
/** A slot: item, actions, row, where the next action goes (−1: nowhere; u32 each), first and last time (f64). */
const slotActions: usize = 4, slotRow: usize = 8, slotNext: usize = 12, slotFirst: usize = 16, slotLast: usize = 24, slotBytes: usize = 32;

/** The form of rows that have a key and a value; those below have places of their own. */
const whole: u32 = 2;

/** Longer runs of items first acted on at one instant are left to a sort that is not quadratic. */
const longestRun: u32 = 64;
const odd: i32 = -1;
/** Ranks are needed, and none were given. */
const tied: i32 = -2;

@inline function mix(h: u32, k: u32): u32 {
  const y = h ^ (rotl<u32>(k * 0xcc9e2d51, 15) * 0x1b873593);
  return rotl<u32>(y, 13) * 5 + 0xe6546b64;
}

/**
 * `length`: bytes of the input: blocks at multiples of 8, each 8 bytes after its own length (u32); `rows`: of all of them;
 * `base`: where the points begin in what comes out. Returns how many points there are, −1 for what is left to others, −2
 * where items were first acted on at one instant and the head says of no ranks where they lie.
 */
export function readPoints(head: usize, length: u32, rows: u32, base: u32): i32 {
  if (!group(head, length, rows)) return odd;
  findRows(head);
  const points = keep(head);
  if (points >= 0) layOut(head, points, base);
  return points;
}

/** Where the records and the slots of the user end. */
let recordsEnd: usize = 0, slotsEnd: usize = 0;

/** 6 bytes, little-endian. */
@inline function u48At(at: usize): f64 {
  return <f64><i64>(load<u64>(at) & 0xffffffffffff);
}

/** The 6 bytes of a time, big-endian, as the low bytes of a number. */
@inline function timeAt(key: usize): f64 {
  const turned = i8x16.swizzle(v128.load(key), i8x16(5, 4, 3, 2, 1, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
  return <f64>i64x2.extract_lane(turned, 0);
}

/**
 * Decodes the actions, keeps those of interest in the window and gives each distinct item a slot, by first action; false for
 * what is left to others. Whether an item is new cannot be foreseen, so nothing branches on it.
 */
function group(head: usize, length: u32, rows: u32): bool {
  const weights = load<u32>(head, typeWeights), codes = load<u32>(head, types);
  const table = <usize>load<u32>(head, places);
  const until = load<f64>(head, asOf), from = load<f64>(head, start), newest = load<f64>(head, maxSeq);
  let capacity: u32 = 16;
  while (capacity < 2 * rows) capacity <<= 1;
  for (let place = table, end = table + (<usize>capacity << 2); place < end; place += 16) v128.store(place, i64x2.splat(0));
  const mask = capacity - 1, shift = clz<u32>(mask);
  let at = <usize>load<u32>(head, input), record = <usize>load<u32>(head, records), free = <usize>load<u32>(head, slots);
  const stop = at + length, first = record;
  let roles: u32 = 0, afters: u32 = 0, outsides: u32 = 0;
  let last = -Infinity, comes = Infinity;
  while (at < stop) {
    const end = at + 8 + load<u32>(at);
    const version = load<u8>(at, 8);
    if (version != 3 && version != 2) return false;
    // Rows of version 2 have no form: all are whole.
    const formBytes = <usize>(version == 3);
    let left = <u32>load<u16>(at, 10);
    at += 12;
    for (; left > 0; left--) {
      let code: u32, item: u32, seq: f64, time: f64, own: f64;
      const form = formBytes ? <u32>load<u8>(at) : whole;
      if (form < whole) {
        code = load<u16>(at, 11);
        item = load<u32>(at, 7);
        seq = u48At(at + 13);
        time = u48At(at + 1);
        own = select<f64>(1, <f64>load<f32>(at, 25), form == 0);
        at += 25 + (form << 2);
        if (at > end) return false;
      } else {
        const key = at + formBytes + 6;
        if (form != whole || key > end) return false;
        const keyBytes = <u32>load<u16>(key - 6), valueBytes = load<u32>(key - 4), value = key + keyBytes;
        if (keyBytes < 6 || valueBytes < 28 || valueBytes > 0xffffff || value + valueBytes > end) return false;
        if (load<u8>(value) != 1) return false;
        at = value + valueBytes;
        code = load<u16>(value, 2);
        item = load<u32>(value, 4);
        seq = load<f64>(value, 8);
        time = timeAt(key);
        own = <f64>load<f32>(value, 24);
      }
      if (code >= codes || seq > newest) return false;
      const weight = load<f64>(weights + (code << 3));
      if (weight != weight) {
        roles++;
        continue;
      }
      if (time > until) {
        afters++;
        comes = min(comes, time);
        continue;
      }
      if (time <= from) {
        outsides++;
        continue;
      }
      if (time < last) return false;
      last = time;
      let place = (item * 0x9e3779b1) >> shift;
      let found = <usize>load<u32>(table + (<usize>place << 2));
      while (i32(found != 0) & i32(load<u32>(found) != item)) {
        place = (place + 1) & mask;
        found = <usize>load<u32>(table + (<usize>place << 2));
      }
      const isNew = found == 0, slot = isNew ? free : found;
      free += <usize>isNew * slotBytes;
      store<u32>(table + (<usize>place << 2), <u32>slot);
      store<u32>(slot, item);
      store<u32>(slot, select<u32>(0, load<u32>(slot, slotActions), isNew) + 1, slotActions);
      store<f64>(slot, select<f64>(time, load<f64>(slot, slotFirst), isNew), slotFirst);
      store<f64>(slot, time, slotLast);
      store<f64>(record, time);
      store<f64>(record, own * weight, recordWeight);
      store<u32>(record, <u32>slot, recordSlot);
      record += recordBytes;
    }
    if (at != end) return false;
    at = (at + 7) & ~7;
  }
  recordsEnd = record;
  slotsEnd = free;
  const oldest = record > first ? load<f64>(first) : Infinity;
  store<u32>(head, roles, role);
  store<u32>(head, afters, after);
  store<u32>(head, outsides, outside);
  store<f64>(head, min(comes, oldest + load<f64>(head, windowMs)), changesAt);
  return true;
}

/** The rows of the slots' items. The table is larger than a cache: by themselves, many look-ups are on their way at a time. */
function findRows(head: usize): void {
  const table = <usize>load<u32>(head, rowOf), known = load<u32>(head, items);
  for (let slot = <usize>load<u32>(head, slots); slot < slotsEnd; slot += slotBytes) {
    const item = load<u32>(slot);
    store<i32>(slot, item < known ? load<i32>(table + (<usize>item << 2)) : -1, slotRow);
  }
}

/** The slots of items that have a vector, in point order; how many, or `odd` or `tied`. */
function keep(head: usize): i32 {
  const list = <usize>load<u32>(head, order);
  let end = list, without: u32 = 0, last = NaN, ties = false;
  for (let slot = <usize>load<u32>(head, slots); slot < slotsEnd; slot += slotBytes) {
    if (load<i32>(slot, slotRow) < 0) {
      store<i32>(slot, -1, slotNext);
      without += load<u32>(slot, slotActions);
      continue;
    }
    const first = load<f64>(slot, slotFirst);
    if (first == last) ties = true;
    last = first;
    store<u32>(end, <u32>slot);
    end += 4;
  }
  store<u32>(head, without, unembedded);
  const points = <u32>(end - list) >> 2;
  if (points > load<u32>(head, most)) return odd;
  return ties ? sortRuns(head, points) : points;
}

/** Slots ascend by first time: only items first acted on at the same instant have to be sorted. Returns what `keep` does. */
function sortRuns(head: usize, points: u32): i32 {
  if (load<u32>(head, rankOf) == 0) return tied;
  const list = <usize>load<u32>(head, order);
  for (let from: u32 = 0; from < points; ) {
    const first = firstAt(list, from);
    let to = from + 1;
    while (to < points && firstAt(list, to) == first) to++;
    if (to - from > longestRun) return odd;
    sortRun(head, from, to);
    from = to;
  }
  return points;
}

@inline function firstAt(list: usize, point: u32): f64 {
  return load<f64>(<usize>load<u32>(list + (<usize>point << 2)), slotFirst);
}

@inline function rankAt(head: usize, place: usize): u32 {
  return load<u32>(<usize>load<u32>(head, rankOf) + (<usize>load<u32>(<usize>load<u32>(place)) << 2));
}

/** Insertion sort of places `from … to−1` of the order by the rank of the item's id. */
function sortRun(head: usize, from: u32, to: u32): void {
  const first = <usize>load<u32>(head, order) + (<usize>from << 2);
  const end = first + (<usize>(to - from) << 2);
  for (let next = first + 4; next < end; next += 4) {
    const slot = load<u32>(next), rank = rankAt(head, next);
    let hole = next;
    for (; hole > first && rankAt(head, hole - 4) > rank; hole -= 4) store<u32>(hole, load<u32>(hole - 4));
    store<u32>(hole, slot);
  }
}

/**
 * Lays the actions out point by point, and digests what `clusterBasis` does, before its last step: each step waits for the one
 * before, so there is time for both. Also the time of the newest action.
 */
function layOut(head: usize, points: i32, base: u32): void {
  const list = <usize>load<u32>(head, order);
  const outItems = <usize>load<u32>(head, toItems) + (<usize>base << 2), outOffsets = <usize>load<u32>(head, toOffsets) + (<usize>base << 2);
  const outTimes = <usize>load<u32>(head, toTimes) + (<usize>base << 3), outWeights = <usize>load<u32>(head, toWeights) + (<usize>base << 3);
  let h = mix(load<u32>(head, runHigh), points), l = mix(load<u32>(head, runLow), points);
  let next: u32 = 0, newest = -Infinity;
  for (let point: usize = 0, end = <usize>points << 2; point < end; point += 4) {
    const slot = <usize>load<u32>(list + point);
    const row = load<u32>(slot, slotRow), count = load<u32>(slot, slotActions), time = load<u64>(slot, slotLast);
    store<u32>(outItems + point, load<u32>(slot));
    store<u32>(outOffsets + point, next);
    store<u32>(slot, next, slotNext);
    next += count;
    newest = max(newest, reinterpret<f64>(time));
    const first = <u32>time, second = <u32>(time >> 32);
    h = mix(mix(mix(mix(h, row), count), first), second);
    l = mix(mix(mix(mix(l, second), first), count), row);
  }
  store<u32>(outOffsets + (<usize>points << 2), next);
  store<u32>(head, next, actions);
  store<u32>(head, h, high);
  store<u32>(head, l, low);
  store<f64>(head, newest, newestAt);
  for (let record = <usize>load<u32>(head, records); record < recordsEnd; record += recordBytes) {
    const slot = <usize>load<u32>(record, recordSlot);
    const to = load<i32>(slot, slotNext);
    if (to < 0) continue; // without a vector
    store<i32>(slot, to + 1, slotNext);
    store<f64>(outTimes + (<usize>to << 3), load<f64>(record));
    store<f64>(outWeights + (<usize>to << 3), load<f64>(record, recordWeight));
  }
}
