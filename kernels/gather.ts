// Rows of the catalog brought together: what a user's clusters start from.
//
// Time: bound by memory. All rows are looked at before the first is copied, so that many are on their way at a time;
// copied one by one, each would be waited for. The starts of all come first: they make the processor fetch what follows.

/** Copies rows list[0 … count − 1] of `dim` float32 to `out`, one behind another. */
export function gather(rows: usize, list: usize, count: i32, dim: i32, out: usize): void {
  const row = <usize>dim << 2;
  const last = list + (<usize>count << 2);
  let seen = 0;
  const start = min(row, 192);
  for (let at = list; at < last; at += 4) {
    const from = rows + <usize>load<u32>(at) * row;
    for (let k: usize = 0; k < start; k += 64) seen |= load<i32>(from + k);
  }
  for (let at = list; at < last; at += 4) {
    const from = rows + <usize>load<u32>(at) * row;
    for (let k = start; k < row; k += 64) seen |= load<i32>(from + k);
  }
  // What was seen has to go somewhere, or looking would be optimised away; the copies overwrite it.
  store<i32>(out, seen);
  for (; list < last; list += 4) {
    let from = rows + <usize>load<u32>(list) * row;
    const end = out + row;
    for (const blocks = out + (row & ~63); out < blocks; out += 64, from += 64) {
      v128.store(out, v128.load(from)), v128.store(out, v128.load(from, 16), 16);
      v128.store(out, v128.load(from, 32), 32), v128.store(out, v128.load(from, 48), 48);
    }
    for (; out < end; out += 4, from += 4) store<f32>(out, load<f32>(from));
  }
}
