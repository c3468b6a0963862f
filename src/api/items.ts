import { Type } from 'typebox';
import { id, integer, listOf, number, record, text } from './schema.js';
import { filterText, metadata } from './shared.js';

/** Goes in and comes out alike. */
export const item = record(
  {
    itemId: id('The item'),
    embedding: Type.Optional(Type.Array(Type.Number(), { minItems: 1, description: 'The vector' })),
    metadata: Type.Optional(metadata),
  },
  {
    $id: 'Item',
    description: 'An item of the catalog; other fields are ignored',
    additionalProperties: true,
  },
);

export const itemsBody = Type.Array(item, { description: 'Items to add, or to replace under their ids' });

export const neighborsQuery = record({
  count: Type.Optional(integer('Neighbours wanted, by default 20', 1, 10_000)),
  filter: Type.Optional(filterText),
  pool: Type.Optional(text('A stored filter, by its name')),
});

export const neighbors = record(
  {
    itemId: id('The item'),
    items: listOf(
      record({ itemId: id('The neighbour'), score: number('Cosine, for vectors of norm 1') }),
      'Nearest first, without the item itself',
    ),
  },
  { $id: 'ItemNeighbors', description: 'The nearest items of an item' },
);
