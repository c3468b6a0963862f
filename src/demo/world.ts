import { PinnersageError } from '../errors.js';
import { dayMs } from '../model/action.js';
import { type ItemPlan, itemIdOf, planItems, type WorldItem, worldItem } from './items.js';
import { createCentres, createTopics, maxTopics, type Topic } from './topics.js';
import { createUserMaker, type WorldAction, type WorldUser } from './users.js';

export interface WorldOptions {
  /** Fixes everything; a safe integer ≥ 0. */
  readonly seed: number;
  /** Items of the catalog, ≥ 1, default 20,000. */
  readonly items?: number;
  /** Users, ≥ 0, default 2,000. */
  readonly users?: number;
  /** Topics, 1 … `maxTopics` (600), default 300, dealt evenly over 24 broad areas. */
  readonly topics?: number;
  /** Dimensions of the embeddings, ≥ 8, default 256. */
  readonly dim?: number;
  /** Days that the actions span, ≥ 1, default 90. */
  readonly days?: number;
  /** End of the span, epoch milliseconds, default 2026-06-30T00:00:00Z. No action is later. */
  readonly endMs?: number;
  /** Most interests a user has, ≥ 1, default 12. */
  readonly maxInterests?: number;
  /** Share of actions on items outside the user's interests, 0 … 1, default 0.07. */
  readonly exploration?: number;
  /** Impressions per action, ≥ 0 (the fraction is drawn), default 0.5. */
  readonly impressions?: number;
  /** Cosine of an item to its topic's centre: least and greatest, within 0 … 1, default [0.74, 0.96]; mean near 0.89. */
  readonly cosineToTopic?: readonly [number, number];
}

export type WorldSettings = Required<WorldOptions>;

export interface World {
  readonly settings: WorldSettings;
  readonly topics: readonly Topic[];
  /** In the order of their ids. The same items each time it is called. */
  items(): Generator<WorldItem>;
  /** User by user in the order of their ids, with the truth about each. */
  users(): Generator<WorldUser>;
  /** The actions of all users, in (user, time) order. */
  actions(): Generator<WorldAction>;
  /** One user, 0 … users−1, without making the others. */
  user(index: number): WorldUser;
  /** Topic ids of an item: one, or two for an item between topics. */
  topicsOf(itemId: string): readonly number[];
}

const defaults: Omit<WorldSettings, 'seed'> = {
  items: 20_000,
  users: 2_000,
  topics: 300,
  dim: 256,
  days: 90,
  endMs: 1_782_777_600_000,
  maxInterests: 12,
  exploration: 0.07,
  impressions: 0.5,
  cosineToTopic: [0.74, 0.96],
};

/**
 * What: a synthetic world whose truth is known: a catalog over topics, users with unequal and drifting interests.
 * Geometry at the defaults (measured, test/demo/world.test.ts): squared distance of two items of one topic 0.43 on
 *   average (95 % below 0.8), of two topics of one area 1.29 (95 % above 0.8), of two areas 2.0; so Ward at α from 0.6 to
 *   1.2 finds the topics. The tenth of the items acted on most takes nearly half of the actions.
 * Users (measured): actions 40 at the median and about 600 at the 99th percentile; interests 1 … 12, 3 at the median; two
 *   in five of a user's interests but the first begin or end inside the span.
 * Convention: every item and user is drawn from a seed derived of (seed, number), so a larger world contains the same
 *   users' habits but not the same catalog. Time is an argument; no clock is read.
 * Time and memory: O(items + topics · dim) memory; items and users are made one at a time.
 */
export function createWorld(options: WorldOptions): World {
  const settings: WorldSettings = { ...defaults, ...options };
  check(settings);
  const topics = createTopics(settings.topics, settings.seed);
  const centres = createCentres(topics, settings.dim, settings.seed);
  const plan = planItems(settings, topics);
  const user = createUserMaker(settings, topics, plan);

  function* items(): Generator<WorldItem> {
    for (let i = 0; i < settings.items; i++) yield worldItem(i, settings, topics, centres, plan);
  }
  function* users(): Generator<WorldUser> {
    for (let i = 0; i < settings.users; i++) yield user(i);
  }
  function* actions(): Generator<WorldAction> {
    for (const { actions } of users()) yield* actions;
  }
  return { settings, topics, items, users, actions, user, topicsOf: (id) => topicsOf(id, plan) };
}

function topicsOf(itemId: string, plan: ItemPlan): readonly number[] {
  const index = Number(itemId.slice(itemId.indexOf('-') + 1));
  if (!(index < plan.topic.length) || itemIdOf(index) !== itemId) {
    throw new PinnersageError(
      'item-unknown',
      `topicsOf: got ${JSON.stringify(itemId)}, expected an item of the world`,
    );
  }
  return plan.second[index] < 0 ? [plan.topic[index]] : [plan.topic[index], plan.second[index]];
}

function check(settings: WorldSettings): void {
  const { days, endMs, exploration, impressions, cosineToTopic } = settings;
  const [low, high] = cosineToTopic;
  checkInteger('seed', settings.seed, 0, Number.MAX_SAFE_INTEGER);
  checkInteger('items', settings.items, 1, 100_000_000);
  checkInteger('users', settings.users, 0, 100_000_000);
  checkInteger('topics', settings.topics, 1, maxTopics);
  checkInteger('dim', settings.dim, 8, 4096);
  checkInteger('maxInterests', settings.maxInterests, 1, 100);
  checkInteger('endMs', endMs, 0, 8.64e15);
  demand(days >= 1 && days * dayMs <= endMs, 'days', days, 'at least 1 and not before 1970');
  demand(exploration >= 0 && exploration <= 1, 'exploration', exploration, '0 to 1');
  demand(impressions >= 0 && impressions <= 100, 'impressions', impressions, '0 to 100');
  demand(
    low >= 0 && low <= high && high <= 1,
    'cosineToTopic',
    cosineToTopic,
    'two rising numbers from 0 to 1',
  );
}

function checkInteger(name: string, value: number, low: number, high: number): void {
  demand(
    Number.isInteger(value) && value >= low && value <= high,
    name,
    value,
    `an integer from ${low} to ${high}`,
  );
}

function demand(holds: boolean, name: string, got: unknown, expected: string): void {
  if (!holds) throw new PinnersageError('option-invalid', `${name}: got ${got}, expected ${expected}`);
}
