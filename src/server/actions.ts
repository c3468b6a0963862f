import { actionPage, actionsBody, actionsQuery } from '../api/actions.js';
import { putReport, userParams } from '../api/shared.js';
import { answer } from './answers.js';
import type { Routes } from './app.js';
import { bytesOf } from './arrays.js';

const defaultPage = 100;
const tags = ['actions'];

export const appendActions: Routes = (app, engine) => {
  app.post(
    '/v1/actions',
    {
      schema: {
        operationId: 'appendActions',
        summary:
          'Takes actions; the answer comes when they are on disk, and the next recommendation knows them',
        tags,
        body: actionsBody,
        response: answer(putReport),
      },
    },
    async ({ body }) => engine.appendActions(bytesOf(body)),
  );
};

export const actionRoutes: Routes = (app, engine) => {
  app.get(
    '/v1/users/:userId/actions',
    {
      schema: {
        operationId: 'getActions',
        summary: 'What a user did, newest first, page by page',
        tags,
        params: userParams,
        querystring: actionsQuery,
        response: answer(actionPage),
      },
    },
    async ({ params, query }) => engine.actions(params.userId, { limit: defaultPage, ...query }),
  );
};
