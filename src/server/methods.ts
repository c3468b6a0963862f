import { PinnersageError } from '../errors.js';
import type { App } from './app.js';

/** Watches which routes are added; the function it returns makes every other method on them a 405. */
export function refuseOtherMethods(app: App): () => void {
  const taken = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = taken.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    taken.set(url, methods);
  });
  return () => {
    for (const [url, methods] of [...taken]) {
      const allow = [...methods].join(', ');
      app.route({
        url,
        method: app.supportedMethods.filter((method) => !methods.has(method)),
        schema: { hide: true },
        onRequest: async (request, reply) => {
          reply.header('allow', allow);
          throw new PinnersageError('method-unknown', `got ${request.method}, expected one of ${allow}`);
        },
        handler: async () => {},
      });
    }
  };
}
