/**
 * The one table of errors: code → what it means, HTTP status, exit code.
 * The message of a thrown error says what was got, what was expected and where.
 * Exit codes: 1 the work failed, 2 bad usage or bad input.
 */
export const errorTable = {
  'file-missing': { title: 'A file does not exist or cannot be read', status: 400, exit: 2 },
  'file-empty': { title: 'A file holds no rows', status: 400, exit: 2 },
  'file-format': { title: 'A file is not of a known or valid format', status: 400, exit: 2 },
  'column-missing': { title: 'A required column is missing', status: 400, exit: 2 },
  'rows-rejected': { title: 'Rows were rejected under --strict', status: 400, exit: 2 },
  'vector-invalid': { title: 'A vector is zero, NaN, infinite or too large', status: 400, exit: 2 },
  'dimension-mismatch': { title: 'A vector has the wrong dimension', status: 400, exit: 2 },
  'option-invalid': { title: 'An option or argument is out of range', status: 400, exit: 2 },
  'id-invalid': { title: 'An id is not a string of 1 to 256 UTF-8 bytes', status: 400, exit: 2 },
  'user-unknown': { title: 'No action of this user is known', status: 404, exit: 2 },
  'item-unknown': { title: 'No item has this id', status: 404, exit: 2 },
  'space-unknown': { title: 'No embedding space has this name', status: 404, exit: 2 },
  'pool-unknown': { title: 'No pool has this name', status: 404, exit: 2 },
  'space-active': {
    title: 'The active embedding space cannot be dropped or built in place',
    status: 409,
    exit: 2,
  },
  'space-missing': { title: 'The data directory holds no embeddings yet', status: 409, exit: 2 },
  'directory-missing': { title: 'There is no data directory here', status: 409, exit: 2 },
  'directory-invalid': { title: 'The directory is not a data directory', status: 409, exit: 2 },
  'directory-newer': { title: 'The data directory was written by a newer version', status: 409, exit: 2 },
  'directory-older': {
    title: 'The data directory is of an older format and must be upgraded',
    status: 409,
    exit: 2,
  },
  'directory-locked': { title: 'Another process is writing to the data directory', status: 409, exit: 1 },
  'directory-closed': { title: 'The data directory was closed', status: 409, exit: 2 },
  'read-only': { title: 'The data directory was opened for reading', status: 409, exit: 2 },
  'disk-full': { title: 'There is no room left on the disk', status: 507, exit: 1 },
  'file-access': { title: 'The operating system refused access to a file', status: 500, exit: 1 },
  'data-damaged': { title: 'A stored file is damaged', status: 500, exit: 1 },
  'recommendation-unknown': { title: 'No recommendation of this user has this id', status: 404, exit: 2 },
  'batch-running': { title: 'A batch is already running', status: 409, exit: 1 },
  overloaded: { title: 'Too much is waiting; try again later', status: 503, exit: 1 },
  'rate-limited': { title: 'More requests than are allowed', status: 429, exit: 1 },
  'request-malformed': { title: 'A request is not valid HTTP or JSON', status: 400, exit: 2 },
  unauthorized: { title: 'The key of the server is missing or wrong', status: 401, exit: 2 },
  'route-unknown': { title: 'There is nothing at this address', status: 404, exit: 2 },
  'method-unknown': { title: 'This address does not take this method', status: 405, exit: 2 },
  'body-too-large': { title: 'A request is larger than is taken', status: 413, exit: 2 },
  'media-type-unknown': { title: 'A request is not JSON', status: 415, exit: 2 },
  'not-ready': { title: 'The server is starting or stopping', status: 503, exit: 1 },
  'no-profiles': { title: 'No batch has been run yet', status: 409, exit: 2 },
  'index-missing': { title: 'No index has been built yet', status: 409, exit: 2 },
  'index-unavailable': { title: 'The library for indexes cannot be loaded', status: 501, exit: 1 },
  leak: { title: 'Something dated after the cut reached a model under evaluation', status: 500, exit: 1 },
  interrupted: { title: 'Interrupted', status: 503, exit: 1 },
  internal: { title: 'A defect of this program', status: 500, exit: 1 },
} as const;

export type ErrorCode = keyof typeof errorTable;

const shownLength = 40;

/**
 * How a message says what was got: text in quotes and cut; lists and objects by their kind alone, for one can be nested
 * too deeply to be written.
 */
export function shown(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > shownLength ? `${value.slice(0, shownLength)}…` : value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function') return 'a function';
  return value === undefined ? 'none' : String(value);
}

/** An error whose message is meant for the person who can mend its cause. */
export class PinnersageError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PinnersageError';
    this.code = code;
  }

  get exitCode(): number {
    return errorTable[this.code].exit;
  }

  get httpStatus(): number {
    return errorTable[this.code].status;
  }
}
