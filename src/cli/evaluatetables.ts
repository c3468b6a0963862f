import type { Estimate } from '../evaluate/bootstrap.js';
import { comparedMetrics } from '../evaluate/calibrated.js';
import type { EvaluationReport, ProtocolReport } from '../evaluate/report.js';
import { short, shown } from '../evaluate/words.js';
import { format, table } from './output.js';

/** The report as it is read on a terminal. */
export function tablesOf(report: EvaluationReport): string {
  const { protocol, words } = report;
  if (protocol.steps === 0) return headOf(protocol);
  return [
    headOf(protocol),
    means(report),
    compared(report),
    budgets(report),
    curve(report),
    orderings(report),
    calibrated(report),
    segments(report),
    words.join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function headOf(protocol: ProtocolReport): string {
  const { regime } = protocol;
  const lies =
    regime.interests === null || regime.cosine === null
      ? ''
      : `\non the map of bench regimes: ${regime.interests.toFixed(1)} interests, cosine ${regime.cosine.toFixed(2)}`;
  const { space, dim, catalog, alpha, lambda, windowDays, budget, from, to, stepDays, refits } = protocol;
  return (
    `space "${space}" (${dim} dimensions), ${format(catalog)} items, alpha ${format(alpha)}, lambda ${lambda}, window ${windowDays} days\n` +
    `test ${from.slice(0, 10)} to ${to.slice(0, 10)}, step ${stepDays} days, ${refits} fits; ${format(protocol.users)} of ` +
    `${format(protocol.eligibleUsers)} users, ${format(protocol.steps)} (user, step), ${format(protocol.targets)} items to foretell; ` +
    `${budget} candidates (${format((100 * budget) / catalog)} % of the catalog)${lies}`
  );
}

function headMetrics({ budget }: ProtocolReport): string[] {
  return [`relevance@${budget}`, `recall@${budget}`, 'rPrecision', 'reciprocalRank'];
}

function means({ protocol, contenders }: EvaluationReport): string {
  const { budget } = protocol;
  const metrics = [
    `relevance@${budget}`,
    `recall@${budget}`,
    `hit@${budget}`,
    `ndcg@${budget}`,
    'rPrecision',
    'reciprocalRank',
    'diversity',
    'novelty',
    'tail',
  ];
  const head = [
    'contender',
    'relevance',
    'recall',
    'hit',
    'nDCG',
    'R-prec.',
    'rec. rank',
    'diversity',
    'novelty',
    'tail',
    'coverage',
    'Gini',
  ];
  const rows = contenders.map(({ name, metrics: found, exposure }) => [
    name,
    ...metrics.map((metric) => short(found[metric].mean)),
    short(exposure.coverage),
    short(exposure.gini),
  ]);
  return `Means over (user, step) at ${budget} candidates\n${table(head, rows)}`;
}

function compared({ protocol, baseline, contenders }: EvaluationReport): string {
  const metrics = headMetrics(protocol);
  const rows = contenders
    .filter(({ name }) => name !== baseline)
    .map(({ name, differences, lifts }) => [
      name,
      ...metrics.slice(0, 3).map((metric) => shown(differences[metric])),
      metrics.map((metric) => percent(lifts[metric])).join(' / '),
    ]);
  return (
    `Minus ${baseline}, paired, 95 %; lifts over the last item in per cent (relevance / recall / R-precision / reciprocal rank)\n` +
    table(['contender', 'relevance', 'recall', 'R-precision', 'lifts'], rows)
  );
}

function percent(lift: Estimate | null | undefined): string {
  return lift ? String(Math.round(lift.mean)) : '-';
}

function budgets({ protocol, contenders }: EvaluationReport): string {
  const rows = contenders.map(({ name, metrics }) => [
    name,
    ...protocol.budgets.map((budget) => short(metrics[`recall@${budget}`].mean)),
  ]);
  return `Recall by number of candidates\n${table(['contender', ...protocol.budgets.map(String)], rows)}`;
}

function curve({ curve: points }: EvaluationReport): string {
  if (points.length === 0) return '';
  const rows = points.map(({ e, relevance, diversity }) => [String(e), shown(relevance), shown(diversity)]);
  return `Interests asked (medoids, λ = .01)\n${table(['e', 'relevance', 'diversity'], rows)}`;
}

function orderings({ orderings: found }: EvaluationReport): string {
  if (found.length === 0) return '';
  const rows = found.map(({ claim, metric, verdict, difference, against }) => [
    claim,
    metric,
    verdict,
    shown(difference),
    against ?? '',
  ]);
  return `Orderings of the paper\n${table(['claim', 'metric', 'verdict', 'difference', 'single'], rows)}`;
}

function calibrated({ protocol, calibrated: found }: EvaluationReport): string {
  if (found.length === 0) return '';
  const metrics = comparedMetrics(protocol);
  const rows = metrics.map((metric) => [
    metric,
    ...found.map(({ differences }) => shown(differences[metric])),
  ]);
  const head = ['metric', ...found.map(({ contender }) => contender)];
  return `As calibrated, less the best single embedding of the same calibration, paired, 95 %\n${table(head, rows)}`;
}

/** Recall by group of the contenders that are compared most: the baseline and the one with the best recall. */
function segments({ protocol, baseline, contenders, segments: found }: EvaluationReport): string {
  const metric = `recall@${protocol.budget}`;
  const best = contenders
    .filter(({ knowsFuture }) => !knowsFuture)
    .reduce((a, b) => (b.metrics[metric].mean > a.metrics[metric].mean ? b : a)).name;
  const names = [...new Set([baseline, best])];
  const rows = found.flatMap(({ by, groups }) =>
    groups.map(({ name, users, contenders: served }) => [
      by,
      name,
      users,
      ...names.map((one) => shown(served[one][metric])),
    ]),
  );
  return `Recall by group of users\n${table(['by', 'group', 'users', ...names], rows)}`;
}
