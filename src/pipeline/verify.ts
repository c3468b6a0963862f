import type { ActionLog } from '../actions/log.js';
import type { Catalog } from '../catalog/catalog.js';
import type { LoadedSpace } from '../catalog/space.js';
import type { Directory } from '../disk/directory.js';
import { createRng } from '../math/rng.js';
import type { UserLog } from '../model/action.js';
import { type UserKey, vectorOf } from '../model/item.js';
import type { Interest, InterestSource } from '../model/profile.js';
import { inferInterests } from '../profile/infer.js';
import { collectPoints } from '../profile/points.js';
import { actionsUpTo } from '../profile/update.js';
import type { ProfileStore } from '../store/profiles.js';
import { conditionsOf } from './continuation.js';
import { checkCount, checkSeed } from './guard.js';
import { IdOrder } from './idorder.js';
import { type LiveBasis, LiveProfiles, type LiveUser } from './live.js';
import { declaredTypes } from './settings.js';

export interface VerifyOptions {
  /** Users to recompute, drawn by `seed` from those with actions. Default: 200. Range: integer ≥ 1. */
  readonly users?: number;
  /** Default: 0. Range: safe integer ≥ 0. */
  readonly seed?: number;
  /** The clock, epoch ms. Default: the wall clock. */
  readonly nowMs?: number;
}

/** How many users were compared, and of how many the interests are what a recompute from the log says. */
export interface Compared {
  readonly users: number;
  readonly identical: number;
}

export interface VerifyReport {
  /** By where the answer comes from. `batch` and `exact` must be identical, `overlay` is an approximation. */
  readonly batch: Compared;
  readonly exact: Compared;
  readonly overlay: Compared;
  /**
   * Users with a stored profile of which cannot be told any more what it was made from, because action types were declared
   * anew, actions removed or vectors compacted since; the next batch makes it anew.
   */
  readonly leftOut: number;
  /** Largest relative difference of an importance, over interests with the same members. */
  readonly importanceDrift: number;
  /** The first users that differ though they must not. */
  readonly differing: readonly string[];
}

export interface LogReport {
  /** Actions that the directory says it holds. */
  readonly recorded: number;
  /** Actions that are there. */
  readonly stored: number;
  /** Recorded and not there. */
  readonly lost: number;
  /** Actions whose sequence number another one has too. */
  readonly duplicates: number;
}

export interface VerifyParts {
  readonly directory: Directory;
  readonly catalog: Catalog;
  readonly log: ActionLog;
  readonly profiles: (space: string) => ProfileStore;
  readonly space: () => LoadedSpace;
}

const defaults = { users: 200, seed: 0 };
const differingListed = 10;

/**
 * What: compares what is answered for a sample of users with what clustering their whole log anew says: the same sets of
 * members, the same medoids.
 * Convention: the recompute is for the instant and under the options of the answer, from the log alone, with memory of its
 * own; nothing that the answer was made from is used again. For an answer from the batch it takes the actions and
 * vectors that the batch knew.
 */
