import { expectTypeOf, test } from 'vitest';
import type { action, actionPage, storedAction } from '../../src/api/actions.js';
import type { batchBody, batchReport } from '../../src/api/admin.js';
import type { neighbors } from '../../src/api/items.js';
import type { loggedRecommendation, recommendBody } from '../../src/api/recommendations.js';
import type { DeepReadonly, Plain } from '../../src/api/schema.js';
import type { problem, putReport } from '../../src/api/shared.js';
import type { erasure, rankReport, userEmbeddings, userExport, userInterests } from '../../src/api/users.js';
import type { Action } from '../../src/model/action.js';
import type {
  ActionPage,
  Erasure,
  ItemNeighbors,
  LoggedRecommendation,
  RankReport,
  StoredUserAction,
  UserEmbeddings,
  UserExport,
  UserInterests,
} from '../../src/model/serving.js';
import type { BatchReport } from '../../src/pipeline/batch.js';
import type { BatchRequest, RecommendRequest } from '../../src/pipeline/engine.js';
import type { PutReport } from '../../src/pipeline/put.js';

/** Checked by the compiler: a field that only one side has would be dropped or refused without a word. */
test('schemas and the types of the engine say the same', () => {
  expectTypeOf<Plain<typeof action>>().toEqualTypeOf<DeepReadonly<Action>>();
  expectTypeOf<Plain<typeof storedAction>>().toEqualTypeOf<DeepReadonly<StoredUserAction>>();
  expectTypeOf<Plain<typeof actionPage>>().toEqualTypeOf<DeepReadonly<ActionPage>>();
  expectTypeOf<Plain<typeof putReport>>().toEqualTypeOf<DeepReadonly<PutReport>>();
  expectTypeOf<Plain<typeof neighbors>>().toEqualTypeOf<DeepReadonly<ItemNeighbors>>();
  expectTypeOf<Plain<typeof userInterests>>().toEqualTypeOf<DeepReadonly<UserInterests>>();
  expectTypeOf<Plain<typeof rankReport>>().toEqualTypeOf<DeepReadonly<RankReport>>();
  expectTypeOf<Plain<typeof userEmbeddings>>().toEqualTypeOf<DeepReadonly<UserEmbeddings>>();
  expectTypeOf<Plain<typeof userExport>>().toEqualTypeOf<DeepReadonly<UserExport>>();
  expectTypeOf<Plain<typeof erasure>>().toEqualTypeOf<DeepReadonly<Erasure>>();
  expectTypeOf<Plain<typeof loggedRecommendation>>().toEqualTypeOf<DeepReadonly<LoggedRecommendation>>();
  expectTypeOf<Plain<typeof recommendBody>>().toEqualTypeOf<DeepReadonly<RecommendRequest>>();
  expectTypeOf<Plain<typeof batchBody>>().toEqualTypeOf<DeepReadonly<BatchRequest>>();
  expectTypeOf<Plain<typeof batchReport>>().toEqualTypeOf<DeepReadonly<BatchReport>>();
  expectTypeOf<Plain<typeof problem>['code']>().toEqualTypeOf<string>();
});
