/**
 * A map from u32 to u32 that is filled and emptied millions of times: open addressing with linear probing over
 * buffers that are kept. It holds at most as many keys as the last `reset` announced.
 */
export class U32Map {
  private keys = new Uint32Array(16);
  /** Value + 1; 0 marks an empty place. Float64, so that every u32 fits. */
  private values = new Float64Array(16);
  private mask = 15;
  /** Keeps the high bits of the hash product, which depend on every bit of the key. */
  private shift = 28;

  /** Empties the map and makes room for `count` keys, in O(count). */
  reset(count: number): void {
    let capacity = 16;
    while (capacity < 2 * count) capacity *= 2;
    if (capacity > this.keys.length) {
      this.keys = new Uint32Array(capacity);
      this.values = new Float64Array(capacity);
    }
    this.mask = capacity - 1;
    this.shift = Math.clz32(capacity) + 1;
    this.values.fill(0, 0, capacity);
  }

  /** The value of `key`, or −1. */
  get(key: number): number {
    return this.values[this.place(key)] - 1;
  }

  /** The value of `key`; where it has none yet, `value` is set and returned. */
  getOrSet(key: number, value: number): number {
    const place = this.place(key);
    if (this.values[place] === 0) {
      this.keys[place] = key;
      this.values[place] = value + 1;
    }
    return this.values[place] - 1;
  }

  /** Where `key` is, or the empty place where it would go. */
  private place(key: number): number {
    const { keys, values, mask } = this;
    let place = Math.imul(key, 0x9e3779b1) >>> this.shift;
    while (values[place] !== 0 && keys[place] !== key) place = (place + 1) & mask;
    return place;
  }
}
