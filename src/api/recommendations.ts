import { Type } from 'typebox';
import type { Filter } from '../model/filter.js';
import { flag, id, instant, integer, listOf, nullable, number, oneOf, record, text } from './schema.js';
import { filter, filterText, source } from './shared.js';

/** How interests become candidates; the defaults are those that were calibrated, else the paper's. */
const recipe = {
  recipe: Type.Optional(oneOf(['paper', 'calibrated'], 'Where options that are not given come from')),
  interests: Type.Optional(oneOf(['sample', 'top', 'all'], 'Which interests are used, by default sample')),
  medoids: Type.Optional(integer('How many, of sample and top; as configured by default (3)', 1)),
  query: Type.Optional(
    oneOf(
      ['medoid', 'centroid', 'items', 'average'],
      'Whose nearest items are candidates, by default medoid',
    ),
  ),
  merge: Type.Optional(
    oneOf(['turns', 'importance', 'score', 'mixture'], 'How the queries share the count, by default turns'),
  ),
  averageShare: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'Share of the candidates by one average over all interests, by default 0',
    }),
  ),
  averagePrior: Type.Optional(
    Type.Number({ minimum: 0, description: 'The prior of that average, by default that of the interests' }),
  ),
  temperature: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, description: 'Of a mixture, in units of the cosine, by default 0.1' }),
  ),
  prior: Type.Optional(
    Type.Number({ minimum: 0, description: 'What the most popular item gains, as cosine, by default 0' }),
  ),
  popularShare: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      description: 'Only this most popular share of the catalog',
    }),
  ),
  diversity: Type.Optional(
    Type.Number({ minimum: 0, maximum: 10, description: 'What likeness to earlier candidates costs' }),
  ),
};

const asked = {
  ...recipe,
  count: Type.Optional(integer('Candidates wanted, by default 100', 1, 10_000)),
  seed: Type.Optional(integer('Replays a draw', 0, Number.MAX_SAFE_INTEGER)),
  pool: Type.Optional(text('A stored filter, by its name')),
  exclude: Type.Optional(listOf(id('An item'), 'Items that must not come back')),
  seen: Type.Optional(
    oneOf(['exclude', 'include'], 'Whether items that the user acted on may come back, by default exclude'),
  ),
  explain: Type.Optional(flag("Whether each item names the user's own items behind it")),
};

export const recommendBody = record(
  { ...asked, filter: Type.Optional(filter) },
  { $id: 'RecommendRequest', description: 'What a request for candidates may say' },
);

export const recommendQuery = record({
  ...asked,
  filter: Type.Optional(filterText),
  recommendationId: Type.Optional(
    text('Gives what was answered before under this id; nothing else may be asked with it'),
  ),
});

const sampled = record({
  interestId: text('The interest'),
  medoid: id('The item it is searched by'),
  probability: number("The interest's share of the first draw"),
});

const candidate = record({
  itemId: id('The item'),
  score: number('Cosine to the medoid it was found by; decayed popularity under a fallback'),
  interestId: nullable(text('The interest it comes from; null under a fallback')),
  because: Type.Optional(listOf(id('An item'), "The user's own items nearest to it, nearest first")),
});

const answered = {
  recommendationId: text('Names this answer; actions that follow from it should carry it'),
  userId: id('The user'),
  seed: integer('Asked for again, it gives the same draw'),
  source,
  fallback: nullable(
    oneOf(
      ['online', 'popularity'],
      'How far down the ladder for newcomers: interests no batch has seen, or none; null where one knew the user',
    ),
  ),
  pool: nullable(text('The stored filter that was applied')),
  filter: Type.Unsafe<Filter | null>({ description: 'The filter of the request, or null' }),
  propensity: number('Probability of the draw of interests that was made; 1 under a fallback'),
  interests: listOf(sampled, 'The interests that were drawn, in the order of the draw'),
  items: listOf(candidate, 'Best first'),
};

const logged = {
  at: instant('When it was answered'),
  configHash: text('Digest of the options of the profiles'),
  space: text('The space of the vectors'),
  spaceGeneration: integer('Its generation'),
  generation: integer('Generation of the profiles; 0 for none'),
  maxSeq: integer('The newest action that the answer knew of its user'),
};

/** One schema for new and replayed answers: a choice of two would be decided by validation each time. */
export const recommendation = record(
  { ...answered, ...Type.Partial(record(logged)).properties },
  { $id: 'Recommendation', description: 'Candidates; with the last six fields where one is replayed' },
);

export const loggedRecommendation = record(
  { ...answered, ...logged },
  { $id: 'LoggedRecommendation', description: 'An answer as it was logged' },
);
