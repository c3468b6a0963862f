// Lays centred rows out in the panels that `tile` reads: panel p holds rows 8p … 8p + 7 as [k mod 4][k div 4][8] float32.

/** Rows list[0 … n − 1] of z (rows 0 … n − 1 where list is 0), filled up with the row at `zeros`. */
export function pack(z: usize, list: usize, n: i32, depth: i32, zeros: usize, panels: usize): void {
  const panelBytes = <usize>depth << 5;
  for (let i = 0; i < n; i += 8, panels += panelBytes) {
    packFour(z, list, i, n, depth, zeros, panels);
    packFour(z, list, i + 4, n, depth, zeros, panels + 16);
  }
}

@inline function rowAt(z: usize, list: usize, i: i32, n: i32, depth: i32, zeros: usize): usize {
  if (i >= n) return zeros;
  const index = list ? load<i32>(list + (<usize>i << 2)) : i;
  return z + (<usize>index * <usize>depth << 2);
}

function packFour(z: usize, list: usize, i: i32, n: i32, depth: i32, zeros: usize, out: usize): void {
  const z0 = rowAt(z, list, i, n, depth, zeros), z1 = rowAt(z, list, i + 1, n, depth, zeros);
  const z2 = rowAt(z, list, i + 2, n, depth, zeros), z3 = rowAt(z, list, i + 3, n, depth, zeros);
  const segment = <usize>depth << 3;
  const o1 = out + segment, o2 = o1 + segment, o3 = o2 + segment;
  let at: usize = 0;
  for (let k: usize = 0, end = <usize>depth << 2; k < end; k += 16, at += 32) {
    const r0 = v128.load(z0 + k), r1 = v128.load(z1 + k), r2 = v128.load(z2 + k), r3 = v128.load(z3 + k);
    const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const c = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(out + at, v128.shuffle<f64>(a, c, 0, 2)), v128.store(o1 + at, v128.shuffle<f64>(a, c, 1, 3));
    v128.store(o2 + at, v128.shuffle<f64>(b, d, 0, 2)), v128.store(o3 + at, v128.shuffle<f64>(b, d, 1, 3));
  }
}
