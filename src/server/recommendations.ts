import { recommendation, recommendBody, recommendQuery } from '../api/recommendations.js';
import { ref } from '../api/schema.js';
import { userParams } from '../api/shared.js';
import { PinnersageError } from '../errors.js';
import { sendJson, written } from './answers.js';
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
        response: written(recommendation),
      },
    },
    async ({ params, query: { recommendationId, filter, ...rest } }, reply) => {
      if (recommendationId === undefined)
        return sendJson(
          reply,
          await engine.recommendJson(params.userId, { ...rest, ...filterField(filter) }),
        );
      const [other] = Object.keys({ ...rest, ...filterField(filter) });
      if (other === undefined) {
        const logged = await engine.recommendation(params.userId, recommendationId);
        return sendJson(reply, Buffer.from(JSON.stringify(logged)));
      }
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
        response: written(recommendation),
      },
    },
    async ({ params, body }, reply) => sendJson(reply, await engine.recommendJson(params.userId, body)),
  );
};
