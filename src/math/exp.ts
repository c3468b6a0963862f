const words = new Int32Array(2);
const float = new Float64Array(words.buffer);

/** 2^k for −1022 ≤ k ≤ 1023. */
function powerOfTwo(k: number): number {
  words[1] = (1023 + k) << 20;
  return float[0];
}

/**
 * What: e^x for x ≤ 0, by additions, products and quotients alone.
 * Source: fdlibm e_exp.c (Sun Microsystems; freely usable): x = k ln 2 + r, and a rational function of r.
 * Convention: `Math.exp` is left to the engine by the language; this has the same bits in every one, and in
 * kernels/exp.ts. Error below 1 ulp.
 * Checked by: test/math/exp.test.ts.
 */
export function exp(x: number): number {
  if (x < -745.1332191019412) return 0;
  if (x > -3.725290298461914e-9) return 1 + x;
  let high = x;
  let low = 0;
  let k = 0;
  if (x < -0.34657359027997264) {
    k = x > -1.0397207708399179 ? -1 : Math.trunc(Math.LOG2E * x - 0.5);
    high = x - k * 0.6931471803691238;
    low = k * 1.9082149292705877e-10;
  }
  const r = high - low;
  const t = r * r;
  const p4 = -1.6533902205465252e-6 + t * 4.1381367970572385e-8;
  const p2 = -0.0027777777777015593 + t * (6.613756321437934e-5 + t * p4);
  const c = r - t * (0.16666666666666602 + t * p2);
  if (k === 0) return 1 - ((r * c) / (c - 2) - r);
  const y = 1 - (low - (r * c) / (2 - c) - high);
  return k >= -1021 ? y * powerOfTwo(k) : y * powerOfTwo(k + 1000) * powerOfTwo(-1000);
}
