import { Command } from 'commander';
import { expectedOf, largestNumber } from '../cluster/check.js';
import { cut } from '../cluster/cut.js';
import { medoids, ward } from '../cluster/ward.js';
import { PinnersageError } from '../errors.js';
import { readNpyDouble } from '../files/npy.js';
import { print, printJson, table } from './output.js';

interface Flags {
  readonly alpha: string;
  readonly normalize: boolean;
  readonly heights?: boolean;
  readonly json?: boolean;
}

interface Report {
  readonly n: number;
  readonly d: number;
  readonly alpha: number;
  readonly labels: readonly number[];
  readonly clusters: readonly {
    readonly medoid: number;
    readonly size: number;
    readonly members: readonly number[];
  }[];
  readonly heights?: readonly number[];
}

export function clusterCommand(): Command {
  return new Command('cluster')
    .description(
      'Ward clusters of the rows of an .npy file: the cut at alpha, medoids, squared merge heights',
    )
    .argument('<file>', '.npy, float32 or float64, n × d')
    .requiredOption('--alpha <a>', 'merge threshold: a squared distance > 0')
    .option('--no-normalize', 'take rows as they are instead of scaling them to norm 1')
    .option('--heights', 'also give all n − 1 squared merge heights, ascending')
    .option('--json', 'one JSON document on stdout, nothing else')
    .action(async (file: string, flags: Flags) => {
      const report = await clusterFile(file, flags);
      if (flags.json) printJson(report);
      else print(present(report));
    });
}

async function clusterFile(file: string, flags: Flags): Promise<Report> {
  const alpha = Number(flags.alpha);
  if (!(Number.isFinite(alpha) && alpha > 0) || flags.alpha.trim() === '')
    throw new PinnersageError(
      'option-invalid',
      `--alpha: got "${flags.alpha}", expected a finite squared distance > 0`,
    );
  const { data, rows: n, dim } = await readNpyDouble(file);
  checkRows(file, data, dim, flags.normalize);
  if (flags.normalize) normalizeRows(data, dim);
  const dendrogram = ward(data, { n, dim });
  const flat = cut(dendrogram, alpha);
  const members: number[][] = Array.from({ length: flat.count }, () => []);
  flat.labels.forEach((label, row) => {
    members[label].push(row);
  });
  const centers = medoids(data, { n, dim }, flat);
  return {
    n,
    d: dim,
    alpha,
    labels: Array.from(flat.labels),
    clusters: members.map((rows, label) => ({ medoid: centers[label], size: rows.length, members: rows })),
    ...(flags.heights ? { heights: Array.from(dendrogram.heights) } : {}),
  };
}

function checkRows(file: string, data: Float64Array, dim: number, normalize: boolean): void {
  for (let row = 0; row * dim < data.length; row++) {
    let zero = true;
    for (let i = row * dim; i < (row + 1) * dim; i++) {
      const isUsable = normalize ? Number.isFinite(data[i]) : Math.abs(data[i]) <= largestNumber;
      if (!isUsable)
        throw new PinnersageError(
          'vector-invalid',
          `${file}: row ${row}, column ${i - row * dim}: got ${data[i]}, expected ${expectedOf(data[i])}`,
        );
      if (data[i] !== 0) zero = false;
    }
    if (zero && normalize)
      throw new PinnersageError(
        'vector-invalid',
        `${file}: row ${row} is all zeros and has no direction; see --no-normalize`,
      );
  }
}

function normalizeRows(data: Float64Array, dim: number): void {
  for (let from = 0; from < data.length; from += dim) {
    const row = data.subarray(from, from + dim);
    let largest = 0;
    for (const x of row) largest = Math.max(largest, Math.abs(x));
    // By a power of two, which rounds nothing, to where neither squares nor norm overflow.
    const scale = largest > largestNumber ? 2 ** -600 : 1;
    let sum = 0;
    for (const x of row) sum += (x / largest) ** 2;
    const norm = scale * largest * Math.sqrt(sum);
    for (let i = 0; i < dim; i++) row[i] = (scale * row[i]) / norm;
  }
}

function present(report: Report): string {
  const rows = report.clusters.map((cluster, label) => [
    label,
    cluster.size,
    cluster.medoid,
    cluster.members.slice(0, 12).join(' ') + (cluster.size > 12 ? ' …' : ''),
  ]);
  const heights = report.heights
    ? `\nsquared heights: ${report.heights.map((h) => h.toPrecision(6)).join(' ')}`
    : '';
  return `${report.n} × ${report.d}: ${report.clusters.length} clusters at alpha ${report.alpha}\n${table(['cluster', 'size', 'medoid', 'members'], rows)}${heights}`;
}
