// A user's points straight from the blocks of the log, with the digest of what decides their clusters.
//
// Source: algorithm.md §1 and §5; layout of the blocks: src/actions/blocks.ts and codec.ts. It does what decoding,
// `collectPoints` and `clusterBasis` do (src/profile/), to the last bit, for logs in time order; what is not plain it leaves to
// them: damaged or older bytes, unknown types, actions newer than the run, disorder, many items first acted on at one
// instant, more items than are kept. Checked by: test/pipeline/pointreader.test.ts, against them.
// Time: O(actions); no memory but what `head` names, each array with room for all actions.

/** Places in the head: u32 unless said otherwise. What arrays lie where, first. */
const rowOf: usize = 0, rankOf: usize = 4, items: usize = 8, typeWeights: usize = 12, types: usize = 16, most: usize = 20;
const input: usize = 24, slotOf: usize = 28, timeOf: usize = 32, weightOf: usize = 36;
const slotItem: usize = 40, slotFirst: usize = 44, slotCount: usize = 48, slotRow: usize = 52, order: usize = 56;
const cursor: usize = 60, places: usize = 64, toItems: usize = 68, toOffsets: usize = 72, toTimes: usize = 76, toWeights: usize = 80;
/** The run: f64, and the two halves of its digest. */
const asOf: usize = 88, start: usize = 96, windowMs: usize = 104, maxSeq: usize = 112, runHigh: usize = 120, runLow: usize = 124;
/** What comes out: counts of what was left out, actions kept, the digest not finished yet; as f64 changesAt and the newest time. */
const role: usize = 128, after: usize = 132, outside: usize = 136, unembedded: usize = 140, actions: usize = 144;
const high: usize = 148, low: usize = 152, changesAt: usize = 160, newestAt: usize = 168;

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
  const slots = group(head, length, rows);
  if (slots < 0) return odd;
  const points = keep(head, slots);
  if (points < 0) return points;
  layOut(head, slots, points, base);
  digest(head, points, base);
  return points;
}

let kept: u32 = 0;

/** Decodes the actions, keeps those of interest in the window and gives each distinct item a slot, by first action. */
function group(head: usize, length: u32, rows: u32): i32 {
  const weights = load<u32>(head, typeWeights), codes = load<u32>(head, types);
  const slotsAt = <usize>load<u32>(head, slotOf), times = <usize>load<u32>(head, timeOf), toWeight = <usize>load<u32>(head, weightOf);
  const ofItem = <usize>load<u32>(head, slotItem), firsts = <usize>load<u32>(head, slotFirst);
  const counts = <usize>load<u32>(head, slotCount), table = <usize>load<u32>(head, places);
  const until = load<f64>(head, asOf), from = load<f64>(head, start), newest = load<f64>(head, maxSeq);
  let capacity: u32 = 16;
  while (capacity < 2 * rows) capacity <<= 1;
  memory.fill(table, 0, capacity << 2);
  const mask = capacity - 1, shift = clz<u32>(mask);
  let at = <usize>load<u32>(head, input);
  const stop = at + length;
  let roles: u32 = 0, afters: u32 = 0, outsides: u32 = 0, n: u32 = 0, count: u32 = 0;
  let last = -Infinity, oldest = Infinity, comes = Infinity;
  while (at < stop) {
    const end = at + 8 + load<u32>(at);
    if (load<u8>(at, 8) != 2) return odd;
    let left = <u32>load<u16>(at, 10);
    at += 12;
    for (; left > 0; left--) {
      if (at + 6 > end) return odd;
      const keyBytes = <u32>load<u16>(at), valueBytes = load<u32>(at, 2);
      const key = at + 6, value = key + keyBytes;
      if (keyBytes < 6 || valueBytes < 28 || valueBytes > 0xffffff || value + valueBytes > end) return odd;
      at = value + valueBytes;
      const code = <u32>load<u16>(value, 2);
      if (load<u8>(value) != 1 || code >= codes || load<f64>(value, 8) > newest) return odd;
      const time = <f64>((<u64>bswap<u16>(load<u16>(key)) << 32) | <u64>bswap<u32>(load<u32>(key, 2)));
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
      if (time < last) return odd;
      last = time;
      oldest = min(oldest, time);
      const item = load<u32>(value, 4);
      let place = (item * 0x9e3779b1) >> shift;
      let slot = load<u32>(table + (<usize>place << 2));
      while (slot != 0 && load<u32>(ofItem + (<usize>(slot - 1) << 2)) != item) {
        place = (place + 1) & mask;
        slot = load<u32>(table + (<usize>place << 2));
      }
      if (slot == 0) {
        store<u32>(ofItem + (<usize>count << 2), item);
        store<f64>(firsts + (<usize>count << 3), time);
        store<u32>(counts + (<usize>count << 2), 0);
        slot = ++count;
        store<u32>(table + (<usize>place << 2), slot);
      }
      slot--;
      const acted = counts + (<usize>slot << 2);
      store<u32>(acted, load<u32>(acted) + 1);
      store<u32>(slotsAt + (<usize>n << 2), slot);
      store<f64>(times + (<usize>n << 3), time);
      store<f64>(toWeight + (<usize>n << 3), <f64>load<f32>(value, 24) * weight);
      n++;
    }
    if (at != end) return odd;
    at = (at + 7) & ~7;
  }
  kept = n;
  store<u32>(head, roles, role);
  store<u32>(head, afters, after);
  store<u32>(head, outsides, outside);
  store<f64>(head, min(comes, oldest + load<f64>(head, windowMs)), changesAt);
  return count;
}

