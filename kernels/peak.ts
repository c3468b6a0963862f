// The most this core does with 128-bit float32 operations: the yardstick of `pinnersage bench cluster`.
//
// Ten sums of products of the same few numbers, over and over: no cache to wait for, enough sums to cover the latency of
// an addition. One turn is 80 floating-point operations. `a` points to 176 bytes that are read.

@inline function mac(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

export function peak(turns: i32, a: usize): f32 {
  let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0, c8 = c0, c9 = c0;
  for (let i = 0; i < turns; i++, a ^= 16) {
    const b = v128.load(a);
    c0 = mac(c0, v128.load(a), b), c1 = mac(c1, v128.load(a, 16), b), c2 = mac(c2, v128.load(a, 32), b);
    c3 = mac(c3, v128.load(a, 48), b), c4 = mac(c4, v128.load(a, 64), b), c5 = mac(c5, v128.load(a, 80), b);
    c6 = mac(c6, v128.load(a, 96), b), c7 = mac(c7, v128.load(a, 112), b), c8 = mac(c8, v128.load(a, 128), b);
    c9 = mac(c9, v128.load(a, 144), b);
  }
  c0 = f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3)), c4 = f32x4.add(f32x4.add(c4, c5), f32x4.add(c6, c7));
  return f32x4.extract_lane(f32x4.add(f32x4.add(c0, c4), f32x4.add(c8, c9)), 0);
}
