import type { App } from './app.js';
import { takeJson } from './bodies.js';

/**
 * Adds routes whose bodies stay bytes: arrays of thousands are parsed, checked and refused element by element where the
 * engine writes, not on the thread that answers. The schema of such a body is for the document only.
 */
export async function takeBytes(app: App, add: (app: App) => void): Promise<void> {
  await app.register(async (scope: App) => {
    scope.removeContentTypeParser('application/json');
    takeJson(scope, (_request, body, done) => done(null, body));
    scope.setValidatorCompiler(() => () => true);
    add(scope);
  });
}

/** A body that `takeBytes` left alone; none at all is no array, which the engine says. */
export function bytesOf(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array(0);
}
