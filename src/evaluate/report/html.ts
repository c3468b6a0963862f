import type { Estimate } from '../bootstrap.js';
import { comparedMetrics } from '../calibrated.js';
import type { ContenderReport, EvaluationReport, ProtocolReport } from '../report.js';
import { labelOf, short } from '../words.js';
import {
  budgetChart,
  curveChart,
  differenceChart,
  familyLegend,
  type LegendEntry,
  metricChart,
  segmentChart,
} from './charts.js';
import { escapeHtml, htmlTable } from './htmltext.js';
import { style } from './style.js';

/** One self-contained page: opens offline, prints, and says in words what won, where, and how surely. */
export function htmlOf(report: EvaluationReport): string {
  const { protocol } = report;
  const parts =
    protocol.steps === 0
      ? [head(protocol), notes(report)]
      : [
          head(protocol),
          words(report),
          quality(report),
          budgets(report),
          curve(report),
          orderings(report),
          calibrated(report),
          groups(report),
          table(report),
          setting(protocol),
          notes(report),
          caution,
        ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Evaluation of space ${escapeHtml(protocol.space)}</title><style>${style}</style></head>
<body>
${parts.filter((part) => part !== '').join('\n')}
</body></html>
`;
}

function head({ space, users, steps, targets, budget, catalog, from, to }: ProtocolReport): string {
  return `<h1>Who finds what people do next?</h1>
<p class="lead">Space “${escapeHtml(space)}”, ${catalog.toLocaleString('en-US')} items. ${users.toLocaleString('en-US')} users walked from
${from.slice(0, 10)} to ${to.slice(0, 10)}: ${steps.toLocaleString('en-US')} user steps, ${targets.toLocaleString('en-US')} items to foretell.
Figures are for ${budget} candidates (${((100 * budget) / catalog).toPrecision(2)} % of the catalog) unless they say otherwise; bars are 95 % intervals.</p>`;
}

function words({ words: found }: EvaluationReport): string {
  return `<h2>In words</h2>\n<ul class="words">${found.map((text) => `<li>${escapeHtml(text)}</li>`).join('\n')}</ul>`;
}

function quality(report: EvaluationReport): string {
  const { contenders, protocol, baseline } = report;
  const { budget, rankAgainst } = protocol;
  return `<h2>Quality</h2>\n${legend(familyLegend(contenders))}
${figure(metricChart(contenders, `recall@${budget}`, `recall@${budget}`), `Share of the items acted on that are among ${budget} candidates.`)}
${figure(metricChart(contenders, `relevance@${budget}`, `relevance@${budget}`), `Share with a candidate at cosine ${protocol.relevanceCosine} or nearer.`)}
${figure(metricChart(contenders, 'rPrecision', 'R-precision'), `Ranking against ${rankAgainst === 'impressions' ? 'what was shown beside them' : 'sampled items'}.`)}
${figure(differenceChart(report, `recall@${budget}`), `Paired by user: right of the line is better than ${escapeHtml(baseline)}. Without popularity, which is not personal.`)}`;
}

function budgets(report: EvaluationReport): string {
  const chart = budgetChart(report, 'recall');
  return chart === ''
    ? ''
    : `<h2>By number of candidates</h2>\n${figure(chart, 'Recall of some contenders; every one is in the CSV and JSON.')}`;
}

function curve(report: EvaluationReport): string {
  const chart = curveChart(report);
  return chart === ''
    ? ''
    : `<h2>Relevance and diversity by interests asked</h2>\n${figure(chart, 'Medoids of the e weightiest interests, λ = .01.')}`;
}

function orderings({ orderings: found }: EvaluationReport): string {
  if (found.length === 0) return '';
  const rows = found.map(({ claim, metric, verdict, difference, against }) => ({
    cells: [
      escapeHtml(against === null ? claim : `${claim} (one: ${against})`),
      escapeHtml(labelOf(metric)),
      `<span class="verdict ${verdict}">${verdict}</span>`,
      estimate(difference),
    ],
  }));
  const columns = [
    { title: 'claim of the paper' },
    { title: 'metric' },
    { title: 'here' },
    { title: 'difference', isNumber: true },
  ];
  return `<h2>The orderings of the paper</h2>\n${htmlTable(columns, rows)}`;
}

function calibrated({ calibrated: found, protocol }: EvaluationReport): string {
  if (found.length === 0) return '';
  const columns = [{ title: 'metric' }, ...found.map(({ space }) => ({ title: space, isNumber: true }))];
  const rows = comparedMetrics(protocol).map((metric) => ({
    cells: [escapeHtml(labelOf(metric)), ...found.map(({ differences }) => estimate(differences[metric]))],
  }));
  return `<h2>As calibrated, less the best single embedding</h2>\n<p>Paired by user, per space; 0 where calibration kept the single embedding.</p>\n${htmlTable(columns, rows)}`;
}

function groups(report: EvaluationReport): string {
  const { contenders, baseline, protocol } = report;
  const metric = `recall@${protocol.budget}`;
  const best = contenders
    .filter(({ knowsFuture }) => !knowsFuture)
    .reduce((a, b) => (b.metrics[metric].mean > a.metrics[metric].mean ? b : a)).name;
  const wanted = [baseline, 'medoid-0.01', 'calibrated', best].filter((name) =>
    contenders.some((one) => one.name === name),
  );
  const names = [...new Set(wanted)];
  const chart = segmentChart(report, names, metric);
  if (chart === '') return '';
  const colors = ['#3b6fb6', '#d9772b', '#2c8a57', '#8a8f98'];
  const key = names.map((name, i) => ({ name, color: colors[i] }));
  return `<h2>Whom they serve</h2>\n${legend(key)}\n${figure(chart, 'Users in thirds as of their first step (number of users in brackets), and by attribute.')}`;
}

function table({ contenders, baseline, protocol }: EvaluationReport): string {
  const { budget } = protocol;
  const quality = [
    `relevance@${budget}`,
    `recall@${budget}`,
    `hit@${budget}`,
    `ndcg@${budget}`,
    'rPrecision',
    'reciprocalRank',
  ];
  const lists = ['diversity', 'novelty', 'tail'];
  const lifted = [quality[0], quality[1], quality[4], quality[5]];
  const rows = (cells: (one: ContenderReport) => readonly string[]) =>
    contenders.map((one) => ({
      ...(one.name === baseline ? { className: 'baseline' } : {}),
      cells: [escapeHtml(one.name), ...cells(one)],
    }));
  const columns = (titles: readonly string[]) => [
    { title: 'contender' },
    ...titles.map((title) => ({ title, isNumber: true })),
  ];
  const first = htmlTable(
    columns(['relevance', 'recall', 'hit rate', 'nDCG', 'R-precision', 'rec. rank', 'lifts over last, %']),
    rows(({ metrics, lifts }) => [
      ...quality.map((metric) => estimate(metrics[metric])),
      lifted.map((metric) => (lifts[metric] ? Math.round(lifts[metric].mean) : '-')).join(' / '),
    ]),
  );
  const second = htmlTable(
    columns(['diversity', 'novelty', 'tail', 'coverage', 'Gini']),
    rows(({ metrics, exposure }) => [
      ...lists.map((metric) => estimate(metrics[metric])),
      short(exposure.coverage),
      short(exposure.gini),
    ]),
  );
  const about = contenders.map((one) => ({ cells: [escapeHtml(one.name), escapeHtml(one.about)] }));
  return `<h2>All figures at ${budget} candidates</h2>\n${first}
<p>Lifts as in the paper: relevance / recall / R-precision / reciprocal rank, in per cent over the item acted on last.</p>\n${second}
<p>Diversity: mean pairwise cosine distance, random items being 1. Novelty: bits. Tail: share outside the fifth of the catalog that most users
acted on. Coverage: share of the catalog shown to anybody. Gini: inequality of exposure, 0 to 1.</p>
<h3>Contenders</h3>\n${htmlTable([{ title: 'name' }, { title: 'what it is' }], about)}`;
}

function setting(protocol: ProtocolReport): string {
  const rows = Object.entries(protocol).map(([name, value]) => ({
    cells: [escapeHtml(name), escapeHtml(Array.isArray(value) ? value.join(', ') : String(value))],
  }));
  return `<h2>Setting</h2>\n${htmlTable([{ title: 'what' }, { title: 'value' }], rows)}`;
}

function notes({ notes: found }: EvaluationReport): string {
  return found.map((text) => `<div class="note">${escapeHtml(text)}</div>`).join('\n');
}

const caution = `<h2>What not to conclude</h2>
<p>People were not shown these candidates: an item counts only if somebody found it anyway, so what is popular or easily found is favoured, and a better
list nobody saw scores nothing. A difference whose interval holds 0 is none. Of many contenders the first is first partly by luck. Groups differ in more than
what they are named after. The figures belong to this log, this space and this number of candidates.</p>`;

function estimate({ mean, low, high }: Estimate): string {
  return `${short(mean)}<br><span class="interval">${short(low)} – ${short(high)}</span>`;
}

function figure(chart: string, caption: string): string {
  return chart === '' ? '' : `<figure>${chart}<figcaption>${caption}</figcaption></figure>`;
}

function legend(entries: readonly LegendEntry[]): string {
  const spans = entries.map(
    ({ name, color }) => `<span><i style="background:${color}"></i>${escapeHtml(name)}</span>`,
  );
  return `<p class="legend">${spans.join('')}</p>`;
}
