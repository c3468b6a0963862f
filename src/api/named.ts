import type { TSchema } from 'typebox';
import { action, actionPage, storedAction } from './actions.js';
import { batchBody, batchReport } from './admin.js';
import { item, neighbors } from './items.js';
import { loggedRecommendation, recommendation, recommendBody } from './recommendations.js';
import { problem, putReport } from './shared.js';
import { erasure, rankReport, userEmbeddings, userExport, userInterests } from './users.js';

/** The components of the OpenAPI document. */
export const namedSchemas: readonly TSchema[] = [
  problem,
  item,
  action,
  putReport,
  neighbors,
  storedAction,
  actionPage,
  userInterests,
  rankReport,
  userEmbeddings,
  userExport,
  erasure,
  recommendBody,
  recommendation,
  loggedRecommendation,
  batchBody,
  batchReport,
];
