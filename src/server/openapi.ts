import swagger from '@fastify/swagger';
import { problemResponse } from '../api/shared.js';
import type { App } from './app.js';

/** Describes every route that is added after it, and serves the description. */
export async function openapi(app: App, version: string, hasKey: boolean): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'pinnersage',
        version,
        description: 'Several embeddings per user: actions in, interests and explained candidates out.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      ...(hasKey
        ? {
            components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-API-Key' } } },
            security: [{ key: [] }],
          }
        : {}),
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json.$id === 'string' ? json.$id : `schema${index}`,
    },
  });
  app.get(
    '/openapi.json',
    {
      config: { kind: 'probe' },
      schema: {
        operationId: 'openapi',
        summary: 'This document',
        tags: ['operation'],
        security: [],
        response: {
          200: {
            description: 'OpenAPI 3.1',
            content: { 'application/json': { schema: { type: 'object', additionalProperties: true } } },
          },
          default: problemResponse,
        },
      },
    },
    async () => app.swagger(),
  );
}
