/** `pinnersage`: a data directory and everything that is done with it. The method alone is `pinnersage/core`. */
export type { DeclaredType } from './actions/types.js';
export type { ImportUsersOptions } from './actions/users.js';
export { type ErrorCode, errorTable, PinnersageError } from './errors.js';
export type { ImportReport } from './files/report.js';
export type { BadRow, FileFormat, FileOptions, ReadOptions } from './files/table.js';
export type { Action, ActionType, Role } from './model/action.js';
export type { Candidate, Recommendation, SampledInterest } from './model/candidate.js';
export type { AlphaChoice, Item, JsonValue, Metadata, SpaceInfo } from './model/item.js';
export type { User } from './model/user.js';
export type { BatchOptions, BatchReport } from './pipeline/batch.js';
export type { Description } from './pipeline/describe.js';
export type { EmbedReport, EmbedTextOptions } from './pipeline/embed.js';
export type { InterestsOptions, UserInterest, UserInterests } from './pipeline/interests.js';
export { type ImportActionsRequest, type OpenOptions, open, type PinnerSage } from './pipeline/pinnersage.js';
export type { PutReport } from './pipeline/put.js';
export type { RecommendOptions } from './pipeline/recommend.js';
export type { Settings } from './pipeline/settings.js';
