import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider, RawServerDefault } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { Plain } from '../api/schema.js';
import type { Engine } from '../pipeline/engine.js';

/** Requests and replies are typed by the schemas of their routes. */
interface SchemaTypes extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  serializer: this['schema'] extends TSchema ? Plain<this['schema']> : unknown;
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  SchemaTypes
>;

/** Adds a group of endpoints. */
export type Routes = (app: App, engine: Engine) => void;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `probe`: answered without the key and under any load. `figures`: under any load. */
    readonly kind?: 'probe' | 'figures';
  }
}
