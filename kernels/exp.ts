// e^x for x ≤ 0: what an action still counts for. The same operations as src/math/exp.ts, so the same bits; there is why.

@inline function poly(t: f64): f64 {
  return t * (1.66666666666666019037e-1 + t * (-2.77777777770155933842e-3 + t * (6.61375632143793436117e-5
    + t * (-1.65339022054652515390e-6 + t * 4.13813679705723846039e-8))));
}

@inline function powerOfTwo(k: i32): f64 {
  return reinterpret<f64>(<u64>(1023 + k) << 52);
}

export function exp(x: f64): f64 {
  if (x < -745.13321910194122) return 0;
  if (x > -3.7252902984619140625e-9) return 1 + x;
  let high = x, low: f64 = 0, k = 0;
  if (x < -0.34657359027997264) {
    k = x > -1.0397207708399179 ? -1 : <i32>(1.44269504088896338700 * x - 0.5);
    high = x - <f64>k * 6.93147180369123816490e-1, low = <f64>k * 1.90821492927058770002e-10;
  }
  const r = high - low;
  const c = r - poly(r * r);
  if (k == 0) return 1 - (r * c / (c - 2) - r);
  const y = 1 - (low - r * c / (2 - c) - high);
  return k >= -1021 ? y * powerOfTwo(k) : y * powerOfTwo(k + 1000) * powerOfTwo(-1000);
}
