/**
 * What: keeps what was used last, up to a total weight; the least recently used goes first.
 * Convention: a value heavier than the whole capacity is not kept.
 * Time and memory: O(1) per call, amortised; `capacity` in the caller's unit of weight.
 * Checked by: test/math/lru.test.ts (against a plain list).
 */
export class Lru<V> {
  readonly capacity: number;
  private readonly entries = new Map<string, { readonly value: V; readonly weight: number }>();
  private total = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.entries.size;
  }

  get weight(): number {
    return this.total;
  }

  /** No use of it. */
  has(key: string): boolean {
    return this.entries.has(key);
  }

  get(key: string): V | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key); // a Map iterates in order of insertion: the first entry is the least recently used
    this.entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: V, weight: number): void {
    this.total += weight - (this.entries.get(key)?.weight ?? 0);
    this.entries.delete(key);
    this.entries.set(key, { value, weight });
    for (const [oldest, entry] of this.entries) {
      if (this.total <= this.capacity) return;
      this.entries.delete(oldest);
      this.total -= entry.weight;
    }
  }

  delete(key: string): void {
    this.total -= this.entries.get(key)?.weight ?? 0;
    this.entries.delete(key);
  }

  /** The least recently used first; looking is no use. Deleting what is visited is allowed. */
  *all(): Iterable<readonly [string, V]> {
    for (const [key, { value }] of this.entries) yield [key, value];
  }

  clear(): void {
    this.entries.clear();
    this.total = 0;
  }
}
