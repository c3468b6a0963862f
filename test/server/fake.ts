import { onTestFinished } from 'vitest';
import { PinnersageError } from '../../src/errors.js';
import type { Recommendation } from '../../src/model/candidate.js';
import type { Engine, EngineStatus } from '../../src/pipeline/engine.js';
import { createServer, type Server, type ServerOptions } from '../../src/server/server.js';

export const status: EngineStatus = {
  ready: true,
  activeSpace: 'default',
  items: 7,
  users: 1,
  actions: 9,
  maxSeq: 9,
  batch: { generation: 1, asOf: '2026-06-30T00:00:00.000Z', users: 1, maxSeq: 9 },
  batchRunning: false,
  serving: 'exact scan',
  queuedBytes: 0,
  queueLimitBytes: 1 << 26,
  neighborCache: { answers: 2, hits: 3, misses: 2 },
  searches: { count: 6, seconds: 0.003 },
  userCache: { users: 1, hits: 4, misses: 1 },
  answers: { batch: 5, exact: 1 },
  recommendationsQueued: 0,
  recommendationsDropped: 0,
  verified: null,
};

export const recommendation: Recommendation = {
  recommendationId: '0011223344556677',
  userId: 'ada',
  seed: 7,
  source: 'batch',
  fallback: null,
  pool: null,
  filter: null,
  propensity: 0.5,
  interests: [{ interestId: 'i1', medoid: 'A', probability: 0.5 }],
  items: [{ itemId: 'D', score: 0.96, interestId: 'i1' }],
};

/** An engine of which a test says what it needs; everything else fails loudly. */
export function fakeEngine(parts: Partial<Engine> = {}): Engine {
  const missing = (name: string) => (): never => {
    throw new PinnersageError('internal', `the fake engine has no ${name}`);
  };
  const later = (name: string) => async (): Promise<never> => missing(name)();
  const engine: Engine = {
    appendActions: later('appendActions'),
    putItems: later('putItems'),
    item: missing('item'),
    deleteItem: later('deleteItem'),
    neighbors: later('neighbors'),
    interests: later('interests'),
    actions: missing('actions'),
    recommend: async () => recommendation,
    recommendJson: async (...asked) => Buffer.from(JSON.stringify(await engine.recommend(...asked))),
    recommendation: later('recommendation'),
    rank: later('rank'),
    embeddings: later('embeddings'),
    exportUser: later('exportUser'),
    eraseUser: later('eraseUser'),
    batch: later('batch'),
    interrupt: later('interrupt'),
    verify: later('verify'),
    status: () => status,
    close: async () => {},
    ...parts,
  };
  return engine;
}

/** A server over it that is closed when the test is over. */
export async function serverOf(parts: Partial<Engine> = {}, options: ServerOptions = {}): Promise<Server> {
  const server = await createServer(fakeEngine(parts), options);
  onTestFinished(() => server.app.close());
  return server;
}
