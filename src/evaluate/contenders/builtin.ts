import { PinnersageError } from '../../errors.js';
import type { Contender } from '../contender.js';
import { completeLinkage, kMeans, kMeansOracle } from './clusters.js';
import { withExposure } from './exposure.js';
import { oracle } from './oracle.js';
import { popularity } from './popularity.js';
import { randomItems } from './random.js';
import { decayAverage, lastItem } from './single.js';
import { ward } from './ward.js';

/** The rivals of the paper, and what bounds them from below and above. */
export function builtIn(): Contender[] {
  return [
    popularity(),
    lastItem(),
    ...[0, 0.01, 0.1, 0.25].map(decayAverage),
    randomItems(),
    kMeans(3),
    kMeans(5),
    kMeansOracle(),
    completeLinkage(),
    ward({ by: 'centroid', lambda: 0.01 }),
    ...[0, 0.01, 0.1].flatMap((lambda) => [ward({ lambda }), ward({ lambda, sampled: true })]),
    ward({ lambda: 0.01, e: 1, sampled: true }),
    ...([1, 2, 5, 10, 'all'] as const).map((e) => ward({ lambda: 0.01, e })),
    oracle(),
  ];
}

export interface BuiltInChoice {
  /** Those that are named, in the order of `builtIn`. Default: all. */
  readonly names?: readonly string[];
  /** Adds, for some of them, a copy that is re-ranked by exposure. Default: 0, none. Range: ≥ 0. */
  readonly exposureStrength?: number;
}

/** Whose re-ranked copies are of interest: the single embedding, the paper's method, what everybody gets. */
const reranked = ['popularity', 'average-0.01', 'medoid-0.01', 'medoid-0.01-sampled'];

export function contenders(args?: unknown): Contender[] {
  const { names, exposureStrength = 0 } = (args ?? {}) as BuiltInChoice;
  const all = builtIn();
  const known = all.map(({ name }) => name);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new PinnersageError('option-invalid', `contender: got "${unknown}", expected ${known.join(', ')}`);
  if (!(exposureStrength >= 0 && Number.isFinite(exposureStrength)))
    throw new PinnersageError(
      'option-invalid',
      `exposureStrength: got ${exposureStrength}, expected a finite number ≥ 0`,
    );
  const chosen = all.filter(({ name }) => names?.includes(name) ?? true);
  const again = exposureStrength > 0 ? chosen.filter(({ name }) => reranked.includes(name)) : [];
  return [...chosen, ...again.map((contender) => withExposure(contender, exposureStrength))];
}
