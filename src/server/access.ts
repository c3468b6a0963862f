import { timingSafeEqual } from 'node:crypto';
import { PinnersageError } from '../errors.js';
import type { App } from './app.js';

/** Everything but probes asks for the key in `X-API-Key`. How long the comparison takes tells at most its length. */
export function requireKey(app: App, apiKey: string): void {
  const expected = Buffer.from(apiKey);
  const isRight = (given: Buffer): boolean =>
    given.length === expected.length && timingSafeEqual(given, expected);
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.kind === 'probe') return done();
    const given = request.headers['x-api-key'];
    if (typeof given !== 'string')
      return done(
        new PinnersageError('unauthorized', 'got no X-API-Key header, expected the key of this server'),
      );
    if (isRight(Buffer.from(given))) return done();
    done(new PinnersageError('unauthorized', 'X-API-Key: got another key than the one of this server'));
  });
}
