import {
  encodeHead,
  encodeRecommendation,
  type RecommendationEntry,
  type RecommendationHead,
  type RecommendedItem,
  recommendationBytes,
} from '../../store/recommendations.js';
import type { Calls } from './calls.js';
import type { WriterHandlers } from './writer-thread.js';

/** How long an answer may wait before it is logged, ms. */
const delayMs = 20;
const blockBytes = 1 << 20;
const mostWaiting = 20_000;

/** An answer as it is logged. */
export interface LoggedAnswer {
  readonly userId: string;
  readonly recommendationId: string;
  readonly atMs: number;
  readonly head: RecommendationHead;
  readonly items: readonly RecommendedItem[];
}

/**
 * Writes what was recommended behind the answers: they do not wait for it. A server that is killed loses the entries of
 * the last few milliseconds; one whose disk cannot keep up drops entries and counts them.
 */
export class RecommendationWriter {
  private readonly writer: Calls<WriterHandlers>;
  private readonly onNote: (note: string) => void;
  private entries: RecommendationEntry[] = [];
  private bytes = Buffer.alloc(0);
  private filled = 0;
  private timer: NodeJS.Timeout | null = null;
  private underway = 0;
  private droppedCount = 0;

  constructor(writer: Calls<WriterHandlers>, onNote: (note: string) => void) {
    this.writer = writer;
    this.onNote = onNote;
  }

  add({ userId, recommendationId, atMs, head, items }: LoggedAnswer): void {
    if (this.queued >= mostWaiting) {
      this.droppedCount++;
      return;
    }
    const encodedHead = encodeHead(head);
    const needed = recommendationBytes(encodedHead, items);
    if (this.filled + needed > this.bytes.length) {
      if (this.entries.length > 0) void this.flush();
      this.bytes = Buffer.from(new ArrayBuffer(Math.max(blockBytes, needed)));
    }
    const start = this.filled;
    this.filled = encodeRecommendation(encodedHead, head.interests, items, this.bytes, start);
    this.entries.push({ userId, recommendationId, atMs, start, end: this.filled });
    this.timer ??= setTimeout(() => void this.flush(), delayMs);
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
    const { entries, bytes } = this;
    const used = this.filled > 0 ? new Uint8Array(bytes.buffer, 0, this.filled) : new Uint8Array(0);
    this.entries = [];
    this.bytes = Buffer.alloc(0);
    this.filled = 0;
    this.underway += entries.length;
    try {
      await this.writer.call('recommended', { entries, bytes: used }, [used.buffer]);
    } catch (error) {
      this.droppedCount += entries.length;
      this.onNote(`${entries.length} recommendations could not be logged: ${String(error)}`);
    } finally {
      this.underway -= entries.length;
    }
  }
}
