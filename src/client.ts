/** `pinnersage/client`: a server over HTTP, from browsers and Node alike. */
export {
  type BatchReport,
  type BatchRequest,
  type NeighborsRequest,
  type PageRequest,
  PinnersageClient,
  type PutReport,
  type RecommendRequest,
  type StoredItem,
} from './client/client.js';
export { ApiError } from './client/error.js';
export type { CallOptions, ClientOptions } from './client/transport.js';
export type { Action } from './model/action.js';
export type { Candidate, Fallback, Recommendation, SampledInterest } from './model/candidate.js';
export type { FieldTest, Filter, FilterBound, FilterValue } from './model/filter.js';
export type { Item, JsonValue, Metadata } from './model/item.js';
export type { InterestSource } from './model/profile.js';
export type {
  ActionPage,
  Erasure,
  ItemNeighbors,
  LoggedRecommendation,
  Neighbor,
  RankedItem,
  RankReport,
  StoredUserAction,
  UserEmbedding,
  UserEmbeddings,
  UserExport,
  UserInterest,
  UserInterests,
} from './model/serving.js';
