import { Type } from 'typebox';
import { flag, id, instant, integer, listOf, number, record, text } from './schema.js';

/** A number of days, or all of the log. */
const days = Type.Unsafe<number | 'all'>({
  anyOf: [{ type: 'number', exclusiveMinimum: 0 }, { const: 'all' }],
  description: 'How far back actions count, by default as configured (90)',
});

export const batchBody = record(
  {
    full: Type.Optional(flag('Clusters also users whose clusters cannot have changed')),
    space: Type.Optional(text('A space, by default the active one')),
    windowDays: Type.Optional(days),
    alpha: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Merge threshold, squared' })),
    lambda: Type.Optional(Type.Number({ minimum: 0, description: 'Decay of importance per day' })),
    workers: Type.Optional(integer('Threads', 1, 1024)),
  },
  { $id: 'BatchRequest', description: 'What a batch may be told' },
);

export const batchReport = record(
  {
    asOf: instant('The instant the profiles are for'),
    users: integer('Users with at least one interest'),
    failed: integer('Users that could not be computed'),
    reused: integer('Users whose clusters were taken over'),
    read: integer('Users whose actions were read'),
    interests: record({
      median: number('Over users with at least one'),
      p90: number('Over users with at least one'),
      max: number('Over users with at least one'),
    }),
    usersPerSecond: number('Users computed per second'),
    seconds: number('How long it took'),
    clusteringShare: number("Share of the threads' time on users that went into clustering them"),
    clusteringSeconds: number('That time, over all threads'),
    alpha: number('The merge threshold, squared'),
    windowDays: days,
    usersLeftOut: integer('Users with no action that could be used'),
    actionsLeftOut: Type.Unsafe<Record<string, number>>({
      type: 'object',
      additionalProperties: { type: 'integer' },
      description: 'Interest actions that made no point, by reason',
    }),
    failures: listOf(
      record({ userId: id('The user'), message: text('What went wrong') }),
      'The first failures',
    ),
  },
  { $id: 'BatchReport', description: 'What a batch did' },
);

export const live = record({ live: flag('The process answers') });
export const ready = record({ ready: flag('Requests can be answered') });
