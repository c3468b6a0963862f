// A user's profile: from columns to the bytes that are stored, and what its members add to the popularity of items.
//
// Writes what `writeProfile` writes behind the head of a profile (src/store/codec.ts), and adds what `ProfileView.addMembers`
// does, to the last bit: for many users at a time, as the sums lie all over a table that clustering drives out of the caches. Checked by: test/pipeline/profilewriter.test.ts, against them. Time: O(interests + members).

/** Places in the list of columns (u32 each): where they lie. */
const ids: usize = 0, importances: usize = 4, lastActionAt: usize = 8, medoids: usize = 12, ends: usize = 16, sizes: usize = 20;
const items: usize = 24, weights: usize = 28, counts: usize = 32;

const headBytes: usize = 56, widthAt: usize = 1;

/** Writes `count` interests of `members` members behind the head at `out`, and into it the width. Returns where they end. */
export function putColumns(columns: usize, count: u32, members: u32, out: usize): usize {
  const each = <usize>count << 2, all = <usize>members << 2;
  let at = out + headBytes;
  at = copy(at, load<u32>(columns, ids), each << 1);
  at = copy(at, load<u32>(columns, importances), each << 1);
  at = copy(at, load<u32>(columns, lastActionAt), each << 1);
  at = copy(at, load<u32>(columns, medoids), each);
  const last = <usize>load<u32>(columns, ends);
  let from: u32 = 0;
  for (let i: usize = 0; i < each; i += 4) {
    const end = load<u32>(last + i);
    store<u32>(at + i, end - from);
    from = end;
  }
  at += each;
  at = copy(at, load<u32>(columns, items), all);
  at = copy(at, load<u32>(columns, weights), all);
  const size = <usize>load<u32>(columns, sizes), acted = <usize>load<u32>(columns, counts);
  const bits = bitsOf(size, each) | bitsOf(acted, all);
  const width: u32 = bits >> 8 == 0 ? 1 : bits >> 16 == 0 ? 2 : 4;
  store<u8>(out, width, widthAt);
  return narrow(narrow(at, size, each, width), acted, all, width);
}

@inline function copy(to: usize, from: usize, bytes: usize): usize {
  memory.copy(to, from, bytes);
  return to + bytes;
}

function bitsOf(values: usize, bytes: usize): u32 {
  let bits: u32 = 0;
  for (let i: usize = 0; i < bytes; i += 4) bits |= load<u32>(values + i);
  return bits;
}

/** Copies u32 into so many bytes each. */
function narrow(to: usize, values: usize, bytes: usize, width: u32): usize {
  if (width == 4) return copy(to, values, bytes);
  if (width == 2) {
    for (let i: usize = 0; i < bytes; i += 4, to += 2) store<u16>(to, <u16>load<u32>(values + i));
    return to;
  }
  for (let i: usize = 0; i < bytes; i += 4, to++) store<u8>(to, <u8>load<u32>(values + i));
  return to;
}

/** Writes down weights × `factor` ≥ 0, rounded as `Math.round` does: u32 items at `toItems`, f64 at `toUnits`. */
export function noteMembers(members: usize, weightsAt: usize, count: u32, factor: f64, toItems: usize, toUnits: usize): void {
  const bytes = <usize>count << 2;
  memory.copy(toItems, members, bytes);
  for (let i: usize = 0; i < bytes; i += 4)
    store<f64>(toUnits + (i << 1), floor<f64>(<f64>load<f32>(weightsAt + i) * factor + (0.5 - 2 ** -54)));
}

/** Adds what was written down to the items' f64 places in `sums`. */
export function addNoted(noted: usize, units: usize, count: u32, sums: usize): void {
  const bytes = <usize>count << 2;
  for (let i: usize = 0; i < bytes; i += 4) {
    const place = sums + (<usize>load<u32>(noted + i) << 3);
    store<f64>(place, load<f64>(place) + load<f64>(units + (i << 1)));
  }
}
