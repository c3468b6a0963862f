import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type ErrorCode, errorTable, PinnersageError } from '../errors.js';
import type { BatchReport } from '../pipeline/batch.js';
import { addressOf, readPresence } from '../server/presence.js';
import type { BatchFlags } from './batch.js';
import { note } from './output.js';

/**
 * Asks the server that holds a data directory for a batch; null where none answers, and another command must hold it.
 * @throws what the server says, with its code.
 */
export async function batchAtServer(
  path: string,
  { now, ...options }: BatchFlags,
  apiKey: string | undefined,
): Promise<BatchReport | null> {
  const presence = readPresence(path);
  if (presence === null) return null;
  const address = addressOf(presence.host, presence.port);
  if (now !== undefined)
    throw new PinnersageError(
      'option-invalid',
      `--now: the server at ${address} holds ${path} and computes by its own clock`,
    );
  note(`note: the server at ${address} holds ${path} and computes the batch`);
  const answer = await post(`${address}/v1/admin/batch`, options, apiKey);
  if (answer === null) return null;
  const { status, body } = answer;
  if (status === 200) return JSON.parse(body) as BatchReport;
  const problem = JSON.parse(body) as { readonly code: string; readonly detail: string };
  const code = problem.code in errorTable ? (problem.code as ErrorCode) : 'internal';
  throw new PinnersageError(code, `${address}: ${problem.detail}`);
}

/** Without a limit of time, unlike `fetch`: a batch may take minutes. null where nobody listens. */
function post(
  url: string,
  body: object,
  apiKey: string | undefined,
): Promise<{ status: number | undefined; body: string } | null> {
  const headers = {
    'content-type': 'application/json',
    ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers }, (response) => {
      text(response).then((got) => resolve({ status: response.statusCode, body: got }), reject);
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') resolve(null);
      else reject(error);
    });
    sent.end(JSON.stringify(body));
  });
}
