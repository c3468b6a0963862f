import { live, ready } from '../api/admin.js';
import { problemResponse } from '../api/shared.js';
import { PinnersageError } from '../errors.js';
import type { Engine } from '../pipeline/engine.js';
import type { App } from './app.js';

const tags = ['operation'];

/** For whoever restarts and routes; neither needs the key. */
export function healthRoutes(app: App, engine: Engine, draining: () => boolean): void {
  app.get(
    '/livez',
    {
      config: { kind: 'probe' },
      schema: {
        operationId: 'livez',
        summary: 'Whether the process answers at all',
        tags,
        security: [],
        response: { 200: live, default: problemResponse },
      },
    },
    async () => ({ live: true }),
  );

  app.get(
    '/readyz',
    {
      config: { kind: 'probe' },
      schema: {
        operationId: 'readyz',
        summary: 'Whether requests can be answered: 503 while starting and while stopping',
        tags,
        security: [],
        response: { 200: ready, default: problemResponse },
      },
    },
    async () => {
      if (draining()) throw new PinnersageError('not-ready', 'the server is stopping');
      if (!engine.status().ready) throw new PinnersageError('not-ready', 'the data are not open yet');
      return { ready: true };
    },
  );
}
