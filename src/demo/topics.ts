import { deriveSeed } from '../math/hash.js';
import { createRng, type Rng } from '../math/rng.js';
import { type Area, areas } from './words.js';

export interface Topic {
  readonly id: number;
  /** "mid-century table lamps" */
  readonly name: string;
  /** Number of the broad area it belongs to; centres within one area are correlated. */
  readonly areaId: number;
  readonly area: Area;
  readonly style: string;
  readonly subject: string;
}

/** More topics than this cannot be named. */
export const maxTopics = areas.reduce((sum, area) => sum + area.styles.length * area.subjects.length, 0);

/** Cosine between the centres of two topics of one area; 0 on average between areas. */
const areaCosine = 0.45;

/** `count` topics, dealt over the areas in turn; within an area the order of style and subject is shuffled. */
export function createTopics(count: number, seed: number): Topic[] {
  const decks = areas.map((area, areaId) => {
    const pairs = area.styles.flatMap((style) => area.subjects.map((subject) => ({ style, subject })));
    shuffle(pairs, createRng(deriveSeed(seed, 'topics', areaId)));
    return pairs;
  });
  return Array.from({ length: count }, (_, id) => {
    const areaId = id % areas.length;
    const { style, subject } = decks[areaId][Math.floor(id / areas.length)];
    return { id, name: `${style} ${subject}`, areaId, area: areas[areaId], style, subject };
  });
}

function shuffle<T>(list: T[], rng: Rng): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [list[i], list[j]] = [list[j], list[i]];
  }
}

/** Unit vectors, topics × dim: √c · (direction of the area) + √(1−c) · (own direction), c = `areaCosine`. */
export function createCentres(topics: readonly Topic[], dim: number, seed: number): Float64Array {
  const directions = areas.map((_, areaId) => randomUnit(createRng(deriveSeed(seed, 'area', areaId)), dim));
  const centres = new Float64Array(topics.length * dim);
  for (const { id, areaId } of topics) {
    const own = randomUnit(createRng(deriveSeed(seed, 'centre', id)), dim);
    const centre = centres.subarray(id * dim, (id + 1) * dim);
    addScaled(centre, directions[areaId], Math.sqrt(areaCosine));
    addScaled(centre, own, Math.sqrt(1 - areaCosine));
    scaleToUnit(centre);
  }
  return centres;
}

/** Uniform over directions. */
export function randomUnit(rng: Rng, dim: number): Float64Array {
  return scaleToUnit(Float64Array.from({ length: dim }, () => rng.normal()));
}

export function addScaled(to: Float64Array, from: Float64Array, factor: number): void {
  for (let i = 0; i < to.length; i++) to[i] += factor * from[i];
}

export function scaleToUnit(x: Float64Array): Float64Array {
  let squared = 0;
  for (const value of x) squared += value * value;
  const scale = 1 / Math.sqrt(squared);
  for (let i = 0; i < x.length; i++) x[i] *= scale;
  return x;
}