/** The slots of items that have a vector, in point order; how many, or `odd` or `tied`. */
function keep(head: usize, slots: i32): i32 {
  const ofItem = <usize>load<u32>(head, slotItem), firsts = <usize>load<u32>(head, slotFirst);
  const counts = <usize>load<u32>(head, slotCount), rows = <usize>load<u32>(head, slotRow);
  const table = <usize>load<u32>(head, rowOf), known = load<u32>(head, items);
  const list = <usize>load<u32>(head, order), starts = <usize>load<u32>(head, cursor);
  let points: u32 = 0, without: u32 = 0;
  for (let slot: usize = 0; slot < <usize>slots; slot++) {
    const item = load<u32>(ofItem + (slot << 2));
    const row = item < known ? load<i32>(table + (<usize>item << 2)) : -1;
    store<i32>(rows + (slot << 2), row);
    store<i32>(starts + (slot << 2), -1);
    if (row >= 0) {
      store<u32>(list + (<usize>points << 2), <u32>slot);
      points++;
    } else without += load<u32>(counts + (slot << 2));
  }
  store<u32>(head, without, unembedded);
  if (points > load<u32>(head, most)) return odd;
  // Slots ascend by first time: only items first acted on at the same instant have to be sorted.
  for (let from: u32 = 0; from < points; ) {
    const first = load<f64>(firsts + (<usize>load<u32>(list + (<usize>from << 2)) << 3));
    let to = from + 1;
    while (to < points && load<f64>(firsts + (<usize>load<u32>(list + (<usize>to << 2)) << 3)) == first) to++;
    if (to - from > longestRun) return odd;
    if (to - from > 1) {
      if (load<u32>(head, rankOf) == 0) return tied;
      sortRun(head, from, to);
    }
    from = to;
  }
  return points;
}

@inline function rankAt(head: usize, place: usize): u32 {
  const item = load<u32>(<usize>load<u32>(head, slotItem) + (<usize>load<u32>(place) << 2));
  return load<u32>(<usize>load<u32>(head, rankOf) + (<usize>item << 2));
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

/** Lays the actions out point by point. */
function layOut(head: usize, slots: i32, points: i32, base: u32): void {
  const counts = <usize>load<u32>(head, slotCount), ofItem = <usize>load<u32>(head, slotItem);
  const list = <usize>load<u32>(head, order), starts = <usize>load<u32>(head, cursor);
  const outItems = <usize>load<u32>(head, toItems) + (<usize>base << 2), outOffsets = <usize>load<u32>(head, toOffsets) + (<usize>base << 2);
  const outTimes = <usize>load<u32>(head, toTimes) + (<usize>base << 3), outWeights = <usize>load<u32>(head, toWeights) + (<usize>base << 3);
  let next: u32 = 0;
  for (let point: usize = 0; point < <usize>points; point++) {
    const slot = <usize>load<u32>(list + (point << 2)) << 2;
    store<u32>(outItems + (point << 2), load<u32>(ofItem + slot));
    store<u32>(outOffsets + (point << 2), next);
    store<u32>(starts + slot, next);
    next += load<u32>(counts + slot);
  }
  store<u32>(outOffsets + (<usize>points << 2), next);
  store<u32>(head, next, actions);
  const slotsAt = <usize>load<u32>(head, slotOf), times = <usize>load<u32>(head, timeOf), weights = <usize>load<u32>(head, weightOf);
  for (let i: usize = 0; i < <usize>kept; i++) {
    const place = starts + (<usize>load<u32>(slotsAt + (i << 2)) << 2);
    const to = load<i32>(place);
    if (to < 0) continue; // without a vector
    store<i32>(place, to + 1);
    store<f64>(outTimes + (<usize>to << 3), load<f64>(times + (i << 3)));
    store<f64>(outWeights + (<usize>to << 3), load<f64>(weights + (i << 3)));
  }
}

/** What `clusterBasis` digests, before the last step, and the time of the newest action. */
function digest(head: usize, points: i32, base: u32): void {
  const counts = <usize>load<u32>(head, slotCount), rows = <usize>load<u32>(head, slotRow);
  const list = <usize>load<u32>(head, order), ends = <usize>load<u32>(head, cursor);
  const outTimes = <usize>load<u32>(head, toTimes) + (<usize>base << 3);
  let h = mix(load<u32>(head, runHigh), points), l = mix(load<u32>(head, runLow), points);
  let newest = -Infinity;
  for (let point: usize = 0; point < <usize>points; point++) {
    const slot = <usize>load<u32>(list + (point << 2)) << 2;
    const row = load<u32>(rows + slot), count = load<u32>(counts + slot);
    // The cursor stands behind the point's last action.
    const time = load<u64>(outTimes + (<usize>load<u32>(ends + slot) << 3) - 8);
    newest = max(newest, reinterpret<f64>(time));
    const first = <u32>time, second = <u32>(time >> 32);
    h = mix(mix(mix(mix(h, row), count), first), second);
    l = mix(mix(mix(mix(l, second), first), count), row);
  }
  store<u32>(head, h, high);
  store<u32>(head, l, low);
  store<f64>(head, newest, newestAt);
}
