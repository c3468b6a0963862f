/** `pinnersage/core`: the method alone. No `node:` import, no native package; runs in a browser and in an executor. */

export { type Clusterer, createClusterer, type FlatClusters, type FlatOptions } from './cluster/clusterer.js';
export { cut, type Partition } from './cluster/cut.js';
export type { Dendrogram } from './cluster/dendrogram.js';
export { complete, medoids, type WardOptions, ward } from './cluster/ward.js';
export { type ErrorCode, errorTable, PinnersageError } from './errors.js';
export { createRng, type Rng } from './math/rng.js';
export type { Action, ActionType, ActionTypes, Role, UserLog } from './model/action.js';
export { dayMs } from './model/action.js';
export type { Interest, LeftOut, Profile } from './model/profile.js';
export { type StartingAlphaOptions, startingAlpha } from './profile/alpha.js';
export type { InterestIdentity, Published } from './profile/identity.js';
export {
  type InferInput,
  type InferOptions,
  type InferPoints,
  InferScratch,
  inferInterests,
  inferWith,
} from './profile/infer.js';
export {
  configHash,
  defaultProfileOptions,
  type ProfileOptions,
  resolveOptions,
  validateActionTypes,
  validateOptions,
} from './profile/options.js';
export {
  type CollectOptions,
  collectPoints,
  PointScratch,
  type Points,
} from './profile/points.js';
export {
  type DrawnInterest,
  decayTo,
  type InterestSample,
  requestSeed,
  sampleInterests,
} from './profile/sample.js';
export {
  actionsSince,
  interestMeans,
  type News,
  type OnlineSpace,
  overlayProfile,
  planOnline,
  type StoredClusters,
  type VectorOf,
} from './profile/update.js';
