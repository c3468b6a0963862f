/**
 * A 64-bit hash of text and numbers for ids and derived seeds; not for secrets.
 *
 * Source: MurmurHash3 x86 32-bit finaliser and mixing (Appleby, public domain), run twice with different seeds over
 * UTF-16 code units. Convention: parts are separated, so ('a','b') and ('ab') differ.
 */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/** One step of MurmurHash3: state and a 32-bit word in, state out. */
export function mixWord(h: number, k: number): number {
  let x = Math.imul(k, 0xcc9e2d51);
  x = (x << 15) | (x >>> 17);
  const y = h ^ Math.imul(x, 0x1b873593);
  return (Math.imul((y << 13) | (y >>> 19), 5) + 0xe6546b64) | 0;
}

/** Spreads a state over all 32 bits, as an unsigned number. */
export function finishHash(h: number): number {
  let x = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A hash that waits for more parts. */
export interface OpenHash {
  readonly high: number;
  readonly low: number;
}

const numberSign = 0x23;
const start: OpenHash = { high: 0x9747b28c, low: 0x2f0b4c27 };

/** `openHash(a)` extended by b is `openHash(a, b)`, which `closeHash` turns into `hash64(a, b)`. */
export function openHash(...parts: readonly (string | number)[]): OpenHash {
  return parts.reduce(extendHash, start);
}

export function extendHash(before: OpenHash, part: string | number): OpenHash {
  let { high, low } = before;
  if (typeof part === 'number' && part >= 0 && (part | 0) === part) return extendDigits(before, part);
  const text = typeof part === 'number' ? `#${part}` : part;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = mixWord(high, unit);
    low = mixWord(low, unit ^ 0x5a5a);
  }
  return { high: mixWord(high, 0x10000 + text.length), low: mixWord(low, 0x20000 + text.length) };
}

/** What `extendHash` gives of a whole number from 0 to 2³¹ − 1, without making a text of it. */
function extendDigits(before: OpenHash, part: number): OpenHash {
  let high = mixWord(before.high, numberSign);
  let low = mixWord(before.low, numberSign ^ 0x5a5a);
  let unit = 1;
  let length = 2;
  for (let left = part; left > 9; left = (left / 10) | 0, length++) unit *= 10;
  for (let left = part; unit > 0; unit = (unit / 10) | 0) {
    const digit = (left / unit) | 0;
    left -= digit * unit;
    high = mixWord(high, 0x30 + digit);
    low = mixWord(low, (0x30 + digit) ^ 0x5a5a);
  }
  return { high: mixWord(high, 0x10000 + length), low: mixWord(low, 0x20000 + length) };
}

export function closeHash({ high, low }: OpenHash): Hash64 {
  return { high: finishHash(high), low: finishHash(low ^ high) };
}

export function hash64(...parts: readonly (string | number)[]): Hash64 {
  return closeHash(openHash(...parts));
}

/** 16 lower-case hex digits. */
export function hashHex(...parts: readonly (string | number)[]): string {
  return hexOf(hash64(...parts));
}

const digits = new TextEncoder().encode('0123456789abcdef');

/** 16 lower-case hex digits, as one flat string: pieces that are joined are put together only where they are first read. */
export function hexOf({ high: h, low: l }: Hash64): string {
  return String.fromCharCode(
    digits[h >>> 28],
    digits[(h >>> 24) & 15],
    digits[(h >>> 20) & 15],
    digits[(h >>> 16) & 15],
    digits[(h >>> 12) & 15],
    digits[(h >>> 8) & 15],
    digits[(h >>> 4) & 15],
    digits[h & 15],
    digits[l >>> 28],
    digits[(l >>> 24) & 15],
    digits[(l >>> 20) & 15],
    digits[(l >>> 16) & 15],
    digits[(l >>> 12) & 15],
    digits[(l >>> 8) & 15],
    digits[(l >>> 4) & 15],
    digits[l & 15],
  );
}

/** A seed for `createRng` (0 … 2^53−1) that depends on every part. */
export function deriveSeed(...parts: readonly (string | number)[]): number {
  const { high, low } = hash64(...parts);
  return (high & 0x1fffff) * 4294967296 + low;
}
