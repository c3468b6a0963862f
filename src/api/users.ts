import { Type } from 'typebox';
import { storedAction } from './actions.js';
import { loggedRecommendation } from './recommendations.js';
import { flag, id, instant, integer, listOf, nullable, number, record, ref, text } from './schema.js';
import { metadata, source } from './shared.js';

const interest = {
  interestId: text('Stays the same from batch to batch while the interest is recognised'),
  medoid: id('The item that stands for it'),
  importance: number('Decayed weight of its actions'),
};

export const interestsQuery = record({
  members: Type.Optional(flag('Whether each interest lists its items')),
});

export const userInterests = record(
  {
    userId: id('The user'),
    asOf: instant('The instant the importances are for'),
    source,
    interests: listOf(
      record({
        ...interest,
        size: integer('Its items, or its actions under `repeats: count`'),
        lastActionAt: instant('Its newest action'),
        members: Type.Optional(listOf(id('An item'), 'By first action')),
      }),
      'By falling importance',
    ),
  },
  { $id: 'UserInterests', description: 'The interests of a user; none for one nobody knows' },
);

export const rankBody = record({
  itemIds: Type.Array(id('An item'), { minItems: 1, maxItems: 10_000, description: 'The items to score' }),
});

export const rankReport = record(
  {
    userId: id('The user'),
    source,
    items: listOf(
      record({
        itemId: id('The item'),
        score: nullable(number('Highest cosine to a medoid; null where item or user has no vector')),
        interestId: nullable(text('The interest of that cosine')),
        share: nullable(number("That interest's share of all importance")),
        weightedScore: nullable(number('Sum over the interests of share times cosine')),
        seen: flag('Whether the user has acted on it'),
      }),
      'By falling score, those without one last',
    ),
  },
  { $id: 'RankReport', description: 'Given items, scored for a user' },
);

export const userEmbeddings = record(
  {
    userId: id('The user'),
    asOf: instant('The instant the importances are for'),
    source,
    space: text('The space of the vectors'),
    spaceGeneration: integer('Its generation'),
    dim: integer('Numbers in each vector', 1),
    embeddings: listOf(
      record({
        ...interest,
        share: number('Share of all importance'),
        vector: Type.Array(Type.Number(), { description: 'The vector of the medoid' }),
      }),
      'By falling importance',
    ),
  },
  { $id: 'UserEmbeddings', description: 'The vectors that stand for a user' },
);

export const userExport = record(
  {
    userId: id('The user'),
    attributes: metadata,
    actions: listOf(ref(storedAction), 'All of them'),
    interests: ref(userInterests),
    recommendations: listOf(ref(loggedRecommendation), 'Those still logged'),
  },
  { $id: 'UserExport', description: 'Everything that is kept of a user' },
);

export const erasure = record(
  {
    userId: id('The user'),
    erasedAt: instant('Actions up to this instant are refused from now on'),
    actions: integer('Actions removed'),
    recommendations: integer('Logged recommendations removed'),
  },
  { $id: 'Erasure', description: 'What was removed' },
);
