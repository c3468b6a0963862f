import type { Estimate } from './bootstrap.js';
import { calibratedNames } from './contenders/recipe.js';
import type { Layout } from './layout.js';
import { bestSingle, verdictOf } from './orderings.js';
import { type ContenderReport, type EvaluationReport, popularityName, rerankedSuffix } from './report.js';
import { headline, type MetricTable } from './table.js';

type Found = Omit<EvaluationReport, 'words' | 'notes'>;

/** What won, where, and how surely, in sentences; no number that is not in the report. */
export function wordsOf(found: Found, table: MetricTable, layout: Layout): string[] {
  const rivals = found.contenders.filter(({ name, knowsFuture }) => !knowsFuture && !isReranked(name));
  if (found.protocol.steps === 0 || rivals.length < 2) return [];
  const metrics = headline(layout).filter((metric) => Number.isFinite(rivals[0].metrics[metric].mean));
  return [
    ...metrics.map((metric) => winner(rivals, metric, table)),
    ...bestPersonal(rivals, metrics, table),
    ...severalAgainstOne(
      rivals.filter(({ name }) => !isSingle(found, name)),
      metrics,
      table,
    ),
    ...ceiling(found.contenders, rivals, metrics[1] ?? metrics[0]),
    ...orderingWords(found),
    ...calibratedWords(found),
    ...spaceWords(rivals, metrics, table),
    ...exposureWords(found, table, metrics),
    ...segmentWords(found, rivals, metrics[1] ?? metrics[0]),
  ];
}

function winner(rivals: readonly ContenderReport[], metric: string, table: MetricTable): string {
  const falling = [...rivals].sort((a, b) => b.metrics[metric].mean - a.metrics[metric].mean);
  const [first, second] = falling;
  const lead = table.difference(first.name, second.name, metric);
  const surely = verdictOf(lead) === 'holds' ? 'surely ahead of' : 'not surely ahead of';
  const tied = falling
    .slice(1)
    .filter(({ name }) => verdictOf(table.difference(first.name, name, metric)) !== 'holds');
  const others = tied.length > 1 ? ` ${tied.length} contenders cannot be told from it.` : '';
  return (
    `${labelOf(metric)}: ${first.name} is first with ${shown(first.metrics[metric])}, ${surely} ${second.name} ` +
    `(by ${shown(lead)}).${others}`
  );
}

/** Where what is the same for everybody wins, what comes next. */
function bestPersonal(
  rivals: readonly ContenderReport[],
  metrics: readonly string[],
  table: MetricTable,
): string[] {
  const personal = rivals.filter(({ name }) => name !== popularityName);
  if (personal.length < 2 || personal.length === rivals.length) return [];
  return metrics
    .filter((metric) => best(rivals, metric).name === popularityName)
    .map((metric) => `Of what is personal: ${winner(personal, metric, table)}`);
}

function best(rivals: readonly ContenderReport[], metric: string): ContenderReport {
  return rivals.reduce((a, b) => (b.metrics[metric].mean > a.metrics[metric].mean ? b : a));
}

/** Whether calibration kept the single embedding. */
function isSingle({ calibrated }: Found, name: string): boolean {
  return calibrated.some(({ contender, isSame }) => isSame && contender === name);
}

/** The best of the models with several embeddings against the best single average, metric by metric. */
function severalAgainstOne(
  rivals: readonly ContenderReport[],
  metrics: readonly string[],
  table: MetricTable,
): string[] {
  const several = rivals.filter(({ name }) =>
    /^(medoid|centroid|kmeans|complete|calibrated$)[^@]*$/.test(name),
  );
  if (several.length === 0) return [];
  // What calibration has found for several embeddings, as a popularity prior, it has found for one too.
  const [chosen, itsSingle] = calibratedNames;
  const alike = several.some(({ name }) => name === chosen) ? [itsSingle] : [];
  return metrics.flatMap((metric) => {
    const single = bestSingle(table, metric, alike);
    if (single === null) return [];
    const first = best(several, metric);
    const difference = table.difference(first.name, single, metric);
    const verdict = { holds: 'win over', fails: 'lose to', unclear: 'cannot be told from' }[
      verdictOf(difference)
    ];
    return [
      `${labelOf(metric)}: several embeddings (best: ${first.name}) ${verdict} one (best: ${single}), by ${shown(difference)}.`,
    ];
  });
}

function ceiling(
  all: readonly ContenderReport[],
  rivals: readonly ContenderReport[],
  metric: string,
): string[] {
  const oracle = all.find(({ name }) => name === 'oracle');
  if (!oracle) return [];
  const first = best(rivals, metric);
  return [
    `${labelOf(metric)}: asking from the closest item of the user's past, known afterwards, would reach ` +
      `${shown(oracle.metrics[metric])}; the best contender, ${first.name}, reaches ${shown(first.metrics[metric])}.`,
  ];
}

