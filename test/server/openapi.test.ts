import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { serverOf } from './fake.js';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly responses: { readonly [status: string]: { readonly content?: object } };
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly security?: readonly object[];
  readonly requestBody?: { readonly required: boolean };
}

interface Document {
  readonly openapi: string;
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: { readonly schemas: object };
  readonly security?: readonly object[];
}

/** The contract: taking one of these away, or renaming it, breaks users. */
const endpoints = [
  'POST /v1/items',
  'GET /v1/items/{itemId}',
  'DELETE /v1/items/{itemId}',
  'GET /v1/items/{itemId}/neighbors',
  'POST /v1/actions',
  'GET /v1/users/{userId}/interests',
  'GET /v1/users/{userId}/actions',
  'GET /v1/users/{userId}/recommendations',
  'POST /v1/users/{userId}/recommendations',
  'POST /v1/users/{userId}/rank',
  'GET /v1/users/{userId}/embeddings',
  'GET /v1/users/{userId}/export',
  'DELETE /v1/users/{userId}',
  'POST /v1/admin/batch',
  'GET /livez',
  'GET /readyz',
  'GET /metrics',
  'GET /openapi.json',
];

test('the document is valid OpenAPI 3.1 and holds every route, each with its problems', async () => {
  const { app } = await serverOf({}, { apiKey: 'secret' });
  const document = (await app.inject({ url: '/openapi.json' })).json<Document>();
  const { valid, errors } = await new Validator().validate({ ...document });
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  expect(document.openapi).toBe('3.1.0');

  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
  );
  expect(operations.map(({ name }) => name).sort()).toEqual([...endpoints].sort());
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  for (const { name, path, operation } of operations) {
    expect(operation.summary, name).toMatch(/./);
    expect(Object.keys(operation.responses.default.content ?? {}), name).toEqual([
      'application/problem+json',
    ]);
    const placed = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    expect(placed.map((parameter) => `{${parameter.name}}`).join(), name).toBe(
      (path.match(/\{\w+\}/g) ?? []).join(),
    );
  }
  const open = operations.filter(({ operation }) => operation.security?.length === 0);
  expect(open.map(({ path }) => path).sort()).toEqual(['/livez', '/openapi.json', '/readyz']);
  expect(document.security).toEqual([{ key: [] }]);
});

test('a body that may be left out is not asked for', async () => {
  const { app } = await serverOf();
  const { paths } = (await app.inject({ url: '/openapi.json' })).json<Document>();
  const asked = Object.entries(paths).flatMap(([path, { post }]) =>
    post?.requestBody ? [[path, post.requestBody.required]] : [],
  );
  expect(Object.fromEntries(asked)).toEqual({
    '/v1/items': true,
    '/v1/actions': true,
    '/v1/users/{userId}/recommendations': false,
    '/v1/users/{userId}/rank': true,
    '/v1/admin/batch': false,
  });
});

test('docs/design.md lists the same endpoints', () => {
  const design = readFileSync(new URL('../../docs/design.md', import.meta.url), 'utf8');
  const section = design.split(/^## /m).find((text) => text.startsWith('HTTP')) ?? '';
  const listed = [...section.matchAll(/^\| `((?:GET|POST|DELETE) [^`]+)`/gm)].map(([, endpoint]) => endpoint);
  expect(listed.sort()).toEqual([...endpoints].sort());
});

test('the validator finds a broken document', async () => {
  const { app } = await serverOf();
  const document = (await app.inject({ url: '/openapi.json' })).json();
  document.paths['/livez'].get.responses = 'none';
  expect((await new Validator().validate(document)).valid).toBe(false);
});

test('without a key the document asks for none', async () => {
  const { app } = await serverOf();
  const document = (await app.inject({ url: '/openapi.json' })).json<Document>();
  expect(document.security).toBeUndefined();
});
