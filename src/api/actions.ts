import { Type } from 'typebox';
import { type Action, leastTimeMs } from '../model/action.js';
import { id, instant, integer, listOf, nullable, record, ref, text } from './schema.js';

const context = Type.Unsafe<NonNullable<Action['context']>>({
  type: 'object',
  additionalProperties: true,
  description: 'Flat JSON, at most 1 KiB',
});

const about = {
  itemId: id('What was acted on; it need not be in the catalog yet'),
  type: text('Such as save, click, hide'),
  eventId: Type.Optional(id('With user and time the identity of the event, else item and type are')),
  weight: Type.Optional(Type.Number({ minimum: 0, description: 'By default 1' })),
  recommendationId: Type.Optional(id('The answer that showed the item')),
  position: Type.Optional(integer('Place in the list that was shown, from 0')),
  context: Type.Optional(context),
};

export const action = record(
  {
    userId: id('Who acted'),
    ...about,
    timestamp: integer('Epoch milliseconds, UTC; what is less would be seconds, and is refused', leastTimeMs),
  },
  {
    $id: 'Action',
    additionalProperties: true,
    description:
      'Sent again, it is a duplicate: send timestamp and eventId, and retries are safe; other fields are ignored',
  },
);

export const actionsBody = Type.Array(action, { description: 'Actions, of any users and in any order' });

export const storedAction = record(
  {
    ...about,
    timestamp: instant('When the user acted'),
    seq: integer('Order of acceptance'),
    ingestedAt: instant('When it was accepted'),
  },
  { $id: 'StoredAction', description: 'An action of the log' },
);

export const actionsQuery = record({
  limit: Type.Optional(integer('Actions per page, by default 100', 1, 1_000)),
  cursor: Type.Optional(text('`nextCursor` of the page before')),
});

export const actionPage = record(
  {
    userId: id('The user'),
    actions: listOf(ref(storedAction), 'Newest first'),
    nextCursor: nullable(text('For the next page; null at the end')),
  },
  { $id: 'ActionPage', description: 'Actions of a user' },
);
