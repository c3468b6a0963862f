import { parentPort, workerData } from 'node:worker_threads';
import { ActionLog } from '../../actions/log.js';
import type { Neighbors, RowSet } from '../../ann/search.js';
import { Catalog } from '../../catalog/catalog.js';
import type { LoadedSpace } from '../../catalog/space.js';
import { openDirectory } from '../../disk/directory.js';
import type { MetaCommits } from '../../disk/meta.js';
import { PinnersageError } from '../../errors.js';
import { adoptVectors, type SharedVectors } from '../../math/vectors.js';
import type { Filter } from '../../model/filter.js';
import { NeighborCache } from '../../retrieve/cache.js';
import type { PackedPicks } from '../../retrieve/picks.js';
import { EmbeddedProfileStore } from '../../store/embedded.js';
import type { RecommendRequest } from '../engine.js';
import type { LiveUser } from '../live.js';
import { filterNode } from '../pools.js';
import { Recommender } from '../recommend.js';
import { Searches } from '../searches.js';
import { type VerifyOptions, type VerifyReport, verifySteps } from '../verify.js';
import { type AnswerHead, headOf, isLight } from './answer.js';
import { serveCalls } from './calls.js';
import { type Learned, RecordingCache } from './recorder.js';
import { betweenRequests } from './rehearsal.js';
import { ThreadTally } from './tally.js';
import { Turn } from './turn.js';

export interface AnswerThreadData {
  readonly path: string;
  readonly metaCommits: MetaCommits;
  /** Its place in the head of shared matrices, from 1. */
  readonly slot: number;
  /** What it keeps count of, for all to see: see `ThreadTally`. */
  readonly counts: Float64Array;
}

/** A space on its way to a thread: the matrix goes apart. */
export interface SpaceMessage {
  readonly space: LoadedSpace;
  readonly shared: SharedVectors;
}

export interface AnswerMessage {
  /** Whether the user was asked for before: then all that is learned by the answer is handed back with it. */
  readonly isBack: boolean;
  /** Whether it is answered together with others that wait: not where one takes long, or is to be remembered. */
  readonly inGroup: boolean;
  readonly userId: string;
  readonly request: RecommendRequest;
  readonly nowMs: number;
  /** Who it is, where that is known. */
  readonly live: LiveUser | null;
}

/** An answer that is still to be written. */
export interface FoundAnswer {
  readonly head: AnswerHead;
  readonly picks: PackedPicks;
  /** Null where it costs more to hand over than to find out again. */
  readonly lesson: Lesson | null;
}

/** What there is to remember of an answer. */
export interface Lesson {
  /** Who it is, where the asker did not know. */
  readonly live: LiveUser | null;
  readonly learned: readonly Learned[];
}

export interface SearchMessage {
  readonly vector: Float32Array;
  readonly k: number;
  readonly admit: RowSet | null;
}

const port = parentPort;
if (!port) throw new Error('answer-thread runs in a worker thread only');
const { path, metaCommits, slot, counts } = workerData as AnswerThreadData;
const tally = new ThreadTally(counts);
const opening = openDirectory(path, { mode: 'read', metaCommits }).then((directory) => {
  const log = new ActionLog(directory);
  const profiles = (space: string) => new EmbeddedProfileStore(directory, space);
  const catalog = new Catalog(directory);
  const searches = new Searches(directory, (note) => port.postMessage({ note }), tally.searches);
  return {
    directory,
    catalog,
    log,
    profiles,
    searches,
    recommender: new Recommender(directory, catalog, log, profiles, searches),
  };
});
opening.catch(() => {}); // the first call answers with it
type Parts = Awaited<typeof opening>;
const recorder = new RecordingCache();
let current: LoadedSpace | null = null;
let isClosing = false;
const turn = new Turn();
/** Those who came together last. */
let latest: Promise<void> | null = null;

function space(): LoadedSpace {
  if (current) return current;
  throw new PinnersageError('internal', 'a thread was asked before it was given a space');
}

/** What others have committed is seen from here on. */
async function fresh(): Promise<Parts> {
  const parts = await opening;
  parts.directory.refresh();
  return parts;
}

/** The same once for all who came together. */
async function together(): Promise<Parts> {
  const group = turn.wait();
  await group;
  const parts = await opening;
  if (group !== latest) parts.directory.refresh();
  latest = group;
  return parts;
}

