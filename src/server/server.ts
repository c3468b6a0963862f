import type { FastifyBaseLogger } from 'fastify';
import { fastify, LogController } from 'fastify';
import { namedSchemas } from '../api/named.js';
import { idProblem } from '../disk/ids.js';
import { PinnersageError } from '../errors.js';
import type { Engine } from '../pipeline/engine.js';
import { requireKey } from './access.js';
import { actionRoutes, appendActions } from './actions.js';
import { adminRoutes } from './admin.js';
import type { App } from './app.js';
import { takeBytes } from './arrays.js';
import { takeJson } from './bodies.js';
import { healthRoutes } from './health.js';
import { itemRoutes, putItems } from './items.js';
import { eventLoopLateness, limitRate, shedLoad } from './limits.js';
import { logRequests } from './logging.js';
import { refuseOtherMethods } from './methods.js';
import { metrics } from './metrics.js';
import { openapi } from './openapi.js';
import { refuseConnection, sendProblem } from './problems.js';
import { recommendationRoutes } from './recommendations.js';
import { userRoutes } from './users.js';
import { requestValidator } from './validation.js';

export interface ServerOptions {
  /** Asked for in `X-API-Key`. Default: none, and everybody may do everything. */
  readonly apiKey?: string;
  /** Requests per second, of the key or of each address. Default: no limit. */
  readonly rateLimit?: number;
  /** Largest body, bytes. Default: 16 MiB. Beyond it: `body-too-large`. */
  readonly bodyLimitBytes?: number;
  /** Takes one line a request. Default: none are written. */
  readonly logger?: FastifyBaseLogger;
  /** Of the product, for the OpenAPI document. Default: 0. */
  readonly version?: string;
  /** How far the event loop is behind, ms; from a second on requests are refused. Default: measured. */
  readonly latenessMs?: () => number;
  /** The clock, epoch ms, for the age of the batch. Default: the wall clock. */
  readonly now?: () => number;
}

export interface Server {
  /** Listens, or answers `inject` without a socket. Closing it waits for the requests that it has taken. */
  readonly app: App;
  /** From here on `/readyz` says 503 and connections are closed after their answers; requests are still answered. */
  drain(): void;
}

/** Room for ids of 256 bytes, each percent-encoded. */
const maxParamLength = 3 * 256;
const defaultBodyLimitBytes = 16 << 20;
/** A request must have arrived by then: connections are not held by those who send a byte a minute. */
const arrivalLimitMs = 60_000;

/** HTTP over an engine, which stays the caller's to close. */
export async function createServer(engine: Engine, options: ServerOptions = {}): Promise<Server> {
  let draining = false;
  const app: App = fastify({
    bodyLimit: options.bodyLimitBytes ?? defaultBodyLimitBytes,
    requestTimeout: arrivalLimitMs,
    routerOptions: { maxParamLength },
    // Its own lines would hold addresses, and those hold ids.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    // What still comes on open connections while the server stops is answered, and the connection closed.
    return503OnClosing: false,
    frameworkErrors: sendProblem,
    clientErrorHandler: refuseConnection,
    ...(options.logger ? { loggerInstance: options.logger } : {}),
  });
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler(async () => {
    throw new PinnersageError(
      'route-unknown',
      'nothing is at this address; see /openapi.json for what there is',
    );
  });
  app.setValidatorCompiler(requestValidator());
  for (const schema of namedSchemas) app.addSchema(schema);
  parseJson(app);
  if (options.apiKey !== undefined) requireKey(app, options.apiKey);
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (draining) reply.header('connection', 'close');
    // Encoded once: text would be read through for its length, and once more when it is sent.
    done(null, typeof payload === 'string' ? Buffer.from(payload) : payload);
  });
  shedLoad(app, options.latenessMs ?? eventLoopLateness(app));
  if (options.logger) logRequests(app);
  if (options.rateLimit !== undefined) await limitRate(app, options.rateLimit, options.apiKey !== undefined);
  await addRoutes(app, engine, options, () => draining);
  return {
    app,
    drain: () => {
      draining = true;
    },
  };
}

async function addRoutes(
  app: App,
  engine: Engine,
  { version = '0', apiKey, now = Date.now }: ServerOptions,
  draining: () => boolean,
): Promise<void> {
  const finish = refuseOtherMethods(app);
  await openapi(app, version, apiKey !== undefined);
  healthRoutes(app, engine, draining);
  metrics(app, engine, now);
  app.addHook('preValidation', ({ params }, _reply, done) => {
    for (const [name, id] of Object.entries(params as Record<string, string>)) {
      const problem = idProblem(id);
      if (problem) return done(new PinnersageError('id-invalid', `${name}: ${problem}`));
    }
    done();
  });
  await takeBytes(app, (scope) => {
    putItems(scope, engine);
    appendActions(scope, engine);
  });
  for (const add of [itemRoutes, actionRoutes, recommendationRoutes, userRoutes, adminRoutes])
    add(app, engine);
  finish();
}

/** JSON alone; no body is an empty object, so that a request without options needs none. */
function parseJson(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser(['application/json', 'text/plain']);
  takeJson(app, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else parse(request, body.toString(), done);
  });
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.method === 'POST' && request.body === undefined) request.body = {};
    done();
  });
}
