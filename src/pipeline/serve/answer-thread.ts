import { parentPort, workerData } from 'node:worker_threads';
import { ActionLog } from '../../actions/log.js';
import type { Neighbors, RowSet } from '../../ann/search.js';
import { Catalog } from '../../catalog/catalog.js';
import type { LoadedSpace } from '../../catalog/space.js';
import { openDirectory } from '../../disk/directory.js';
import { PinnersageError } from '../../errors.js';
import { adoptVectors, type SharedVectors } from '../../math/vectors.js';
import type { Filter } from '../../model/filter.js';
import { EmbeddedProfileStore } from '../../store/embedded.js';
import type { RecommendRequest } from '../engine.js';
import type { LiveUser } from '../live.js';
import { filterNode } from '../pools.js';
import { Recommender } from '../recommend.js';
import { Searches } from '../searches.js';
import { type VerifyOptions, type VerifyReport, verifySteps } from '../verify.js';
import { isLight, type PlainAnswer, plain } from './answer.js';
import { serveCalls } from './calls.js';
import { type Learned, RecordingCache } from './recorder.js';

export interface AnswerThreadData {
  readonly path: string;
  /** Its place in the head of shared matrices, from 1. */
  readonly slot: number;
}

/** A space on its way to a thread: the matrix goes apart. */
export interface SpaceMessage {
  readonly space: LoadedSpace;
  readonly shared: SharedVectors;
}

export interface RecommendMessage {
  readonly userId: string;
  readonly request: RecommendRequest;
  readonly nowMs: number;
  readonly live: LiveUser;
}

export interface Acquaintance {
  readonly live: LiveUser;
  readonly learned: readonly Learned[];
}

export interface SearchMessage {
  readonly vector: Float32Array;
  readonly k: number;
  readonly admit: RowSet | null;
}

const port = parentPort;
if (!port) throw new Error('answer-thread runs in a worker thread only');
const { path, slot } = workerData as AnswerThreadData;
const opening = openDirectory(path, { mode: 'read' }).then((directory) => {
  const log = new ActionLog(directory);
  const profiles = (space: string) => new EmbeddedProfileStore(directory, space);
  const catalog = new Catalog(directory);
  const searches = new Searches(directory, (note) => port.postMessage({ note }));
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
const recorder = new RecordingCache();
let current: LoadedSpace | null = null;

function space(): LoadedSpace {
  if (current) return current;
  throw new PinnersageError('internal', 'a thread was asked before it was given a space');
}

/** What others have committed is seen from here on. */
async function fresh(): Promise<Awaited<typeof opening>> {
  const parts = await opening;
  parts.directory.refresh();
  return parts;
}

const handlers = {
  ready: async (_: null): Promise<null> => {
    await opening;
    return null;
  },
  space: async (message: SpaceMessage): Promise<null> => {
    await opening;
    current = { ...message.space, vectors: adoptVectors(message.shared, slot) };
    return null;
  },
  user: async ({ userId, nowMs }: { userId: string; nowMs: number }): Promise<LiveUser> => {
    const { recommender, log } = await fresh();
    return recommender.live.of(log.users.find(userId), space(), nowMs);
  },
  /** A user as of now, and the searches that a request for that user makes: all that a stranger's answer takes. */
  meet: async ({ userId, request, nowMs }: Omit<RecommendMessage, 'live'>): Promise<Acquaintance> => {
    const { recommender, log } = await fresh();
    const state = recommender.state(space());
    const live = recommender.live.of(log.users.find(userId), state.space, nowMs, state.basis);
    const prepared = recommender.prepare(userId, { ...request, nowMs }, state.basis);
    if (!isLight(prepared.recipe)) return { live, learned: [] };
    recorder.keepFor(state.search);
    const { filter } = prepared;
    const admit = filter && { text: filter.text, rows: recommender.admit(filter, state.space) };
    recommender.answer(state, prepared, live, admit, recorder);
    return { live, learned: recorder.take() };
  },
  /** A whole answer, for recipes that search in ways of their own. */
  recommend: async ({ userId, request, nowMs, live }: RecommendMessage): Promise<PlainAnswer> => {
    const { recommender } = await fresh();
    const state = recommender.state(space());
    const prepared = recommender.prepare(userId, { ...request, nowMs }, state.basis);
    return plain(recommender.answerHere(state, prepared, live));
  },
  admit: async (request: { filter?: Filter; pool?: string }): Promise<RowSet> => {
    const { directory, recommender } = await fresh();
    const node = filterNode(directory, request);
    if (!node) throw new PinnersageError('internal', 'a thread was asked to apply no filter');
    const admitted = recommender.admit(node, space());
    const shared = new Uint8Array(new SharedArrayBuffer(admitted.bits.length));
    shared.set(admitted.bits);
    return { ...admitted, bits: shared };
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
    await (await opening).directory.close();
    setImmediate(() => port.close());
    return null;
  },
};

export type AnswerHandlers = typeof handlers;

serveCalls(port, handlers);