/** A request with all that is to be known before the first search. */
function whoAsks(
  { recommender, log }: Parts,
  { userId, request, nowMs, live }: Omit<AnswerMessage, 'isBack' | 'inGroup'>,
) {
  const state = recommender.state(space());
  const prepared = recommender.prepare(userId, { ...request, nowMs }, state.basis);
  const known = live ?? recommender.live.of(log.users.find(userId), state.space, nowMs, state.basis);
  return { state, prepared, live: known };
}

function answerOf(
  { recommender }: Parts,
  { state, prepared, live }: ReturnType<typeof whoAsks>,
  cache?: NeighborCache,
): Omit<FoundAnswer, 'lesson'> {
  const answer = recommender.answerHere(state, prepared, live, cache);
  return { head: headOf(answer, state, live), picks: answer.picks.packed() };
}

/** What finding that out once more would cost is far beyond what it costs to hand it over. */
function isClusteredAnew({ source }: LiveUser): boolean {
  return source === 'exact' || source === 'overlay';
}

/** Answers that nobody asked for, at most. */
const rehearsals = 400;

/**
 * Answers for users all over the log, so that code is compiled and pages are in memory when the first request comes. Nothing of
 * it is sent, logged, remembered or counted.
 */
async function rehearse(): Promise<void> {
  const parts = await opening;
  const { log, recommender } = parts;
  const users = log.users.count();
  const answers = Math.min(rehearsals, users);
  const cache = new NeighborCache();
  await betweenRequests(
    answers,
    (place) => {
      const counted = counts.slice();
      const userId = log.users.idOf(Math.floor((place * users) / answers));
      const nowMs = recommender.state(space()).basis.generation?.asOf ?? 0;
      answerOf(parts, whoAsks(parts, { userId, request: {}, nowMs, live: null }), cache);
      counts.set(counted);
    },
    async () => {
      await fresh();
      return !isClosing;
    },
  );
}

const handlers = {
  ready: async (_: null): Promise<null> => {
    await opening;
    return null;
  },
  space: async (message: SpaceMessage): Promise<null> => {
    const { recommender } = await fresh();
    const isFirst = current === null;
    current = { ...message.space, vectors: adoptVectors(message.shared, slot) };
    recommender.keepUp(current, recorder);
    if (isFirst)
      rehearse().catch((error: unknown) => port.postMessage({ note: `rehearsal: ${String(error)}` }));
    return null;
  },
  user: async ({ userId, nowMs }: { userId: string; nowMs: number }): Promise<LiveUser> => {
    const { recommender, log } = await fresh();
    return recommender.live.of(log.users.find(userId), space(), nowMs);
  },
  answer: async ({ isBack, inGroup, ...asked }: AnswerMessage): Promise<FoundAnswer> => {
    const parts = inGroup ? await together() : await fresh();
    const who = whoAsks(parts, asked);
    if (inGroup) await null; // those who came together are all known before the first search
    recorder.take();
    const answer = answerOf(parts, who, isLight(who.prepared.recipe) ? recorder : undefined);
    tally.remembered(recorder.stats());
    const isLesson = isBack || isClusteredAnew(who.live);
    const lesson = isLesson ? { live: asked.live ? null : who.live, learned: recorder.take() } : null;
    return { ...answer, lesson };
  },
  admit: async (request: { filter?: Filter; pool?: string }): Promise<RowSet> => {
    const { directory, recommender } = await fresh();
    const node = filterNode(directory, request);
    if (!node) throw new PinnersageError('internal', 'a thread was asked to apply no filter');
    return recommender.admit(node, space());
  },
  search: async ({ vector, k, admit }: SearchMessage): Promise<Neighbors> => {
    const { searches } = await fresh();
    const found = searches.of(space()).search(vector, k, admit ?? undefined);
    return { rows: found.rows.slice(), scores: found.scores.slice() };
  },
  verify: async (request: VerifyOptions): Promise<VerifyReport> => {
    const { directory, catalog, log, profiles } = await fresh();
    const steps = verifySteps({ directory, catalog, log, profiles, space }, request);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      await new Promise(setImmediate); // requests that wait go first
      await fresh();
    }
  },
  close: async (_: null): Promise<null> => {
    isClosing = true;
    await new Promise(setImmediate); // who came together has been answered by then
    await (await opening).directory.close();
    setImmediate(() => port.close());
    return null;
  },
};

export type AnswerHandlers = typeof handlers;

serveCalls(port, handlers);
