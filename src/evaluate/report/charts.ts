import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Estimate } from '../bootstrap.js';
import { type ContenderReport, type EvaluationReport, popularityName } from '../report.js';

/** Kinds of contenders, as they are told apart by colour. */
const families = [
  { name: 'not personal', color: '#8a8f98', matches: /^popularity/ },
  { name: 'one embedding', color: '#3b6fb6', matches: /^(last|average)/ },
  { name: 'several embeddings', color: '#d9772b', matches: /^(random|kmeans-\d|complete|centroid|medoid)/ },
  { name: 'calibrated', color: '#2c8a57', matches: /^calibrated/ },
  { name: 'knows the future', color: '#22252a', matches: /^(oracle|kmeans-oracle)/ },
  { name: 'your own', color: '#a04f9c', matches: /^/ },
] as const;

function familyOf(contender: string): string {
  return (families.find(({ matches }) => matches.test(contender)) ?? families[families.length - 1]).name;
}

const { document } = parseHTML('<html><body></body></html>');

interface Interval {
  readonly name: string;
  readonly family: string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

function interval(name: string, { mean, low, high }: Estimate): Interval {
  return { name, family: familyOf(name), mean, low, high };
}

const base = { document, width: 800, marginBottom: 44, style: { fontSize: '12px', fontFamily: 'inherit' } };
/** Below the ticks, not among them. */
const labelOffset = 38;

function colorOf(rows: readonly { readonly family: string }[]): Plot.ScaleOptions {
  const used = families.filter(({ name }) => rows.some(({ family }) => family === name));
  return { domain: used.map(({ name }) => name), range: used.map(({ color }) => color) };
}

/** Means of one metric with their intervals, the best on top. */
export function metricChart(contenders: readonly ContenderReport[], metric: string, label: string): string {
  const rows = contenders
    .map(({ name, metrics }) => interval(name, metrics[metric]))
    .filter(({ mean }) => Number.isFinite(mean));
  return intervals(rows, label, [Plot.ruleX([0], { stroke: '#bbb' })]);
}

/** Paired differences from the baseline of what is personal and possible. */
export function differenceChart({ contenders, baseline }: EvaluationReport, metric: string): string {
  const rows = contenders
    .filter(({ name, knowsFuture }) => name !== baseline && name !== popularityName && !knowsFuture)
    .map(({ name, differences }) => interval(name, differences[metric]))
    .filter(({ mean }) => Number.isFinite(mean));
  return intervals(rows, `${metric}, minus ${baseline}`, [
    Plot.ruleX([0], { stroke: '#444', strokeWidth: 1.2 }),
  ]);
}

function intervals(rows: readonly Interval[], label: string, marks: readonly Plot.Markish[]): string {
  if (rows.length === 0) return '';
  return draw({
    ...base,
    height: 68 + 18 * rows.length,
    marginLeft: 190,
    marginRight: 24,
    x: { label, labelOffset, grid: true, nice: true },
    y: { label: null, domain: [...rows].sort((a, b) => b.mean - a.mean).map(({ name }) => name) },
    color: colorOf(rows),
    marks: [
      ...marks,
      Plot.ruleY(rows, {
        y: 'name',
        x1: 'low',
        x2: 'high',
        stroke: 'family',
        strokeWidth: 2.5,
        strokeOpacity: 0.45,
      }),
      Plot.dot(rows, { y: 'name', x: 'mean', fill: 'family', r: 4 }),
    ],
  });
}

/** Lines that a reader compares; more would hide each other. */
const compared =
  /^(popularity|last|average-0\.01|kmeans-5|centroid-0\.01|medoid-0\.01|medoid-0\.01-sampled|calibrated|oracle)$/;

/** A metric by the number of candidates, both on logarithmic paper for the number. */
export function budgetChart({ contenders, protocol }: EvaluationReport, metric: string): string {
  const shown = contenders.filter(({ name }) => compared.test(name) || familyOf(name) === 'your own');
  const rows = shown.flatMap(({ name, metrics }) =>
    protocol.budgets.map((budget) => ({ budget, ...interval(name, metrics[`${metric}@${budget}`]) })),
  );
  if (protocol.budgets.length < 2) return '';
  const last = protocol.budgets[protocol.budgets.length - 1];
  const ends = spread(rows.filter(({ budget }) => budget === last));
  return draw({
    ...base,
    height: 360,
    marginRight: 150,
    x: {
      type: 'log',
      label: 'candidates',
      labelOffset,
      ticks: [...protocol.budgets],
      tickFormat: (n: number) => String(n),
    },
    y: { label: metric, grid: true, nice: true },
    color: colorOf(rows),
    marks: [
      Plot.line(rows, { x: 'budget', y: 'mean', z: 'name', stroke: 'family', strokeWidth: 1.8 }),
      Plot.dot(rows, { x: 'budget', y: 'mean', fill: 'family', r: 2.5 }),
      Plot.text(ends, { x: last, y: 'at', text: 'name', textAnchor: 'start', dx: 8, fill: 'family' }),
    ],
  });
}

/** Labels at the right end, pushed apart where lines end close together. */
function spread<T extends { readonly mean: number }>(ends: readonly T[]): (T & { at: number })[] {
  const rising = [...ends].sort((a, b) => a.mean - b.mean).map((end) => ({ ...end, at: end.mean }));
  const least = 0.046 * Math.max(...ends.map(({ mean }) => mean), 0);
  for (let i = 1; i < rising.length; i++) rising[i].at = Math.max(rising[i].at, rising[i - 1].at + least);
  return rising;
}

/** Relevance against diversity for rising numbers of interests. */
export function curveChart({ curve, protocol }: EvaluationReport): string {
  if (curve.length < 2) return '';
  const rows = curve.map(({ e, relevance, diversity }) => ({
    label: `e = ${e}`,
    relevance: relevance.mean,
    low: relevance.low,
    high: relevance.high,
    diversity: diversity.mean,
  }));
  return draw({
    ...base,
    height: 320,
    marginRight: 60,
    x: { label: 'diversity of candidates (random items: 1)', labelOffset, grid: true, nice: true },
    y: { label: `relevance@${protocol.budget}`, grid: true, nice: true },
    marks: [
      Plot.ruleX(rows, {
        x: 'diversity',
        y1: 'low',
        y2: 'high',
        stroke: '#d9772b',
        strokeOpacity: 0.4,
        strokeWidth: 2.5,
      }),
      Plot.line(rows, { x: 'diversity', y: 'relevance', stroke: '#d9772b' }),
      Plot.dot(rows, { x: 'diversity', y: 'relevance', fill: '#d9772b', r: 4 }),
      Plot.text(rows, { x: 'diversity', y: 'relevance', text: 'label', dy: -12, dx: 6, textAnchor: 'start' }),
    ],
  });
}

/** How some contenders serve groups of users. */
export function segmentChart(
  { segments }: EvaluationReport,
  names: readonly string[],
  metric: string,
): string {
  const rows = segments.flatMap(({ by, groups }) =>
    groups.flatMap(({ name, users, contenders }) =>
      names.map((contender) => ({
        by,
        group: `${name} (${users})`,
        contender,
        ...contenders[contender][metric],
      })),
    ),
  );
  const usable = rows.filter(({ mean }) => Number.isFinite(mean));
  if (usable.length === 0) return '';
  const groups = [...new Set(usable.map(({ by, group }) => `${by}: ${group}`))];
  const placed = usable.map((row) => ({ ...row, place: `${row.by}: ${row.group}` }));
  return draw({
    ...base,
    height: 60 + 14 * names.length * groups.length,
    marginLeft: 260,
    marginRight: 24,
    x: { label: metric, labelOffset, grid: true, nice: true },
    y: { label: null, axis: null, domain: [...names] },
    fy: { label: null, domain: groups, axis: 'left', padding: 0.15 },
    facet: { marginLeft: 260 },
    color: { domain: [...names], range: ['#3b6fb6', '#d9772b', '#2c8a57', '#8a8f98'], legend: false },
    marks: [
      Plot.ruleX([0], { stroke: '#bbb' }),
      Plot.ruleY(placed, {
        fy: 'place',
        y: 'contender',
        x1: 'low',
        x2: 'high',
        stroke: 'contender',
        strokeWidth: 2.5,
        strokeOpacity: 0.45,
      }),
      Plot.dot(placed, { fy: 'place', y: 'contender', x: 'mean', fill: 'contender', r: 3.5 }),
    ],
  });
}

export interface LegendEntry {
  readonly name: string;
  readonly color: string;
}

export function familyLegend(contenders: readonly ContenderReport[]): LegendEntry[] {
  return families.filter(({ name }) => contenders.some((contender) => familyOf(contender.name) === name));
}

function draw(options: object): string {
  return (Plot.plot(options as Plot.PlotOptions) as unknown as { readonly outerHTML: string }).outerHTML;
}
