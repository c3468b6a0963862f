import type { Estimate } from './bootstrap.js';
import type { Layout } from './layout.js';
import type { Ordering, Verdict } from './report.js';
import { headline, type MetricTable } from './table.js';

/** A claim `a ≤ b` holds where b is not below a by more than this. Unit: that of the metric, a share. */
export const tolerance = 0.01;

/** A difference above 0 for sure, below 0 for sure, or neither. */
export function verdictOf({ low, high }: Estimate): Verdict {
  if (low > 0) return 'holds';
  return high < 0 ? 'fails' : 'unclear';
}

function verdictOfAtLeast({ low, high }: Estimate): Verdict {
  if (low >= -tolerance) return 'holds';
  return high < 0 ? 'fails' : 'unclear';
}

const centroid = 'centroid-0.01';
const medoid = 'medoid-0.01';
const [e1, e3, e10] = ['medoid-0.01-e1', medoid, 'medoid-0.01-e10'];
const flattening = [e1, e3, e10];

interface Claim {
  readonly claim: string;
  readonly smaller: string;
  readonly larger: string;
  readonly atLeast?: boolean;
}

/** The orderings of the paper, each with what is seen here; only those whose contenders took part. */
export function orderingsOf(table: MetricTable, layout: Layout): Ordering[] {
  const [relevance, recall, rPrecision] = headline(layout);
  const found = [relevance, recall, rPrecision].flatMap((metric) => {
    const single = bestSingle(table, metric);
    const claims: Claim[] = [
      ...['kmeans-5', 'complete'].flatMap((larger) =>
        single === null ? [] : [{ claim: `single embedding < ${larger}`, smaller: single, larger }],
      ),
      ...['kmeans-5', 'complete'].map((smaller) => ({
        claim: `${smaller} < centroid`,
        smaller,
        larger: centroid,
      })),
      { claim: 'centroid ≤ medoid', smaller: centroid, larger: medoid, atLeast: true },
      { claim: 'λ = 0 < λ = .01', smaller: 'medoid-0', larger: medoid },
      { claim: 'λ = .1 < λ = .01', smaller: 'medoid-0.1', larger: medoid },
    ];
    return claims
      .filter(({ smaller, larger }) => table.has(smaller) && table.has(larger))
      .map(({ claim, smaller, larger, atLeast }) => {
        const difference = table.difference(larger, smaller, metric);
        const verdict = atLeast ? verdictOfAtLeast(difference) : verdictOf(difference);
        return { claim, metric, verdict, difference, against: smaller === single ? single : null };
      });
  });
  return flattening.every((name) => table.has(name)) ? [...found, flattens(table, relevance)] : found;
}

/** The gain from one interest to three exceeds that from three to ten. */
function flattens(table: MetricTable, metric: string): Ordering {
  const difference = table.of(flattening, metric, ([one, three, ten]) => three - one - (ten - three));
  const rises = table.difference(e3, e1, metric);
  const bend = verdictOf(difference);
  const verdict = bend === 'holds' && verdictOf(rises) !== 'holds' ? 'unclear' : bend;
  return { claim: 'relevance flattens near e = 3', metric, verdict, difference, against: null };
}

/** The single embedding with the best mean: chosen here and now, which favours it. */
export function bestSingle(
  table: MetricTable,
  metric: string,
  others: readonly string[] = [],
): string | null {
  const averages = ['average-0', 'average-0.01', 'average-0.1', 'average-0.25', ...others].filter((name) =>
    table.has(name),
  );
  if (averages.length === 0) return null;
  return averages.reduce((best, name) => (table.mean(name, metric) > table.mean(best, metric) ? name : best));
}
