/** What threads share of a queue. */
export interface SharedQueue {
  readonly next: Int32Array<SharedArrayBuffer>;
  readonly total: number;
  readonly size: number;
}

/** Enough to a chunk that handing it out costs nothing, few enough that a thread that computes them answers soon. */
const mostUsers = 512;
const leastUsers = 16;
/** Chunks to a thread, at least, where there are users for them: so that all end at about the same time. */
const chunksEach = 16;

/** Users 0 … total−1 in chunks, each for the thread that takes it first. */
export class ChunkQueue {
  readonly shared: SharedQueue;

  constructor(total: number, threads: number);
  constructor(shared: SharedQueue);
  constructor(given: number | SharedQueue, threads = 1) {
    if (typeof given !== 'number') this.shared = given;
    else {
      const size = Math.max(leastUsers, Math.min(mostUsers, Math.ceil(given / (threads * chunksEach))));
      this.shared = { next: new Int32Array(new SharedArrayBuffer(4)), total: given, size };
    }
  }

  /** The next users `from … to−1`; null where there are none left. */
  take(): readonly [from: number, to: number] | null {
    const { next, total, size } = this.shared;
    const from = size * Atomics.add(next, 0, 1);
    return from < total ? [from, this.endOf(from)] : null;
  }

  /** Where the chunk that begins with `from` ends. */
  endOf(from: number): number {
    return Math.min(this.shared.total, from + this.shared.size);
  }
}
