import { recommendation, recommendBody, recommendQuery } from '../api/recommendations.js';
import { ref } from '../api/schema.js';
import { userParams } from '../api/shared.js';
import { PinnersageError } from '../errors.js';
import { answer } from './answers.js';
import type { Routes } from './app.js';
import { filterField } from './filters.js';

const tags = ['recommendations'];
const url = '/v1/users/:userId/recommendations';

export const recommendationRoutes: Routes = (app, engine) => {
  app.get(
    url,
    {
      schema: {
        operationId: 'getRecommendations',
        summary:
          'Candidates for a user, or those of an earlier answer; popular items for a user nobody knows',
        tags,
        params: userParams,
        querystring: recommendQuery,
        response: answer(recommendation),
      },
    },
    async ({ params, query: { recommendationId, filter, ...rest } }) => {
      if (recommendationId === undefined)
        return engine.recommend(params.userId, { ...rest, ...filterField(filter) });
      const [other] = Object.keys({ ...rest, ...filterField(filter) });
      if (other === undefined) return engine.recommendation(params.userId, recommendationId);
      throw new PinnersageError(
        'option-invalid',
        `query: got ${other} beside recommendationId, which gives an earlier answer as it was`,
      );
    },
  );

  app.post(
    url,
    {
      schema: {
        operationId: 'recommend',
        summary: 'The same, with the request as JSON',
        tags,
        params: userParams,
        body: ref(recommendBody),
        response: answer(recommendation),
      },
    },
    async ({ params, body }) => engine.recommend(params.userId, body),
  );
};