export function verifyUsers(parts: VerifyParts, given: VerifyOptions): VerifyReport {
  const steps = verifySteps(parts, given);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** The same a user at a time, for who has other things to do in between. Each step is by the state of its own instant. */
export function* verifySteps(parts: VerifyParts, given: VerifyOptions): Generator<void, VerifyReport> {
  const { users, seed, nowMs } = { ...defaults, ...given, nowMs: given.nowMs ?? Date.now() };
  checkCount('users', users);
  checkSeed(seed);
  const live = new LiveProfiles(parts.directory, parts.catalog.ids, parts.log, parts.profiles);
  const knownTo = batchKnowledge(parts.log);
  let leftOut = 0;
  const tally: Record<InterestSource, { users: number; identical: number }> = {
    batch: { users: 0, identical: 0 },
    exact: { users: 0, identical: 0 },
    overlay: { users: 0, identical: 0 },
    none: { users: 0, identical: 0 },
  };
  const differing: string[] = [];
  let importanceDrift = 0;
  for (const user of drawUsers(parts.log.users.count(), users, seed)) {
    yield;
    const log = parts.log.userLog(user);
    if (log.length === 0) continue;
    const space = parts.space();
    const basis = live.basis(space);
    const answer = live.of(user, space, nowMs, basis);
    const known = answer.source === 'batch' ? knownTo(user, log, space, basis) : { log, space };
    if (known === null) {
      leftOut++;
      continue;
    }
    const { identical, drift } = compare(answer.interests, recompute(parts, known, user, answer, basis));
    importanceDrift = Math.max(importanceDrift, drift);
    tally[answer.source].users++;
    if (identical) tally[answer.source].identical++;
    else if (answer.source !== 'overlay' && differing.length < differingListed)
      differing.push(parts.log.users.idOf(user));
  }
  const { batch, exact, overlay } = tally;
  return { batch, exact, overlay, leftOut, importanceDrift, differing };
}

/** What an answer is made from. */
interface Knowledge {
  readonly log: UserLog;
  readonly space: LoadedSpace;
}

/** Of a user, what the last batch knew; null where that, or its types, cannot be told any more. */
function batchKnowledge(log: ActionLog) {
  let vectors: { readonly now: LoadedSpace; readonly number: number; readonly known: LoadedSpace } | null =
    null;
  return (
    user: UserKey,
    all: UserLog,
    space: LoadedSpace,
    { generation, options }: LiveBasis,
  ): Knowledge | null => {
    if (generation?.conditions !== conditionsOf(space.info, options, declaredTypes(log))) return null;
    const { number, maxSeq, rows = space.itemOfRow.length } = generation;
    if (rows > space.itemOfRow.length || isCut(log, user, all, maxSeq)) return null;
    if (vectors?.now !== space || vectors.number !== number)
      vectors = { now: space, number, known: spaceUpTo(space, rows) };
    return { log: actionsUpTo(all, maxSeq), space: vectors.known };
  };
}

/** Without the vectors that came later. */
function spaceUpTo(space: LoadedSpace, rows: number): LoadedSpace {
  const rowOfItem = new Int32Array(space.rowOfItem.length).fill(-1);
  space.itemOfRow.subarray(0, rows).forEach((item, row) => {
    rowOfItem[item] = row;
  });
  return { ...space, rowOfItem };
}

/** Whether the newest change of a user's log came after `maxSeq` and was that actions were removed. */
function isCut(log: ActionLog, user: UserKey, { length, seqs }: UserLog, maxSeq: number): boolean {
  const newest = seqs.subarray(0, length).reduce((a, b) => Math.max(a, b), maxSeq);
  for (const { seq } of log.marks.of(user, user + 1)) return seq > newest;
  return false;
}

/** Numbers of distinct users, in the order of the draw. */
function drawUsers(total: number, count: number, seed: number): Uint32Array {
  const rng = createRng(seed);
  const order = Uint32Array.from({ length: total }, (_, user) => user);
  const drawn = Math.min(count, total);
  for (let at = 0; at < drawn; at++) {
    const from = at + rng.below(total - at);
    [order[at], order[from]] = [order[from], order[at]];
  }
  return order.subarray(0, drawn);
}

/** The interests of a whole log. */
function recompute(
  parts: VerifyParts,
  { log, space }: Knowledge,
  user: UserKey,
  answer: LiveUser,
  { options, types }: LiveBasis,
): Interest[] {
  const points = collectPoints(log, answer.asOf, {
    windowDays: options.windowDays,
    types,
    maxItems: options.maxItemsPerUser,
    hasVector: (item) => vectorOf(space, item) !== null,
    idRank: new IdOrder(parts.catalog.ids).ranksOf(log),
  });
  const vectors = new Float32Array(points.itemKeys.length * space.dim);
  points.itemKeys.forEach((item, i) => {
    vectors.set(vectorOf(space, item) as Float32Array, i * space.dim);
  });
  const { name, generation } = space.info;
  const identity = { user: parts.log.users.idOf(user), space: name, generation };
  return inferInterests({ ...points, vectors }, answer.asOf, { ...options, identity });
}

function compare(
  answered: readonly Interest[],
  expected: readonly Interest[],
): { identical: boolean; drift: number } {
  const byMembers = new Map(expected.map((interest) => [interest.members.join(), interest]));
  let drift = 0;
  let same = 0;
  for (const { members, medoid, importance } of answered) {
    const twin = byMembers.get(members.join());
    if (!twin) continue;
    if (twin.medoid === medoid) same++;
    drift = Math.max(
      drift,
      Math.abs(twin.importance - importance) / Math.max(twin.importance, Number.MIN_VALUE),
    );
  }
  return { identical: same === expected.length && answered.length === expected.length, drift };
}

/** Counts the log. Time O(actions), memory one bit per sequence number. */
export function verifyLog(
  log: ActionLog,
  onProgress: (users: number, total: number) => void = () => {},
): LogReport {
  const seen = new Uint8Array(Math.ceil((log.maxSeq() + 1) / 8));
  const users = log.users.count();
  let stored = 0;
  let duplicates = 0;
  log.scan(0, users, (user, { length, seqs }) => {
    for (let row = 0; row < length; row++) {
      const bit = 1 << (seqs[row] % 8);
      const at = Math.floor(seqs[row] / 8);
      if (seen[at] & bit) duplicates++;
      seen[at] |= bit;
    }
    stored += length;
    if (user % 1024 === 0) onProgress(user, users);
  });
  const recorded = log.count();
  return { recorded, stored, lost: Math.max(0, recorded - stored), duplicates };
}
