/** `pinnersage`: a data directory and everything that is done with it. The method alone is `pinnersage/core`. */
export type { DeclaredType } from './actions/types.js';
export type { ImportUsersOptions } from './actions/users.js';
export type { Recall } from './ann/recall.js';
export type { LeftOutItem, RefinementReport, RefineOptions, RefineReport } from './catalog/refine.js';
export { type UpgradeReport, upgradeDirectory as upgrade } from './disk/upgrade.js';
export { type ErrorCode, errorTable, PinnersageError } from './errors.js';
export { calibrate } from './evaluate/calibrate.js';
export type {
  CalibrateOptions,
  CalibrationMetric,
  CalibrationReport,
  Tried,
} from './evaluate/calibratereport.js';
export type { Finding } from './evaluate/calibratewords.js';
export type {
  Contender,
  ContenderSource,
  GlobalModels,
  SharedRecipe,
  UserAtCut,
  UserModel,
} from './evaluate/contender.js';
export { type WardContender, ward as wardContender } from './evaluate/contenders/ward.js';
export { type EvaluateOptions, evaluate } from './evaluate/evaluate.js';
export { interestsOf } from './evaluate/parts.js';
export { itemInterest, recipeModel } from './evaluate/recipemodel.js';
export { csvOf as evaluationCsv } from './evaluate/report/csv.js';
export { htmlOf as evaluationHtml } from './evaluate/report/html.js';
export type { EvaluationReport } from './evaluate/report.js';
export type { ImportReport } from './files/report.js';
export type { BadRow, FileFormat, FileOptions, ReadOptions } from './files/table.js';
export type { OutputRow } from './files/write.js';
export type { Action, ActionType, Role } from './model/action.js';
export type { Candidate, Recommendation, SampledInterest } from './model/candidate.js';
export type { FieldTest, Filter, FilterBound, FilterValue } from './model/filter.js';
export type { AlphaChoice, Calibration, Item, JsonValue, Metadata, SpaceInfo } from './model/item.js';
export type { InterestChoice, MergeRule, QueryKind, Recipe } from './model/recipe.js';
export type {
  ActionPage,
  Erasure,
  ItemNeighbors,
  LoggedRecommendation,
  RankedItem,
  RankReport,
  StoredUserAction,
  UserEmbeddings,
  UserExport,
  UserInterest,
  UserInterests,
} from './model/serving.js';
export type { User } from './model/user.js';
export type { BatchOptions, BatchReport } from './pipeline/batch.js';
export { type CompactReport, compact } from './pipeline/compact.js';
export type { CompareOptions, SpaceComparison } from './pipeline/compare.js';
export type { Description } from './pipeline/describe.js';
export type { EmbedOptions, EmbedReport, EmbedSource, EmbedTextOptions } from './pipeline/embed.js';
export type { Engine, EngineOptions, EngineStatus } from './pipeline/engine.js';
export type { ExportKind, ExportOptions, ExportReport, ExportRowsOptions } from './pipeline/export.js';
export type { BuiltIndex, IndexOptions, IndexReport, IndexStatus } from './pipeline/indexing.js';
export type { InterestsOptions, InterestsReport } from './pipeline/interests.js';
export {
  type ImportActionsRequest,
  type IndexTarget,
  type OpenOptions,
  open,
  type PinnerSage,
} from './pipeline/pinnersage.js';
export type { Pools } from './pipeline/pools.js';
export type { PutReport } from './pipeline/put.js';
export type { RecommendOptions } from './pipeline/recommend.js';
export type { RetainOptions, RetainReport } from './pipeline/retention.js';
export { openEngine } from './pipeline/serve/open.js';
export type { Settings } from './pipeline/settings.js';
export type { BuildSpaceOptions, BuildSpaceReport, SpaceListing } from './pipeline/spaces.js';
export type { Compared, LogReport, VerifyOptions, VerifyReport } from './pipeline/verify.js';
export type { CacheStats } from './retrieve/cache.js';
