// Items by falling sum.
//
// Convention: ties to the lower item; items without a sum are left out. Sums (f64, ≥ 0) are in the order of their bits, which are
// sorted digit by digit, the lowest first, leaving out digits in which all agree. Time: O(items).

/** Bits of a digit. */
const width: u64 = 11;
const digits: usize = 1 << <usize>width;

/**
 * Ranks items 0 … count − 1 by sums[item] and gives the sums in their order, times `unit`, as `scores`. Returns how many
 * there are. `spare`: room for as many items again; `places`: 8 KiB.
 */
export function rankSums(sums: usize, count: u32, unit: f64, spare: usize, places: usize, items: usize, scores: usize): u32 {
  let end = items, some: u64 = 0, all: u64 = -1;
  for (let item: u32 = 0; item < count; item++) {
    const bits = bitsOf(sums, item);
    if (bits == 0) continue;
    store<u32>(end, item);
    end += 4;
    some |= bits;
    all &= bits;
  }
  const bytes = end - items;
  let from = items, to = spare;
  for (let shift: u64 = 0; shift < 64; shift += width) {
    if (digitOf(some ^ all, shift) == 0) continue;
    sortBy(sums, shift, from, bytes, to, places);
    const sorted = to;
    to = from;
    from = sorted;
  }
  if (from != items) memory.copy(items, from, bytes);
  for (let at: usize = 0; at < bytes; at += 4)
    store<f64>(scores + (at << 1), reinterpret<f64>(bitsOf(sums, load<u32>(items + at))) * unit);
  return <u32>bytes >> 2;
}

@inline function bitsOf(sums: usize, item: u32): u64 {
  return load<u64>(sums + (<usize>item << 3));
}

@inline function digitOf(bits: u64, shift: u64): usize {
  return <usize>(bits >> shift) & (digits - 1);
}

/** By one digit, falling; items that agree in it keep their order. */
function sortBy(sums: usize, shift: u64, from: usize, bytes: usize, to: usize, places: usize): void {
  memory.fill(places, 0, digits << 2);
  const end = from + bytes;
  for (let at = from; at < end; at += 4) {
    const place = places + (digitOf(bitsOf(sums, load<u32>(at)), shift) << 2);
    store<u32>(place, load<u32>(place) + 4);
  }
  for (let place = places + (digits << 2); place > places; ) {
    place -= 4;
    const next = to + <usize>load<u32>(place);
    store<u32>(place, <u32>to);
    to = next;
  }
  for (let at = from; at < end; at += 4) {
    const item = load<u32>(at), place = places + (digitOf(bitsOf(sums, item), shift) << 2);
    const free = <usize>load<u32>(place);
    store<u32>(free, item);
    store<u32>(place, <u32>free + 4);
  }
}
