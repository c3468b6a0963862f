import { userParams } from '../api/shared.js';
import {
  erasure,
  interestsQuery,
  rankBody,
  rankReport,
  userEmbeddings,
  userExport,
  userInterests,
} from '../api/users.js';
import { answer } from './answers.js';
import type { Routes } from './app.js';

const tags = ['users'];
const params = userParams;

export const userRoutes: Routes = (app, engine) => {
  app.get(
    '/v1/users/:userId/interests',
    {
      schema: {
        operationId: 'getInterests',
        summary: 'The interests of a user, by importance; none for a user nobody knows',
        tags,
        params,
        querystring: interestsQuery,
        response: answer(userInterests),
      },
    },
    async (request) => engine.interests(request.params.userId, request.query),
  );

  app.get(
    '/v1/users/:userId/embeddings',
    {
      schema: {
        operationId: 'getEmbeddings',
        summary: 'The vectors that stand for a user, with importances, for a ranker',
        tags,
        params,
        response: answer(userEmbeddings),
      },
    },
    async (request) => engine.embeddings(request.params.userId),
  );

  app.post(
    '/v1/users/:userId/rank',
    {
      schema: {
        operationId: 'rank',
        summary: 'Scores given items for a user, for a ranker',
        tags,
        params,
        body: rankBody,
        response: answer(rankReport),
      },
    },
    async (request) => engine.rank(request.params.userId, request.body.itemIds),
  );

  app.get(
    '/v1/users/:userId/export',
    {
      schema: {
        operationId: 'exportUser',
        summary: 'Everything that is kept of a user',
        tags,
        params,
        response: answer(userExport),
      },
    },
    async (request) => engine.exportUser(request.params.userId),
  );

  app.delete(
    '/v1/users/:userId',
    {
      schema: {
        operationId: 'eraseUser',
        summary: 'Removes everything of a user for good',
        tags,
        params,
        response: answer(erasure),
      },
    },
    async (request) => engine.eraseUser(request.params.userId),
  );
};
