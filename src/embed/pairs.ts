/** A symmetric table of weights, one entry per unordered pair, in no particular order. */
export interface PairTable {
  readonly size: number;
  /** Visits every pair a < b with its weight. */
  each(visit: (a: number, b: number, weight: number) => void): void;
  /** Pairs that were forgotten because the table was full. */
  readonly forgotten: number;
}

const least = 1 << 12;
/** Places of the table in use at most; above, it grows or forgets. */
const fullest = 0.6;

/**
 * What: sums of weights per unordered pair of numbers below `bound`, in bounded memory.
 * Source: when `maxPairs` are there, the lighter half is forgotten (the idea of lossy counting, Manku and Motwani 2002,
 *   VLDB): a pair that is met often comes back, one that was met once is what is lost.
 * Convention: the same additions in the same order give the same table.
 * Preconditions and errors: a ≠ b, both integers in 0 … bound − 1, bound ≤ 2²⁶; weight > 0. The caller's to check.
 * Time and memory: O(1) per addition; 12 bytes per place, at most 2^⌈log2(maxPairs / 0.6)⌉ places and half as many
 *   again while it grows.
 * Checked by: test/embed/actions.test.ts.
 */
export class PairSums implements PairTable {
  size = 0;
  forgotten = 0;
  private readonly bound: number;
  private readonly maxPairs: number;
  /** a · bound + b + 1; 0 marks an empty place. */
  private keys = new Float64Array(least);
  private weights = new Float32Array(least);

  constructor(bound: number, maxPairs: number) {
    this.bound = bound;
    this.maxPairs = maxPairs;
  }

  add(a: number, b: number, weight: number): void {
    const key = a < b ? a * this.bound + b + 1 : b * this.bound + a + 1;
    const place = this.place(key);
    this.weights[place] += weight;
    if (this.keys[place] !== 0) return;
    this.keys[place] = key;
    if (++this.size > this.maxPairs) this.forget();
    else if (this.size > fullest * this.keys.length) this.move(2 * this.keys.length, 0);
  }

  each(visit: (a: number, b: number, weight: number) => void): void {
    for (let place = 0; place < this.keys.length; place++) {
      const pair = this.keys[place] - 1;
      if (pair < 0) continue;
      const a = Math.floor(pair / this.bound);
      visit(a, pair - a * this.bound, this.weights[place]);
    }
  }

  private place(key: number): number {
    const mask = this.keys.length - 1;
    const high = Math.floor(key / 4294967296);
    let hash = Math.imul((key >>> 0) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    hash ^= hash >>> 15;
    let place = hash & mask;
    while (this.keys[place] !== 0 && this.keys[place] !== key) place = (place + 1) & mask;
    return place;
  }

  /** Keeps about the heavier half; pairs as light as the median go. */
  private forget(): void {
    const kept = this.weights.filter((_, place) => this.keys[place] !== 0).sort();
    const before = this.size;
    this.move(this.keys.length, kept[Math.floor(kept.length / 2)]);
    this.forgotten += before - this.size;
  }

  private move(places: number, heavierThan: number): void {
    const { keys, weights } = this;
    this.keys = new Float64Array(places);
    this.weights = new Float32Array(places);
    this.size = 0;
    for (let from = 0; from < keys.length; from++) {
      if (keys[from] === 0 || !(weights[from] > heavierThan)) continue;
      const to = this.place(keys[from]);
      this.keys[to] = keys[from];
      this.weights[to] = weights[from];
      this.size++;
    }
  }
}
