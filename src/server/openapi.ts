import swagger, { type SwaggerTransformObject } from '@fastify/swagger';
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
    transformObject: withOptionalBodies,
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

/** An empty body is taken as `{}`, so a body need not be sent where `{}` is one that the schema admits. */
const withOptionalBodies: SwaggerTransformObject = (document) => {
  if (!('openapiObject' in document)) return document.swaggerObject;
  const { openapiObject } = document;
  for (const path of Object.values(openapiObject.paths ?? {})) {
    const body = path?.post?.requestBody;
    if (!body || '$ref' in body) continue;
    const sent = body.content['application/json']?.schema;
    const named = sent && '$ref' in sent ? sent.$ref?.slice(sent.$ref.lastIndexOf('/') + 1) : undefined;
    const schema = named === undefined ? sent : openapiObject.components?.schemas?.[named];
    if (schema && 'type' in schema && schema.type === 'object' && !schema.required) body.required = false;
  }
  return openapiObject;
};
