import { Lru } from '../../math/lru.js';
import type { LiveUser } from '../live.js';
import type { AnswerPool } from './pool.js';

/** Members and barred items over all users that are kept, some 40 bytes each. */
const keptItems = 2_000_000;

/**
 * What is known of users, computed by other threads and kept until something of it changes. A computation that was under
 * way when it changed is answered to those who asked before, and not kept.
 */
export class LiveUsers {
  private readonly pool: AnswerPool;
  private readonly kept = new Lru<LiveUser>(keptItems);
  private readonly coming = new Map<string, Promise<LiveUser>>();
  private hits = 0;
  private misses = 0;

  constructor(pool: AnswerPool) {
    this.pool = pool;
  }

  of(userId: string, nowMs: number): LiveUser | Promise<LiveUser> {
    const kept = this.kept.get(userId);
    if (kept) {
      this.hits++;
      return kept;
    }
    this.misses++;
    return this.coming.get(userId) ?? this.compute(userId, nowMs);
  }

  private compute(userId: string, nowMs: number): Promise<LiveUser> {
    const computing: Promise<LiveUser> = this.pool
      .any()
      .call('user', { userId, nowMs })
      .then((live) => {
        if (this.coming.get(userId) === computing) this.kept.set(userId, live, weightOf(live));
        return live;
      })
      .finally(() => {
        if (this.coming.get(userId) === computing) this.coming.delete(userId);
      });
    this.coming.set(userId, computing);
    return computing;
  }

  forget(userIds: readonly string[]): void {
    for (const userId of userIds) {
      this.kept.delete(userId);
      this.coming.delete(userId);
    }
  }

  forgetAll(): void {
    this.kept.clear();
    this.coming.clear();
  }

  stats(): { readonly users: number; readonly hits: number; readonly misses: number } {
    return { users: this.kept.size, hits: this.hits, misses: this.misses };
  }
}

function weightOf({ interests, barred, excluded }: LiveUser): number {
  return interests.reduce((sum, { members }) => sum + members.length, 16 + barred.size + excluded.size);
}
