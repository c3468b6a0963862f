import { item, itemsBody, neighbors, neighborsQuery } from '../api/items.js';
import { itemParams, putReport } from '../api/shared.js';
import { PinnersageError } from '../errors.js';
import { answer, nothing } from './answers.js';
import type { Routes } from './app.js';
import { bytesOf } from './arrays.js';
import { filterField } from './filters.js';

const defaultNeighbors = 20;
const tags = ['items'];

export const putItems: Routes = (app, engine) => {
  app.post(
    '/v1/items',
    {
      schema: {
        operationId: 'putItems',
        summary: 'Adds items or replaces them; they can be found at once',
        tags,
        body: itemsBody,
        response: answer(putReport),
      },
    },
    async ({ body }) => engine.putItems(bytesOf(body)),
  );
};

export const itemRoutes: Routes = (app, engine) => {
  app.get(
    '/v1/items/:itemId',
    {
      schema: {
        operationId: 'getItem',
        summary: 'An item with its vector and metadata',
        tags,
        params: itemParams,
        response: answer(item),
      },
    },
    async ({ params }) => {
      const found = engine.item(params.itemId) ?? unknown(params.itemId);
      const { embedding, ...rest } = found;
      return embedding === undefined ? rest : { ...rest, embedding: Array.from(embedding) };
    },
  );

  app.delete(
    '/v1/items/:itemId',
    {
      schema: {
        operationId: 'deleteItem',
        summary: 'Hides an item for good, or until it is put again; its vector still serves history',
        tags,
        params: itemParams,
        response: nothing('The item is never recommended again'),
      },
    },
    async ({ params }, reply) => {
      if (!(await engine.deleteItem(params.itemId))) unknown(params.itemId);
      return reply.code(204).send();
    },
  );

  app.get(
    '/v1/items/:itemId/neighbors',
    {
      schema: {
        operationId: 'getNeighbors',
        summary: 'The nearest items of an item',
        tags,
        params: itemParams,
        querystring: neighborsQuery,
        response: answer(neighbors),
      },
    },
    async ({ params, query: { filter, ...rest } }) =>
      engine.neighbors(params.itemId, { count: defaultNeighbors, ...rest, ...filterField(filter) }),
  );
};

function unknown(itemId: string): never {
  throw new PinnersageError('item-unknown', `got item "${itemId}", expected one of the catalog`);
}
