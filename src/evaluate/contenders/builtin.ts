import { PinnersageError } from '../../errors.js';
import type { Contender } from '../contender.js';
import { completeLinkage, kMeans } from './clusters.js';
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
    completeLinkage(),
    ward({ by: 'centroid', lambda: 0.01 }),
    ...[0, 0.01, 0.1].flatMap((lambda) => [ward({ lambda }), ward({ lambda, sampled: true })]),
    ward({ lambda: 0.01, e: 1, sampled: true }),
    ...([1, 2, 5, 10, 'all'] as const).map((e) => ward({ lambda: 0.01, e })),
    oracle(),
  ];
}

/** Those that are named, in the order of `builtIn`; all for none. */
export function contenders(args?: unknown): Contender[] {
  const all = builtIn();
  if (args === undefined) return all;
  const names = args as readonly string[];
  const known = all.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new PinnersageError('option-invalid', `contender: got "${unknown}", expected ${known.join(', ')}`);
  return all.filter(({ name }) => names.includes(name));
}
