import type { TrueInterest } from './users.js';

export interface ActiveInterestOptions {
  /** End of the window, epoch milliseconds. */
  readonly asOfMs: number;
  /** Length of the window before it, milliseconds; Infinity for all. */
  readonly windowMs: number;
  /** Actions inside the window that make an interest worth finding, default 3. */
  readonly minActions?: number;
  /** Least share of the user's attention, 0 … 1, default 0. */
  readonly minShare?: number;
}

/** The true interests that could be found: enough actions in (asOf − window, asOf], enough of the user's attention. */
export function activeInterests(
  interests: readonly TrueInterest[],
  { asOfMs, windowMs, minActions = 3, minShare = 0 }: ActiveInterestOptions,
): TrueInterest[] {
  return interests.filter(({ share, actionTimes }) => {
    const inside = actionTimes.filter((time) => time > asOfMs - windowMs && time <= asOfMs);
    return inside.length >= minActions && share >= minShare;
  });
}

export interface Coverage {
  /** Topics of the true interests that are covered, in the order of the interests. */
  readonly covered: readonly number[];
  readonly missed: readonly number[];
  /** covered / all; 1 where there is nothing to cover. */
  readonly share: number;
}

/**
 * Which true interests a list of items speaks to: those whose topic at least `atLeast` of the items have. For found
 * interests pass the topics of their medoids and 1; for candidates the topics of each candidate, and 1 or more.
 */
export function coverageOf(
  interests: readonly { readonly topic: number }[],
  itemTopics: Iterable<readonly number[]>,
  atLeast = 1,
): Coverage {
  const counts = new Map<number, number>();
  for (const topics of itemTopics) {
    for (const topic of new Set(topics)) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  }
  const isCovered = ({ topic }: { readonly topic: number }): boolean => (counts.get(topic) ?? 0) >= atLeast;
  const covered = interests.filter(isCovered).map((i) => i.topic);
  const missed = interests.filter((i) => !isCovered(i)).map((i) => i.topic);
  return { covered, missed, share: interests.length === 0 ? 1 : covered.length / interests.length };
}

/** Covered interests of all users by all their interests: every interest counts once, not every user. */
export function pooledShare(coverages: readonly Coverage[]): number {
  let covered = 0;
  let all = 0;
  for (const c of coverages) {
    covered += c.covered.length;
    all += c.covered.length + c.missed.length;
  }
  return all === 0 ? 1 : covered / all;
}
