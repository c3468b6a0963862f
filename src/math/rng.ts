/**
 * Seeded random numbers. Every use of randomness in this project takes an `Rng`, so that a request replays.
 *
 * Source: xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", TOMS 2021),
 * seeded by SplitMix32. Not for secrets.
 */
export interface Rng {
  /** Uniform over 0 … 2³²−1. */
  u32(): number;
  /** Uniform over [0, 1) with 53 bits. */
  uniform(): number;
  /** Uniform over 0 … bound−1, without modulo bias. `bound`: integer, 1 … 2³². */
  below(bound: number): number;
  /** Standard normal (Marsaglia's polar method). */
  normal(): number;
}

/** As an int32, which the runtime keeps without allocating. */
const rotl = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

function splitMix32(state: number): () => number {
  let s = state | 0;
  return () => {
    s = (s + 0x9e3779b9) | 0;
    let z = Math.imul(s ^ (s >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

/** A generator whose whole stream is fixed by `seed`, a safe integer ≥ 0. */
export function createRng(seed: number): Rng {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`seed: got ${seed}, expected an integer from 0 to 2^53-1`);
  const low = splitMix32(seed >>> 0);
  const high = splitMix32(Math.floor(seed / 2 ** 32) ^ 0x5bf03635);
  let a = low();
  let b = high();
  let c = low();
  let d = high() | 1; // never all zero

  function u32(): number {
    const result = Math.imul(rotl(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotl(d, 11);
    return result;
  }

  const uniform = (): number => ((u32() >>> 5) * 67108864 + (u32() >>> 6)) / 9007199254740992;

  function below(bound: number): number {
    if (!(Number.isInteger(bound) && bound >= 1 && bound <= 4294967296))
      throw new RangeError(`bound: got ${bound}, expected an integer from 1 to 2^32`);
    let x = u32();
    // The first comparison spares most draws a division.
    while (x > 4294967296 - bound && x >= 4294967296 - (4294967296 % bound)) x = u32();
    return x % bound;
  }

  // Without these rounds the first output would depend on the high word of the seed alone.
  for (let round = 0; round < 8; round++) u32();

  let spare = Number.NaN;
  function normal(): number {
    if (!Number.isNaN(spare)) {
      const value = spare;
      spare = Number.NaN;
      return value;
    }
    for (;;) {
      const u = 2 * uniform() - 1;
      const v = 2 * uniform() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      spare = v * factor;
      return u * factor;
    }
  }

  return { u32, uniform, below, normal };
}
