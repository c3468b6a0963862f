/**
 * What a server refused or failed to do, or that it could not be reached. `code` is one of the table of errors
 * (docs/design.md), or `unreachable` where there was no answer, or `not-a-problem` where something in between answered.
 */
export class ApiError extends Error {
  readonly code: string;
  /** The HTTP status; null where there was no answer. */
  readonly status: number | null;
  /** What was got, what was expected and where. */
  readonly detail: string;
  /** Names the request in the log of the server. */
  readonly requestId: string | null;

  constructor(
    problem: {
      readonly code: string;
      readonly status: number | null;
      readonly detail: string;
      readonly requestId?: string;
    },
    options?: ErrorOptions,
  ) {
    super(`${problem.detail} [${problem.code}]`, options);
    this.name = 'ApiError';
    this.code = problem.code;
    this.status = problem.status;
    this.detail = problem.detail;
    this.requestId = problem.requestId ?? null;
  }
}

/** From an answer that is no success; whatever stands in front of a server may answer in its own way. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  const problem = response.headers.get('content-type')?.startsWith('application/problem+json')
    ? parsed(text)
    : null;
  return new ApiError(
    problem ?? {
      code: 'not-a-problem',
      status: response.status,
      detail: `got status ${response.status} without a problem document: ${text.slice(0, 200)}`,
    },
  );
}

function parsed(text: string): ConstructorParameters<typeof ApiError>[0] | null {
  try {
    return JSON.parse(text) as ConstructorParameters<typeof ApiError>[0];
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
