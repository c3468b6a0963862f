import { packRecommendations, type RecommendationEntry } from '../../store/recommendations.js';
import type { Calls } from './calls.js';
import type { WriterHandlers } from './writer-thread.js';

/** How long an answer may wait before it is logged, ms. */
const delayMs = 50;
const leastBytes = 1 << 18;
const mostWaiting = 20_000;

/** An answer as it is logged. */
export interface LoggedAnswer {
  readonly userId: string;
  readonly recommendationId: string;
  readonly atMs: number;
  /** From `RecommendedItems`. */
  readonly entry: Uint8Array;
}

/**
 * Writes what was recommended behind the answers: they do not wait for it. A server that is killed loses the entries of
 * these milliseconds; one whose disk cannot keep up drops entries and counts them.
 */
export class RecommendationWriter {
  private readonly writer: Calls<WriterHandlers>;
  private readonly onNote: (note: string) => void;
  private entries: RecommendationEntry[] = [];
  /** What waits, from the start; used again. */
  private bytes = new Uint8Array(0);
  private filled = 0;
  private timer: NodeJS.Timeout | null = null;
  private underway = 0;
  private droppedCount = 0;

  constructor(writer: Calls<WriterHandlers>, onNote: (note: string) => void) {
    this.writer = writer;
    this.onNote = onNote;
  }

  add({ userId, recommendationId, atMs, entry }: LoggedAnswer): void {
    if (this.queued >= mostWaiting) {
      this.droppedCount++;
      return;
    }
    const start = this.filled;
    const end = start + entry.length;
    if (end > this.bytes.length) this.grow(end);
    this.bytes.set(entry, start);
    this.filled = end;
    this.entries.push({ userId, recommendationId, atMs, start, end });
    this.timer ??= setTimeout(() => void this.flush(), delayMs);
  }

  private grow(bytes: number): void {
    const grown = new Uint8Array(Math.max(leastBytes, 2 * bytes));
    grown.set(this.bytes.subarray(0, this.filled));
    this.bytes = grown;
  }

  get queued(): number {
    return this.entries.length + this.underway;
  }

  get dropped(): number {
    return this.droppedCount;
  }

  /** Forgets what is not written yet of a user. */
  forget(userId: string): void {
    this.entries = this.entries.filter((entry) => entry.userId !== userId);
  }

  /** Resolves when everything that was added before is written. */
  async flush(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const { entries } = this;
    const bytes = this.bytes.slice(0, this.filled);
    this.entries = [];
    this.filled = 0;
    this.underway += entries.length;
    try {
      await this.writer.call('recommended', packRecommendations({ entries, bytes }));
    } catch (error) {
      this.droppedCount += entries.length;
      this.onNote(`${entries.length} recommendations could not be logged: ${String(error)}`);
    } finally {
      this.underway -= entries.length;
    }
  }
}
