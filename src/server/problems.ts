import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Plain } from '../api/schema.js';
import type { problem } from '../api/shared.js';
import { type ErrorCode, errorTable, PinnersageError } from '../errors.js';

type Problem = Plain<typeof problem>;

/** Fastify's own errors that are not plainly `request-malformed`. */
const fastifyErrors: {
  readonly [code: string]: (request: FastifyRequest) => PinnersageError;
} = {
  FST_ERR_CTP_BODY_TOO_LARGE: ({ routeOptions: { bodyLimit } }) =>
    new PinnersageError('body-too-large', `got a body of more than ${bodyLimit} bytes; send smaller pieces`),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ({ headers }) =>
    new PinnersageError(
      'media-type-unknown',
      `content-type: got ${headers['content-type'] ?? 'none'}, expected application/json`,
    ),
};

/** Seconds after which it is worth trying again. */
const retryAfterSeconds = 1;
const retriable: ReadonlySet<ErrorCode> = new Set(['overloaded', 'rate-limited', 'not-ready', 'interrupted']);

export function problemDocument(code: ErrorCode, detail: string, requestId: string): Problem {
  const { title, status } = errorTable[code];
  return { type: `urn:pinnersage:problem:${code}`, title, status, detail, code, requestId };
}

/** Answers with the problem document of an error; defects are logged, and their details kept from the caller. */
export function sendProblem(
  error: FastifyError | PinnersageError,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const known = explain(error, request);
  if (known.httpStatus === 500) request.log.error({ err: error }, known.code);
  const hidden = `see the log of the server for request ${request.id}`;
  const detail = known.httpStatus === 500 ? hidden : known.message;
  if (retriable.has(known.code) && !reply.hasHeader('retry-after'))
    reply.header('retry-after', retryAfterSeconds);
  return reply
    .code(known.httpStatus)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problemDocument(known.code, detail, request.id));
}

function explain(error: FastifyError | PinnersageError, request: FastifyRequest): PinnersageError {
  if (error instanceof PinnersageError) return error;
  const own = fastifyErrors[error.code];
  if (own) return own(request);
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) return new PinnersageError('request-malformed', error.message);
  return new PinnersageError('internal', error.message, { cause: error });
}

/** Answers what is no HTTP at all, and ends the connection. */
export function refuseConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const body = JSON.stringify(problemDocument('request-malformed', error.message, 'none'));
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
