import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { PinnersageError } from '../errors.js';
import type { App } from './app.js';

type Done = (error: Error | null, body?: unknown) => void;
type Parse = (request: FastifyRequest, body: Buffer, done: Done) => void;

/** Takes bodies of JSON in UTF-8, whose bytes go to `parse`; what is labelled as anything else is refused. */
export function takeJson(app: App, parse: Parse): void {
  app.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    (request: FastifyRequest, body, done) => {
      const fault = labelFault(request.headers) ?? bytesFault(body);
      if (fault) done(fault);
      else parse(request, body, done);
    },
  );
}

function labelFault(headers: IncomingHttpHeaders): PinnersageError | null {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity')
    return new PinnersageError('media-type-unknown', `content-encoding: got ${encoding}, expected none`);
  const type = headers['content-type'] ?? '';
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(type)?.[1] ?? 'utf-8';
  if (/^utf-?8$/i.test(charset)) return null;
  return new PinnersageError('media-type-unknown', `content-type: got ${type}, expected charset=utf-8`);
}

/** Decoding would put U+FFFD in the place of broken bytes, and make one id of two. */
function bytesFault(body: Buffer): PinnersageError | null {
  return isUtf8(body)
    ? null
    : new PinnersageError('request-malformed', 'body: got bytes that are no UTF-8, expected JSON in UTF-8');
}