function orderingWords({ orderings }: Found): string[] {
  if (orderings.length === 0) return [];
  const count = (verdict: string): number =>
    orderings.filter((ordering) => ordering.verdict === verdict).length;
  return [
    `Of ${orderings.length} orderings of the paper ${count('holds')} hold here, ${count('fails')} fail, ` +
      `${count('unclear')} are unclear.`,
  ];
}

/** Whether what calibration chose holds in the test. */
function calibratedWords({ calibrated }: Found): string[] {
  return calibrated.map(({ space, isSame, keepsRecall, betterOn, worseOn }) => {
    const head = `Space "${space}", as calibrated, less its best single embedding:`;
    if (isSame) return `${head} the same, calibration kept the single embedding.`;
    const list = (metrics: readonly string[]): string =>
      metrics.length > 0 ? metrics.map(labelOf).join(', ') : 'nothing';
    return (
      `${head} surely better on ${list(betterOn)}; surely worse on ${list(worseOn)}; recall ` +
      `${keepsRecall ? 'nowhere' : 'somewhere'} below −.02 at the lower end of its interval.`
    );
  });
}

/** The best of each space that was walked beside, against the best of the first: which embedding to build. */
function spaceWords(
  rivals: readonly ContenderReport[],
  metrics: readonly string[],
  table: MetricTable,
): string[] {
  const spaces = [...new Set(rivals.map(({ name }) => spaceOf(name)).filter((space) => space !== null))];
  const own = rivals.filter(({ name }) => spaceOf(name) === null && name !== popularityName);
  if (own.length === 0) return [];
  return spaces.flatMap((space) =>
    metrics.map((metric) => {
      const [here, there] = [
        best(own, metric),
        best(
          rivals.filter(({ name }) => spaceOf(name) === space),
          metric,
        ),
      ];
      const difference = table.difference(there.name, here.name, metric);
      const verdict = { holds: 'wins over', fails: 'loses to', unclear: 'cannot be told from' }[
        verdictOf(difference)
      ];
      return `${labelOf(metric)}: space "${space}" (best: ${there.name}) ${verdict} this one (best: ${here.name}), by ${shown(difference)}.`;
    }),
  );
}

function spaceOf(name: string): string | null {
  const at = name.indexOf('@');
  return at < 0 ? null : name.slice(at + 1);
}

function isReranked(name: string): boolean {
  return name.endsWith(rerankedSuffix);
}

/** What re-ranking by exposure costs, and what it gives. */
function exposureWords(found: Found, table: MetricTable, metrics: readonly string[]): string[] {
  const metric = metrics[1] ?? metrics[0];
  return found.contenders
    .filter(({ name }) => isReranked(name))
    .flatMap((after) => {
      const name = after.name.slice(0, -rerankedSuffix.length);
      const before = found.contenders.find((contender) => contender.name === name);
      if (!before) return [];
      return [
        `Re-ranked by exposure, ${name} changes its ${metric} by ${shown(table.difference(after.name, name, metric))}, the share of the ` +
          `tail from ${short(before.metrics.tail.mean)} to ${short(after.metrics.tail.mean)}, coverage from ` +
          `${short(before.exposure.coverage)} to ${short(after.exposure.coverage)}, Gini from ${short(before.exposure.gini)} to ` +
          `${short(after.exposure.gini)}; ${gapWords(found, name, after.name)}.`,
      ];
    });
}

/** How the gap between the best and the worst served group moves, segmentation by segmentation. */
function gapWords({ segments }: Found, before: string, after: string): string {
  const moved = segments.flatMap(({ by, gaps }) => {
    const of = (name: string) => gaps.find(({ contender }) => contender === name)?.gap.mean;
    const [a, b] = [of(before), of(after)];
    return a === undefined || b === undefined ? [] : [`by ${by} from ${short(a)} to ${short(b)}`];
  });
  return moved.length === 0
    ? 'too few users for gaps between groups'
    : `gaps between groups: ${moved.join(', ')}`;
}

function segmentWords({ segments }: Found, rivals: readonly ContenderReport[], metric: string): string[] {
  const personal = rivals.filter(({ name }) => name !== popularityName);
  if (personal.length === 0) return [];
  const served = best(personal, metric).name;
  return segments.flatMap(({ by, gaps }) => {
    const gap = gaps.find(({ contender }) => contender === served);
    if (!gap) return [];
    const sure = verdictOf(gap.gap) === 'holds' ? '' : ', not surely';
    return [
      `By ${by}, ${served} serves ${gap.best} best and ${gap.worst} worst: ${labelOf(metric)} ${shown(gap.gap)} apart${sure}.`,
    ];
  });
}

/** .312 [.290, .335] */
export function shown({ mean, low, high }: Estimate): string {
  return `${short(mean)} [${short(low)}, ${short(high)}]`;
}

export function short(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3).replace(/^(-?)0\./, '$1.') : '-';
}

const labels: { readonly [metric: string]: string } = {
  rPrecision: 'R-precision',
  reciprocalRank: 'reciprocal rank',
};

/** A metric as people call it. */
export function labelOf(metric: string): string {
  return labels[metric] ?? metric;
}
