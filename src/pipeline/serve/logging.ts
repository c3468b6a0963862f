import type { RecommendationEntry } from '../../store/recommendations.js';
import type { Calls } from './calls.js';
import type { WriterHandlers } from './writer-thread.js';

/** How long an answer may wait before it is logged, ms. */
const delayMs = 20;
const batchSize = 256;
const mostWaiting = 20_000;

/**
 * Writes what was recommended behind the answers: they do not wait for it. A server that is killed loses the entries of
 * the last few milliseconds; one whose disk cannot keep up drops entries and counts them.
 */
export class RecommendationWriter {
  private readonly writer: Calls<WriterHandlers>;
  private readonly onNote: (note: string) => void;
  private waiting: RecommendationEntry[] = [];
  private timer: NodeJS.Timeout | null = null;
  private underway = 0;
  private droppedCount = 0;

  constructor(writer: Calls<WriterHandlers>, onNote: (note: string) => void) {
    this.writer = writer;
    this.onNote = onNote;
  }

  add(entry: RecommendationEntry): void {
    if (this.queued >= mostWaiting) {
      this.droppedCount++;
      return;
    }
    this.waiting.push(entry);
    if (this.waiting.length >= batchSize) void this.flush();
    else this.timer ??= setTimeout(() => void this.flush(), delayMs);
  }

  get queued(): number {
    return this.waiting.length + this.underway;
  }

  get dropped(): number {
    return this.droppedCount;
  }

  /** Forgets what is not written yet of a user. */
  forget(userId: string): void {
    this.waiting = this.waiting.filter((entry) => entry.userId !== userId);
  }

  /** Resolves when everything that was added before is written. */
  async flush(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const entries = this.waiting;
    this.waiting = [];
    this.underway += entries.length;
    try {
      if (entries.length > 0) await this.writer.call('recommended', entries);
    } catch (error) {
      this.droppedCount += entries.length;
      this.onNote(`${entries.length} recommendations could not be logged: ${String(error)}`);
    } finally {
      this.underway -= entries.length;
    }
  }
}
