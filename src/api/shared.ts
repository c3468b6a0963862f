import { Type } from 'typebox';
import type { Filter } from '../model/filter.js';
import type { Metadata } from '../model/item.js';
import { id, integer, listOf, oneOf, record, text } from './schema.js';

/** RFC 9457. `code` is one of src/errors.ts and never changes its meaning. */
export const problem = record(
  {
    type: text('urn:pinnersage:problem: and the code'),
    title: text('What the code means'),
    status: integer('The HTTP status', 400, 599),
    detail: text('What was got, what was expected and where'),
    code: text('The stable name of the error'),
    requestId: text('Names the request in the log of the server'),
  },
  { $id: 'Problem', description: 'A problem document (RFC 9457)' },
);

/** What every answer that is not a success looks like. */
export const problemResponse = {
  description: 'A problem document; `code` says what went wrong',
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
} as const;

export const userParams = record({ userId: id('The user') });
export const itemParams = record({ itemId: id('The item') });

export const metadata = Type.Unsafe<Metadata>({
  type: 'object',
  additionalProperties: true,
  description: 'Any fields, as JSON',
});

export const filter = Type.Unsafe<Filter>({
  type: 'object',
  additionalProperties: true,
  description: 'A condition on the metadata of items (docs/design.md, Filters), such as {"lang": "en"}',
});

/** A filter in a query string. */
export const filterText = text('A filter, as JSON');

export const source = oneOf(
  ['batch', 'exact', 'overlay', 'none'],
  'Where the interests come from: the last batch, the whole window clustered again, the stored clusters with the newest actions, or nowhere',
);

export const refused = record({
  index: integer('Place in the array that was sent, from 0'),
  code: text('The reason'),
  message: text('What was got and what was expected'),
});

export const putReport = record(
  {
    accepted: integer('What is on disk now and was not before'),
    duplicates: integer('What was there already'),
    rejected: listOf(refused, 'What was not taken; the rest was'),
  },
  { $id: 'PutReport', description: 'What became of an array' },
);
