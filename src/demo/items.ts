import { deriveSeed } from '../math/hash.js';
import { createRng, type Rng } from '../math/rng.js';
import { type Chooser, createChooser } from './choose.js';
import { pictureOf } from './picture.js';
import { addScaled, randomUnit, scaleToUnit, type Topic } from './topics.js';
import { openers } from './words.js';
import type { WorldSettings } from './world.js';

export interface WorldItem {
  readonly itemId: string;
  readonly title: string;
  readonly tags: readonly string[];
  /** 0 … 1; one item in twenty lies below 0.2. */
  readonly quality: number;
  /** A data URI of a small SVG picture. */
  readonly image: string;
  /** Of length 1. */
  readonly embedding: Float32Array;
}

/** What users need to know of the catalog, one entry per item. */
export interface ItemPlan {
  readonly topic: Uint16Array;
  /** The second topic of an item between topics, else −1. */
  readonly second: Int16Array;
  /** The item that this one nearly repeats, else −1. */
  readonly repeats: Int32Array;
  readonly quality: Float64Array;
  /** Items by topic (an item between topics under its first). */
  readonly byTopic: readonly Uint32Array[];
  /** Draws a place in `byTopic[topic]`. */
  readonly withinTopic: readonly Chooser[];
  /** Draws a topic by its popularity; topics without items are never drawn. */
  readonly anyTopic: Chooser;
}

/** Popularity of the k-th of n things falls as k^−exponent. */
const topicExponent = 0.8;
const itemExponent = 1.2;
const betweenTopicsShare = 0.08;
const nearDuplicateShare = 0.02;
const lowQualityShare = 0.05;

export const itemIdOf = (index: number): string => `item-${String(index).padStart(5, '0')}`;

export function planItems(settings: WorldSettings, topics: readonly Topic[]): ItemPlan {
  const { items, seed } = settings;
  const rng = createRng(deriveSeed(seed, 'plan'));
  const popularity = topics.map((_, rank) => (rank + 1) ** -topicExponent);
  shuffle(popularity, rng);
  const anyTopic = createChooser(popularity.map((p) => Math.sqrt(p)));
  const topic = new Uint16Array(items);
  const second = new Int16Array(items).fill(-1);
  const repeats = new Int32Array(items).fill(-1);
  const quality = new Float64Array(items);
  const lists = topics.map((): number[] => []);
  for (let i = 0; i < items; i++) {
    topic[i] = anyTopic(rng);
    const siblings = lists[topic[i]];
    const kind = rng.uniform();
    if (kind < nearDuplicateShare && siblings.length > 0) repeats[i] = siblings[rng.below(siblings.length)];
    else if (kind > 1 - betweenTopicsShare) second[i] = otherTopic(topics, topic[i], rng);
    if (repeats[i] >= 0 && (repeats[repeats[i]] >= 0 || second[repeats[i]] >= 0)) repeats[i] = -1;
    quality[i] = rng.uniform() < lowQualityShare ? 0.2 * rng.uniform() : 0.2 + 0.8 * Math.sqrt(rng.uniform());
    siblings.push(i);
  }
  for (const list of lists) shuffle(list, rng);
  return {
    topic,
    second,
    repeats,
    quality,
    byTopic: lists.map((list) => Uint32Array.from(list)),
    withinTopic: lists.map((list) =>
      createChooser(list.map((item, rank) => (0.25 + quality[item]) * (rank + 1) ** -itemExponent)),
    ),
    anyTopic: createChooser(popularity.map((p, t) => (lists[t].length > 0 ? p : 0))),
  };
}

/** Another topic, in two of three cases of the same area; −1 where there is none. */
function otherTopic(topics: readonly Topic[], id: number, rng: Rng): number {
  const sameArea = rng.below(3) > 0;
  const others = topics.filter((t) => t.id !== id && (t.areaId === topics[id].areaId) === sameArea);
  return others.length === 0 ? -1 : others[rng.below(others.length)].id;
}

function shuffle(list: number[], rng: Rng): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [list[i], list[j]] = [list[j], list[i]];
  }
}

export function worldItem(
  index: number,
  settings: WorldSettings,
  topics: readonly Topic[],
  centres: Float64Array,
  plan: ItemPlan,
): WorldItem {
  const topic = topics[plan.topic[index]];
  const other = plan.second[index] < 0 ? null : topics[plan.second[index]];
  const original = plan.repeats[index] < 0 ? index : plan.repeats[index];
  return {
    itemId: itemIdOf(index),
    ...describe(createRng(deriveSeed(settings.seed, 'title', original)), topic, other),
    quality: Math.round(plan.quality[index] * 1000) / 1000,
    image: pictureOf(settings.seed, topic.areaId, topic.id, original),
    embedding: embeddingOf(index, original, settings, centres, plan),
  };
}

function describe(rng: Rng, topic: Topic, other: Topic | null): { title: string; tags: string[] } {
  const { details } = topic.area;
  const detail = details[rng.below(details.length)];
  const opener = openers[rng.below(openers.length)];
  const subject = other === null ? topic.name : `${topic.name} and ${other.name}`;
  const head = opener === '' ? subject[0].toUpperCase() + subject.slice(1) : `${opener} ${subject}`;
  const tags = [topic.area.name, topic.style, topic.subject, detail];
  if (other !== null) tags.push(other.area.name, other.style, other.subject);
  return { title: `${head}, ${detail}`, tags: [...new Set(tags)] };
}

/** m · (centre) + √(1−m²) · (a direction at right angles to it), m the greater of two uniform draws. */
function embeddingOf(
  index: number,
  original: number,
  { seed, dim, cosineToTopic: [low, high] }: WorldSettings,
  centres: Float64Array,
  plan: ItemPlan,
): Float32Array {
  const rng = createRng(deriveSeed(seed, 'embedding', original));
  const centre = centres.slice(plan.topic[original] * dim, (plan.topic[original] + 1) * dim);
  const second = plan.second[original];
  if (second >= 0) {
    addScaled(centre, centres.subarray(second * dim, (second + 1) * dim), 0.5 + 0.5 * rng.uniform());
    scaleToUnit(centre);
  }
  const cosine = low + (high - low) * Math.max(rng.uniform(), rng.uniform());
  const x = randomUnit(rng, dim);
  let along = 0;
  for (let i = 0; i < dim; i++) along += x[i] * centre[i];
  addScaled(x, centre, -along);
  scaleToUnit(x);
  const across = Math.sqrt(1 - cosine * cosine);
  for (let i = 0; i < dim; i++) x[i] = across * x[i] + cosine * centre[i];
  if (index !== original) {
    addScaled(x, randomUnit(createRng(deriveSeed(seed, 'repeat', index)), dim), 0.05);
    scaleToUnit(x);
  }
  return Float32Array.from(x);
}
