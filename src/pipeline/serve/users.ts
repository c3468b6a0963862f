import { Lru } from '../../math/lru.js';
import type { LiveUser } from '../live.js';
import type { AnswerPool } from './pool.js';

/** Members and barred items over all users that are kept, some 40 bytes each. */
const keptItems = 2_000_000;
/** Ids of users who were asked for lately, twice as many at most. */
const recentUsers = 50_000;
/** From this many users times items on, all are forgotten: looking for those concerned would take longer. */
const mostLooks = 1_000_000;

/**
 * What is known of users, computed by other threads and kept until something of it changes. A computation that was under
 * way when it changed is answered to those who asked before, and not kept.
 */
export class LiveUsers {
  private readonly pool: AnswerPool;
  private readonly kept = new Lru<LiveUser>(keptItems);
  private readonly coming = new Map<string, Promise<LiveUser | null>>();
  /** Who was asked for lately: those of now, and those before them. */
  private recent = new Set<string>();
  private older = new Set<string>();
  private hits = 0;
  private misses = 0;

  constructor(pool: AnswerPool) {
    this.pool = pool;
  }

  /** Whether a user is known, as far as can be said without asking. */
  has(userId: string): boolean {
    return this.kept.has(userId);
  }

  /** Who is known, or null. */
  known(userId: string): LiveUser | null {
    const kept = this.kept.get(userId) ?? null;
    if (kept) this.hits++;
    return kept;
  }

  of(userId: string, nowMs: number): LiveUser | Promise<LiveUser> {
    const known = this.known(userId);
    if (known) return known;
    const coming = this.coming.get(userId);
    if (coming) return coming.then((live) => live ?? this.of(userId, nowMs));
    const asked = this.pool.any().call('user', { userId, nowMs });
    this.meet(userId, asked);
    return asked;
  }

  /** Whether a user was asked for before: who comes once need not be remembered, unless finding out took long. */
  isBack(userId: string): boolean {
    if (this.recent.has(userId)) return true;
    const isBack = this.older.has(userId);
    if (this.recent.size >= recentUsers) [this.older, this.recent] = [this.recent, new Set()];
    this.recent.add(userId);
    return isBack;
  }

  /**
   * Keeps what another thread finds out of a user, unless something of the user changes before it is there; null where it is not
   * to be remembered.
   */
  meet(userId: string, coming: Promise<LiveUser | null>): void {
    this.misses++;
    this.coming.set(userId, coming);
    const settled = (live: LiveUser | null): void => {
      if (this.coming.get(userId) !== coming) return;
      this.coming.delete(userId);
      if (live) this.kept.set(userId, live, weightOf(live));
    };
    coming.then(settled, () => settled(null)); // who waits for it hears of the failure
  }

  forget(userIds: readonly string[]): void {
    for (const userId of userIds) {
      this.kept.delete(userId);
      this.coming.delete(userId);
    }
  }

  /** As if never heard of. */
  erase(userId: string): void {
    this.forget([userId]);
    this.recent.delete(userId);
    this.older.delete(userId);
  }

  /** Forgets whoever acted on one of these items: nobody else's interests depend on them. */
  forgetActorsOf(items: Uint32Array): void {
    this.coming.clear(); // of whom it is not known yet
    if (items.length * this.kept.size > mostLooks) this.kept.clear();
    for (const [userId, { barred }] of this.kept.all())
      if (items.some((item) => barred.has(item))) this.kept.delete(userId);
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
