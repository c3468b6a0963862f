/** `pinnersage/core`: the method alone. No `node:` import, no native package; runs in a browser and in an executor. */
export { type ErrorCode, errorTable, PinnersageError } from './errors.js';
export type { Action, ActionType, ActionTypes, Role, UserLog } from './model/action.js';
export { dayMs } from './model/action.js';
export type { Interest, Profile } from './model/profile.js';
