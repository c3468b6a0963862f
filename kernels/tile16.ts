// A coarse Gram tile in 16-bit integers: eight products an instruction instead of four.
//
// Shapes: panel p holds rows 8p … 8p + 7 as [pair][8][2] int16, `pairs` pairs of coordinates, an even number.
// Precondition: no inner product exceeds 31 bits (src/cluster/filter.ts picks the unit so).

@inline function mac(sum: v128, a: v128, b: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
}

/** The 8 × 8 integer inner products of two panels, row by row into `out`. */
export function tile16(a: usize, b: usize, pairs: i32, out: usize): void {
  let c00 = i32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  let c40 = c00, c41 = c00, c50 = c00, c51 = c00, c60 = c00, c61 = c00, c70 = c00, c71 = c00;
  let b0 = c00, b1 = c00, t = c00;
  for (const end = a + (<usize>pairs << 5); a < end; a += 64, b += 64) {
    b0 = v128.load(b), b1 = v128.load(b, 16);
    t = v128.load32_splat(a), c00 = mac(c00, t, b0), c01 = mac(c01, t, b1);
    t = v128.load32_splat(a, 4), c10 = mac(c10, t, b0), c11 = mac(c11, t, b1);
    t = v128.load32_splat(a, 8), c20 = mac(c20, t, b0), c21 = mac(c21, t, b1);
    t = v128.load32_splat(a, 12), c30 = mac(c30, t, b0), c31 = mac(c31, t, b1);
    t = v128.load32_splat(a, 16), c40 = mac(c40, t, b0), c41 = mac(c41, t, b1);
    t = v128.load32_splat(a, 20), c50 = mac(c50, t, b0), c51 = mac(c51, t, b1);
    t = v128.load32_splat(a, 24), c60 = mac(c60, t, b0), c61 = mac(c61, t, b1);
    t = v128.load32_splat(a, 28), c70 = mac(c70, t, b0), c71 = mac(c71, t, b1);
    b0 = v128.load(b, 32), b1 = v128.load(b, 48);
    t = v128.load32_splat(a, 32), c00 = mac(c00, t, b0), c01 = mac(c01, t, b1);
    t = v128.load32_splat(a, 36), c10 = mac(c10, t, b0), c11 = mac(c11, t, b1);
    t = v128.load32_splat(a, 40), c20 = mac(c20, t, b0), c21 = mac(c21, t, b1);
    t = v128.load32_splat(a, 44), c30 = mac(c30, t, b0), c31 = mac(c31, t, b1);
    t = v128.load32_splat(a, 48), c40 = mac(c40, t, b0), c41 = mac(c41, t, b1);
    t = v128.load32_splat(a, 52), c50 = mac(c50, t, b0), c51 = mac(c51, t, b1);
    t = v128.load32_splat(a, 56), c60 = mac(c60, t, b0), c61 = mac(c61, t, b1);
    t = v128.load32_splat(a, 60), c70 = mac(c70, t, b0), c71 = mac(c71, t, b1);
  }
  v128.store(out, c00), v128.store(out, c01, 16), v128.store(out, c10, 32), v128.store(out, c11, 48);
  v128.store(out, c20, 64), v128.store(out, c21, 80), v128.store(out, c30, 96), v128.store(out, c31, 112);
  v128.store(out, c40, 128), v128.store(out, c41, 144), v128.store(out, c50, 160), v128.store(out, c51, 176);
  v128.store(out, c60, 192), v128.store(out, c61, 208), v128.store(out, c70, 224), v128.store(out, c71, 240);
}
