export { type ErrorCode, errorTable, PinnersageError } from './errors.js';
