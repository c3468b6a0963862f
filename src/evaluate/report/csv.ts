import type { Estimate } from '../bootstrap.js';
import type { EvaluationReport } from '../report.js';

const head = ['kind', 'contender', 'group', 'metric', 'mean', 'low', 'high'];

/** Every figure with its interval, one per line: means, differences, lifts, exposure, segments, orderings, calibrations. */
export function csvOf(report: EvaluationReport): string {
  const lines = [head, ...rowsOf(report)];
  return `${lines.map((cells) => cells.map(cell).join(',')).join('\n')}\n`;
}

type Row = readonly (string | number)[];

function* rowsOf({ contenders, segments, orderings, calibrated, curve }: EvaluationReport): Iterable<Row> {
  for (const { name, metrics, differences, lifts, exposure } of contenders) {
    for (const [metric, estimate] of Object.entries(metrics)) yield row('mean', name, '', metric, estimate);
    for (const [metric, estimate] of Object.entries(differences))
      yield row('difference', name, '', metric, estimate);
    for (const [metric, estimate] of Object.entries(lifts))
      if (estimate) yield row('lift', name, '', metric, estimate);
    for (const [metric, value] of Object.entries(exposure))
      yield ['exposure', name, '', metric, value, '', ''];
  }
  for (const { by, groups } of segments)
    for (const group of groups)
      for (const [name, metrics] of Object.entries(group.contenders))
        for (const [metric, estimate] of Object.entries(metrics))
          yield row('segment', name, `${by}: ${group.name}`, metric, estimate);
  for (const { e, relevance, diversity } of curve) {
    yield row('curve', `e = ${e}`, '', 'relevance', relevance);
    yield row('curve', `e = ${e}`, '', 'diversity', diversity);
  }
  for (const { contender, against, differences } of calibrated)
    for (const [metric, estimate] of Object.entries(differences))
      yield row('calibrated', contender, against, metric, estimate);
  for (const { claim, metric, verdict, difference } of orderings)
    yield row('ordering', claim, verdict, metric, difference);
}

function row(
  kind: string,
  contender: string,
  group: string,
  metric: string,
  { mean, low, high }: Estimate,
): Row {
  return [kind, contender, group, metric, mean, low, high];
}

function cell(value: string | number): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  return /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
