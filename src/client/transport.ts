import { ApiError, errorOf } from './error.js';

export interface ClientOptions {
  /** Such as http://127.0.0.1:3000; a path in it comes before that of every request. */
  readonly baseUrl: string;
  /** Sent as `X-API-Key`. */
  readonly apiKey?: string;
  /** How often a request is sent again that was refused for now (429, 503) or got no answer. Default: 3. */
  readonly retries?: number;
  /** Sends requests. Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  /** Ends the call, also while it waits to try again. */
  readonly signal?: AbortSignal;
}

export interface Call extends CallOptions {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Parts of the path, each of any characters. */
  readonly path: readonly string[];
  /** Lists are sent as one parameter for each element. */
  readonly query?: { readonly [name: string]: string | number | boolean | readonly string[] | undefined };
  readonly body?: unknown;
  /** When it is sent again: also when there was no answer, only when it was refused for now, or never. Default: 'always'. */
  readonly again?: 'always' | 'refused' | 'never';
}

/** Sends a call and gives what was answered, undefined for no content. @throws `ApiError`. */
export type Send = <T>(call: Call) => Promise<T>;

const firstWaitMs = 250;
const longestWaitMs = 60_000;

export function createTransport(options: ClientOptions): Send {
  const { apiKey, retries = 3 } = options;
  const { href } = new URL(options.baseUrl);
  const send = options.fetch ?? fetch;
  const headers = apiKey === undefined ? {} : { 'x-api-key': apiKey };
  return async <T>(call: Call): Promise<T> => {
    const { signal, body, method, again = 'always' } = call;
    const url = addressOf(href, call);
    const content =
      body === undefined
        ? { headers }
        : { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
    for (let attempt = 0; ; attempt++) {
      const response = await attemptOf(
        () => send(url, { method, ...content, signal: signal ?? null }),
        signal,
      );
      if (response instanceof Response && response.ok) return (await contentOf(response)) as T;
      const error = response instanceof ApiError ? response : await errorOf(response);
      const refused = error.status === 429 || error.status === 503;
      const worthIt = error.status === null ? again === 'always' : refused && again !== 'never';
      if (attempt >= retries || !worthIt) throw error;
      await wait(waitMs(response, attempt), signal);
    }
  };
}

/** The answer, or `unreachable` as a value; what the caller itself has ended is thrown. */
async function attemptOf(
  send: () => Promise<Response>,
  signal: AbortSignal | undefined,
): Promise<Response | ApiError> {
  try {
    return await send();
  } catch (error) {
    if (signal?.aborted || !(error instanceof TypeError)) throw error;
    const { cause } = error;
    const why = cause instanceof Error ? cause.message : error.message;
    return new ApiError({ code: 'unreachable', status: null, detail: `no answer: ${why}` }, { cause: error });
  }
}

async function contentOf(response: Response): Promise<unknown> {
  return response.status === 204 ? undefined : await response.json();
}

/** As the server says, else twice as long each time, with up to as much again so that clients spread out. */
function waitMs(response: Response | ApiError, attempt: number): number {
  const said = response instanceof Response ? response.headers.get('retry-after') : null;
  const seconds = said === null ? Number.NaN : Number(said);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : firstWaitMs * 2 ** attempt * (1 + Math.random());
  return Math.min(ms, longestWaitMs);
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}

function addressOf(baseUrl: string, { path, query = {} }: Call): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  const search = parameters.size > 0 ? `?${parameters}` : '';
  return `${baseUrl.replace(/\/+$/, '')}/${path.map(encoded).join('/')}${search}`;
}

/** Addresses resolve the parts `.` and `..` away, however they are written: the only ids that cannot be sent in one. */
function encoded(part: string): string {
  if (part === '.' || part === '..')
    throw new ApiError({
      code: 'id-invalid',
      status: null,
      detail: `got the id "${part}", which no address can hold`,
    });
  return encodeURIComponent(part);
}
