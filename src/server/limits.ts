import rateLimit from '@fastify/rate-limit';
import { PinnersageError } from '../errors.js';
import type { App } from './app.js';

/** How often the event loop is looked at, and how late it may be before requests are refused, both in ms. */
const sampleEveryMs = 500;
const lateMs = 1_000;

/** How far the event loop is behind, in ms: the lesser of the last two looks, so that one long step is no alarm. */
export function eventLoopLateness(app: App): () => number {
  let expectedAt = performance.now() + sampleEveryMs;
  let last = 0;
  let before = 0;
  const timer = setInterval(() => {
    const at = performance.now();
    before = last;
    last = at - expectedAt;
    expectedAt = at + sampleEveryMs;
  }, sampleEveryMs);
  timer.unref();
  app.addHook('onClose', async () => clearInterval(timer));
  return () => Math.min(last, before);
}

/** Refuses requests (503) while the event loop is far behind, so that those that were taken are answered. */
export function shedLoad(app: App, latenessMs: () => number): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (latenessMs() < lateMs || request.routeOptions.config.kind !== undefined) return done();
    done(new PinnersageError('overloaded', 'the server is behind with what it was asked; try again later'));
  });
}

/** At most `perSecond` requests: of the key where the server has one, of each address where it has none. */
export async function limitRate(app: App, perSecond: number, byKey: boolean): Promise<void> {
  await app.register(rateLimit, {
    max: perSecond,
    timeWindow: 1_000,
    ...(byKey ? { keyGenerator: () => 'key' } : {}),
    allowList: (request) => request.routeOptions.config.kind !== undefined,
    errorResponseBuilder: () =>
      new PinnersageError('rate-limited', `got more than ${perSecond} requests within a second`),
  });
}
