import type { FastifyReply } from 'fastify';
import { type Static, type TSchema, type TUnsafe, Type } from 'typebox';
import { ref } from '../api/schema.js';
import { problemResponse } from '../api/shared.js';

/** Responses of a route: the answer, and for everything else a problem. Replies are typed by the answer alone. */
export function answer<S extends TSchema>(schema: S): { 200: TUnsafe<Static<S>> } {
  const { description } = schema as { readonly description?: string };
  const success = Object.assign(ref(schema), { description });
  return Object.assign({ 200: success }, { default: problemResponse });
}

/** Responses of a route whose success has no content. */
export function nothing(description: string): { 204: TUnsafe<undefined> } {
  const success = Type.Unsafe<undefined>({ type: 'null', description });
  return Object.assign({ 204: success }, { default: problemResponse });
}

/** The same of a route that sends JSON which the engine has written: the schema is for the document. */
export function written(schema: TSchema): { 200: TUnsafe<Buffer> } {
  return answer(schema as TUnsafe<Buffer>);
}

export function sendJson(reply: FastifyReply, json: Uint8Array): Buffer {
  reply.type('application/json; charset=utf-8');
  return Buffer.from(json.buffer, json.byteOffset, json.byteLength);
}
