import { deriveSeed } from '../math/hash.js';
import { createRng, type Rng } from '../math/rng.js';
import { dayMs } from '../model/action.js';
import { createChooser } from './choose.js';
import { type ItemPlan, itemIdOf } from './items.js';
import type { Topic } from './topics.js';
import type { WorldSettings } from './world.js';

/** Suggested roles: save and click `interest`, hide `exclude`, impression `impression`. */
export type WorldActionType = 'save' | 'click' | 'hide' | 'impression';

export interface WorldAction {
  readonly userId: string;
  readonly itemId: string;
  readonly type: WorldActionType;
  /** Epoch milliseconds. */
  readonly timestamp: number;
}

/** What a user truly likes. */
export interface TrueInterest {
  readonly topic: number;
  /** Share of the user's attention while all interests are alive; a user's shares add up to 1. */
  readonly share: number;
  /** Epoch milliseconds: alive from here … */
  readonly startMs: number;
  /** … to here. */
  readonly endMs: number;
  /** When the user saved or clicked something out of this interest, ascending. */
  readonly actionTimes: readonly number[];
}

export interface WorldUser {
  readonly userId: string;
  /** By falling share. */
  readonly interests: readonly TrueInterest[];
  /** In order of time. */
  readonly actions: readonly WorldAction[];
}

const medianActions = 40;
/** ln(600 / 40) over the 99th percentile of the normal distribution. */
const logSpread = 1.16;
const [fewestActions, mostActions] = [3, 1500];
const sameAreaShare = 0.35;
const [startsInside, endsInside] = [0.2, 0.2];
const focusShare = 0.6;
const secondsBetweenActions = 45;

interface Draft extends TrueInterest {
  readonly actionTimes: number[];
}

export function createUserMaker(
  settings: WorldSettings,
  topics: readonly Topic[],
  plan: ItemPlan,
): (index: number) => WorldUser {
  return (index) => {
    const rng = createRng(deriveSeed(settings.seed, 'user', index));
    const userId = `user-${String(index).padStart(4, '0')}`;
    const drawn = Math.round(medianActions * Math.exp(logSpread * rng.normal()));
    const count = Math.min(mostActions, Math.max(fewestActions, drawn));
    const interests = drawInterests(rng, count, settings, topics, plan);
    const actions: WorldAction[] = [];
    const seen = new Set<number>();
    for (const session of drawSessions(rng, count, settings)) {
      const focus = drawInterest(rng, interests, session[0]);
      for (const timestamp of session) {
        const shown = settings.impressions + rng.uniform();
        for (let i = 1; i <= shown; i++) {
          const itemId = itemIdOf(drawItem(rng, rng.below(2) === 0 ? focus.topic : null, plan, seen));
          actions.push({ userId, itemId, type: 'impression', timestamp: timestamp - 1000 * i });
        }
        const explores = rng.uniform() < settings.exploration;
        const stays = rng.uniform() < focusShare && timestamp <= focus.endMs;
        const interest = stays ? focus : drawInterest(rng, interests, timestamp);
        const item = drawItem(rng, explores ? null : interest.topic, plan, seen);
        const type = drawType(rng, explores);
        seen.add(item);
        if (!explores) interest.actionTimes.push(timestamp);
        actions.push({ userId, itemId: itemIdOf(item), type, timestamp });
      }
    }
    actions.sort((a, b) => a.timestamp - b.timestamp);
    for (const { actionTimes } of interests) actionTimes.sort((a, b) => a - b);
    return { userId, interests, actions };
  };
}

function drawType(rng: Rng, explores: boolean): WorldActionType {
  const x = rng.uniform();
  if (explores && x < 0.1) return 'hide';
  return x < (explores ? 0.25 : 0.45) ? 'save' : 'click';
}

function drawInterests(
  rng: Rng,
  actions: number,
  settings: WorldSettings,
  topics: readonly Topic[],
  plan: ItemPlan,
): Draft[] {
  const mean = 2 + 1.5 * Math.log10(actions);
  const wanted = 1 + Math.floor(-Math.log(1 - rng.uniform()) * mean);
  const chosen = drawTopics(
    rng,
    Math.min(wanted, settings.maxInterests, Math.ceil(actions / 4)),
    topics,
    plan,
  );
  const weights = chosen.map((_, k) => (k + 1) ** -0.8 * Math.exp(0.4 * rng.normal())).sort((a, b) => b - a);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const spanMs = settings.days * dayMs;
  const beginMs = settings.endMs - spanMs;
  return chosen.map((topic, k) => {
    const x = rng.uniform();
    const turn = Math.round(beginMs + spanMs * (0.15 + 0.7 * rng.uniform()));
    return {
      topic,
      share: weights[k] / total,
      startMs: k > 0 && x < startsInside ? turn : beginMs,
      endMs: k > 0 && x > 1 - endsInside ? turn : settings.endMs,
      actionTimes: [],
    };
  });
}

/** Distinct topics by popularity; some share the area of an earlier one. Fewer where few topics have items. */
function drawTopics(rng: Rng, count: number, topics: readonly Topic[], plan: ItemPlan): number[] {
  const chosen: number[] = [];
  for (let attempt = 0; chosen.length < count && attempt < 50 * count; attempt++) {
    let topic = plan.anyTopic(rng);
    if (chosen.length > 0 && rng.uniform() < sameAreaShare) {
      const { areaId } = topics[chosen[rng.below(chosen.length)]];
      const near = topics.filter((t) => t.areaId === areaId && plan.byTopic[t.id].length > 0);
      topic = near[rng.below(near.length)].id;
    }
    if (!chosen.includes(topic)) chosen.push(topic);
  }
  return chosen;
}

/** Times of the actions, session by session: sessions anywhere in the span, actions within one close together. */
function drawSessions(rng: Rng, actions: number, settings: WorldSettings): number[][] {
  const sizes = new Uint32Array(Math.max(1, Math.round(actions ** 0.65)));
  for (let i = 0; i < actions; i++) sizes[rng.below(sizes.length)]++;
  const spanMs = settings.days * dayMs;
  const sessions: number[][] = [];
  for (const size of sizes) {
    let time = settings.endMs - spanMs + Math.floor(spanMs * rng.uniform());
    const times: number[] = [];
    for (let i = 0; i < size; i++) {
      times.push(Math.min(settings.endMs, time));
      time += 2000 + Math.round(-Math.log(1 - rng.uniform()) * secondsBetweenActions * 1000);
    }
    if (size > 0) sessions.push(times);
  }
  return sessions.sort((a, b) => a[0] - b[0]);
}

/** One of the interests alive at that time, by share; the first always is. */
function drawInterest(rng: Rng, interests: readonly Draft[], time: number): Draft {
  const alive = interests.map((i) => (time >= i.startMs && time <= i.endMs ? i.share : 0));
  return interests[createChooser(alive)(rng)];
}

/** An item of the topic (of any topic for null) by popularity, preferably one the user has not acted on. */
function drawItem(rng: Rng, topic: number | null, plan: ItemPlan, seen: ReadonlySet<number>): number {
  for (let attempt = 0; ; attempt++) {
    const from = topic ?? plan.anyTopic(rng);
    const item = plan.byTopic[from][plan.withinTopic[from](rng)];
    if (attempt === 20 || !seen.has(item)) return item;
  }
}
