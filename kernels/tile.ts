// Inner products and squared distances of all pairs, in float32.
//
// Source: d_ij = ‖xi‖² + ‖xj‖² − 2 xi·xj on centred data; docs/performance.md says why in tiles of 8 × 8.
// Convention: an inner product is four sums, over k ≡ 0, 1, 2, 3 (mod 4) in rising order, products rounded before they
// are added, and then (s0 + s1) + (s2 + s3): as kernels/few.ts gets it from the four lanes of one vector. A pair's value
// depends on its two rows alone, is the same on every host and by every way, and duplicates are exactly 0 apart.
// Shapes: panels as in kernels/pack.ts; `depth` a multiple of 16.

@inline function mac(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

/** The four sums of the 8 × 8 inner products of two panels, one after another, each row by row into `out`. */
export function tile(a: usize, b: usize, depth: i32, out: usize): void {
  const bytes = <usize>depth << 3;
  for (let s = 0; s < 4; s++, a += bytes, b += bytes, out += 256) segment(a, b, bytes, out);
}

function segment(a: usize, b: usize, bytes: usize, out: usize): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  let c40 = c00, c41 = c00, c50 = c00, c51 = c00, c60 = c00, c61 = c00, c70 = c00, c71 = c00;
  let b0 = c00, b1 = c00, t = c00;
  for (const end = a + bytes; a < end; a += 128, b += 128) {
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
    b0 = v128.load(b, 64), b1 = v128.load(b, 80);
    t = v128.load32_splat(a, 64), c00 = mac(c00, t, b0), c01 = mac(c01, t, b1);
    t = v128.load32_splat(a, 68), c10 = mac(c10, t, b0), c11 = mac(c11, t, b1);
    t = v128.load32_splat(a, 72), c20 = mac(c20, t, b0), c21 = mac(c21, t, b1);
    t = v128.load32_splat(a, 76), c30 = mac(c30, t, b0), c31 = mac(c31, t, b1);
    t = v128.load32_splat(a, 80), c40 = mac(c40, t, b0), c41 = mac(c41, t, b1);
    t = v128.load32_splat(a, 84), c50 = mac(c50, t, b0), c51 = mac(c51, t, b1);
    t = v128.load32_splat(a, 88), c60 = mac(c60, t, b0), c61 = mac(c61, t, b1);
    t = v128.load32_splat(a, 92), c70 = mac(c70, t, b0), c71 = mac(c71, t, b1);
    b0 = v128.load(b, 96), b1 = v128.load(b, 112);
    t = v128.load32_splat(a, 96), c00 = mac(c00, t, b0), c01 = mac(c01, t, b1);
    t = v128.load32_splat(a, 100), c10 = mac(c10, t, b0), c11 = mac(c11, t, b1);
    t = v128.load32_splat(a, 104), c20 = mac(c20, t, b0), c21 = mac(c21, t, b1);
    t = v128.load32_splat(a, 108), c30 = mac(c30, t, b0), c31 = mac(c31, t, b1);
    t = v128.load32_splat(a, 112), c40 = mac(c40, t, b0), c41 = mac(c41, t, b1);
    t = v128.load32_splat(a, 116), c50 = mac(c50, t, b0), c51 = mac(c51, t, b1);
    t = v128.load32_splat(a, 120), c60 = mac(c60, t, b0), c61 = mac(c61, t, b1);
    t = v128.load32_splat(a, 124), c70 = mac(c70, t, b0), c71 = mac(c71, t, b1);
  }
  v128.store(out, c00), v128.store(out, c01, 16), v128.store(out, c10, 32), v128.store(out, c11, 48);
  v128.store(out, c20, 64), v128.store(out, c21, 80), v128.store(out, c30, 96), v128.store(out, c31, 112);
  v128.store(out, c40, 128), v128.store(out, c41, 144), v128.store(out, c50, 160), v128.store(out, c51, 176);
  v128.store(out, c60, 192), v128.store(out, c61, 208), v128.store(out, c70, 224), v128.store(out, c71, 240);
}
