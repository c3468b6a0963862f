import type { ImportUsersOptions } from '../actions/users.js';
import type { ImportItemsOptions } from '../catalog/import.js';
import type { RefineOptions } from '../catalog/refine.js';
import type { RemoveItemsOptions } from '../catalog/remove.js';
import type { BatchOptions } from './batch.js';
import type { CompareOptions } from './compare.js';
import type { EmbedOptions } from './embed.js';
import type { BatchRequest, EngineOptions, RecommendRequest } from './engine.js';
import type { ExportOptions, ExportRowsOptions } from './export.js';
import { checkNames, type OptionNames } from './guard.js';
import type { IndexOptions } from './indexing.js';
import type { InterestsOptions } from './interests.js';
import type { ImportActionsRequest, IndexTarget, OpenOptions } from './pinnersage.js';
import type { RecommendOptions } from './recommend.js';
import type { RetainOptions } from './retention.js';
import type { SampleUsersOptions } from './sampleusers.js';
import type { BuildSpaceOptions } from './spaces.js';
import type { VerifyOptions } from './verify.js';

/** What the methods of the library and of the engine take; `recommendRequest` and `batchRequest` are the engine's. */
interface OptionsOf {
  readonly open: OpenOptions;
  readonly importItems: ImportItemsOptions;
  readonly removeItems: RemoveItemsOptions;
  readonly importActions: ImportActionsRequest;
  readonly importUsers: ImportUsersOptions;
  readonly putItems: { readonly space?: string };
  readonly embed: EmbedOptions;
  readonly refine: RefineOptions;
  readonly batch: BatchOptions;
  readonly interests: InterestsOptions;
  readonly sampleUsers: SampleUsersOptions;
  readonly recommend: RecommendOptions;
  readonly buildIndex: IndexOptions & IndexTarget;
  readonly indexTarget: IndexTarget;
  readonly buildSpace: BuildSpaceOptions;
  readonly compareSpaces: CompareOptions;
  readonly rows: ExportRowsOptions;
  readonly export: ExportOptions;
  readonly retain: RetainOptions;
  readonly verifyUsers: VerifyOptions & { readonly space?: string };
  readonly openEngine: EngineOptions;
  readonly recommendRequest: RecommendRequest;
  readonly batchRequest: BatchRequest;
}

const hooks = { onNote: true, onProgress: true, signal: true } as const;
const reading = {
  ...hooks,
  format: true,
  map: true,
  delimiter: true,
  columns: true,
  sql: true,
  rest: true,
  timeUnit: true,
  rejects: true,
  strict: true,
} as const;
const target = { space: true, pool: true } as const;
const exportRows = { space: true, recommend: true } as const;
const batchRequest = {
  full: true,
  space: true,
  windowDays: true,
  alpha: true,
  lambda: true,
  workers: true,
} as const;
const recommendRequest = {
  count: true,
  seed: true,
  filter: true,
  pool: true,
  exclude: true,
  seen: true,
  explain: true,
  recipe: true,
  interests: true,
  medoids: true,
  query: true,
  merge: true,
  averageShare: true,
  averagePrior: true,
  temperature: true,
  prior: true,
  popularShare: true,
  diversity: true,
} as const;

const names: { readonly [M in keyof OptionsOf]: OptionNames<OptionsOf[M]> } = {
  open: { mode: true, create: true, onNote: true },
  importItems: { ...reading, space: true, embeddings: true, normalize: true },
  removeItems: reading,
  importActions: { ...reading, type: true, types: true, sinceMs: true, untilMs: true, unknownItems: true },
  importUsers: reading,
  putItems: { space: true },
  embed: {
    ...hooks,
    from: true,
    fields: true,
    dim: true,
    seed: true,
    space: true,
    untilMs: true,
    windowDays: true,
    neighbors: true,
    damping: true,
    minUsers: true,
    shift: true,
    smoothing: true,
    powerIterations: true,
    maxPairs: true,
    actionWeight: true,
    confidence: true,
  },
  refine: {
    space: true,
    onProgress: true,
    signal: true,
    duplicatesCosine: true,
    qualityField: true,
    qualityFloor: true,
  },
  batch: {
    ...hooks,
    ...batchRequest,
    nowMs: true,
    apart: true,
    popularityLambda: true,
    medoids: true,
    repeats: true,
    maxItemsPerUser: true,
    onlineExactItems: true,
    onlineActions: true,
  },
  interests: { members: true, space: true, nowMs: true },
  sampleUsers: { count: true, seed: true, minInterests: true, space: true },
  recommend: { ...recommendRequest, space: true, nowMs: true },
  buildIndex: { ...hooks, ...target, m: true, efConstruction: true, efSearch: true, workers: true },
  indexTarget: target,
  buildSpace: { embed: true, batch: true },
  compareSpaces: { users: true, items: true, k: true, seed: true },
  rows: exportRows,
  export: { ...exportRows, format: true, onProgress: true, signal: true },
  retain: { actionsDays: true, deletedItems: true, nowMs: true, onProgress: true, signal: true },
  verifyUsers: { users: true, seed: true, nowMs: true, space: true },
  openEngine: {
    path: true,
    now: true,
    searchThreads: true,
    queueLimitBytes: true,
    recommendationDays: true,
    onNote: true,
  },
  recommendRequest,
  batchRequest,
};

export type OptionedMethod = keyof OptionsOf;

/** @throws `option-invalid` for an option that the method does not have. */
export function checkOptions(method: OptionedMethod, given: unknown): void {
  checkNames('options', given, names[method]);
}
