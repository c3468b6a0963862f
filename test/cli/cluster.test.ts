import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeNpy } from '../../src/files/npy.js';
import { cli, cliJson } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp.js';

interface Report {
  n: number;
  d: number;
  alpha: number;
  labels: number[];
  clusters: { medoid: number; size: number; members: number[] }[];
  heights?: number[];
}

async function npy(rows: number, dim: number, numbers: readonly number[]): Promise<string> {
  const path = join(tempDir(), 'x.npy');
  await writeNpy(path, { rows, dim, data: Float32Array.from(numbers) });
  return path;
}

test('the plane of the spine test, by hand', async () => {
  // A (1, 0), C (0, 1), B (.8, .6), scaled by 2, 1 and 5: AB merge at .4, AB with C at 5.2/3.
  const file = await npy(3, 2, [2, 0, 0, 1, 4, 3]);
  const report = cliJson<Report>('cluster', file, '--alpha', '0.5', '--heights');
  expect(report).toMatchObject({ n: 3, d: 2, alpha: 0.5, labels: [0, 1, 0] });
  expect(report.clusters).toEqual([
    { medoid: 0, size: 2, members: [0, 2] },
    { medoid: 1, size: 1, members: [1] },
  ]);
  expect(report.heights?.[0]).toBeCloseTo(0.4, 6);
  expect(report.heights?.[1]).toBeCloseTo(5.2 / 3, 6);
  expect(cliJson<Report>('cluster', file, '--alpha', '0.5')).not.toHaveProperty('heights');
});

test('rows as they are with --no-normalize, zeros among them', async () => {
  const file = await npy(3, 1, [0, 1, 10]);
  expect(cliJson<Report>('cluster', file, '--alpha', '1', '--no-normalize', '--heights')).toMatchObject({
    labels: [0, 0, 1],
    heights: [1, (2 * 100 + 2 * 81 - 1) / 3],
  });
});

function doubleNpy(n: number, dim: number, numbers: readonly number[]): string {
  const file = join(tempDir(), 'double.npy');
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${n}, ${dim}), }`.padEnd(117, ' ');
  const length = Buffer.alloc(2);
  length.writeUInt16LE(118);
  const data = Buffer.from(Float64Array.from(numbers).buffer);
  writeFileSync(
    file,
    Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(`${header}\n`), data]),
  );
  return file;
}

test('numbers whose squares overflow: refused as they are, with the bound, and scaled without loss', () => {
  const file = doubleNpy(3, 2, [1.6e308, 1.2e308, -1.6e308, 1.2e308, 1.6e308, -1.2e308]);
  const { status, stderr } = cli('cluster', file, '--alpha', '1', '--no-normalize', '--json');
  expect([status, stderr]).toEqual([
    2,
    `pinnersage: ${file}: row 0, column 0: got 1.6e+308, expected at most 1e+145 either way, for distances are squared [vector-invalid]\n`,
  ]);
  const [first, second] = cliJson<Report>('cluster', file, '--alpha', '1', '--heights').heights ?? [];
  expect(first).toBeCloseTo(4 * 0.6 ** 2, 12);
  expect(second).toBeCloseTo((2 * 4 + 2 * (4 * 0.8 ** 2) - 4 * 0.6 ** 2) / 3, 12);
});

test('float64 files keep their precision', () => {
  const file = doubleNpy(3, 1, [1e9, 1e9 + 1, 1e9 + 3]);
  const report = cliJson<Report>('cluster', file, '--alpha', '2', '--no-normalize', '--heights');
  expect(report.labels).toEqual([0, 0, 1]);
  expect(report.heights).toEqual([1, (2 * 9 + 2 * 4 - 1) / 3]);
});

test('bad input: one clear line, exit code 2', async () => {
  const good = await npy(2, 2, [1, 0, 0, 1]);
  const dir = tempDir();
  writeFileSync(join(dir, 'empty.npy'), '');
  writeFileSync(join(dir, 'text.npy'), 'hello, this is not a matrix at all');
  const refused = (code: string, ...args: string[]): string => {
    const { status, stdout, stderr } = cli('cluster', ...args, '--json');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(`[${code}]`);
    return stderr;
  };
  expect(refused('option-invalid', good, '--alpha', '0')).toContain('"0"');
  refused('option-invalid', good, '--alpha', '-1');
  refused('option-invalid', good, '--alpha', 'x');
  refused('file-missing', join(dir, 'none.npy'), '--alpha', '1');
  refused('file-empty', join(dir, 'empty.npy'), '--alpha', '1');
  refused('file-format', join(dir, 'text.npy'), '--alpha', '1');
  expect(refused('vector-invalid', await npy(2, 2, [1, 0, Number.NaN, 1]), '--alpha', '1')).toContain(
    'row 1, column 0',
  );
  refused('vector-invalid', await npy(2, 2, [1, Number.POSITIVE_INFINITY, 0, 1]), '--alpha', '1');
  expect(refused('vector-invalid', await npy(2, 2, [1, 0, 0, 0]), '--alpha', '1')).toContain(
    'row 1 is all zeros',
  );
  expect(cli('cluster', good).status).toBe(2);
  expect(cli('cluster', good, '--alpha', '1', '--unheard-of').status).toBe(2);
  expect(cli('unheard-of').status).toBe(2);
  expect(cli('batch', '--alpha', 'x').stderr).toMatch(/^pinnersage: .*'x' is invalid.*\[usage\]\n$/);
  expect(cli('--help').status).toBe(0);
});

test('agrees with SciPy where it is installed', async ({ skip }) => {
  const script = `
import sys, json, numpy as np
from scipy.cluster.hierarchy import linkage, fcluster
x = np.load(sys.argv[1]).astype(np.float64)
x /= np.linalg.norm(x, axis=1, keepdims=True)
z = linkage(x, 'ward')
print(json.dumps({'labels': fcluster(z, np.sqrt(float(sys.argv[2])), 'distance').tolist(), 'heights': (z[:, 2] ** 2).tolist()}))
`;
  const numbers = Array.from(
    { length: 120 * 8 },
    (_, i) => Math.sin(i * i + 1) + (i % 8 === Math.floor(i / 240) ? 3 : 0),
  );
  const file = await npy(120, 8, numbers);
  let printed: string;
  try {
    printed = execFileSync('python3', ['-c', script, file, '0.8'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    skip('python3 with SciPy is not installed');
    return;
  }
  const scipy = JSON.parse(printed) as { labels: number[]; heights: number[] };
  const ours = cliJson<Report>('cluster', file, '--alpha', '0.8', '--heights');
  const pairs = new Set(ours.labels.map((label, i) => `${label} ${scipy.labels[i]}`));
  expect(pairs.size).toBe(ours.clusters.length);
  expect(new Set(scipy.labels).size).toBe(ours.clusters.length);
  ours.heights?.forEach((height, i) => {
    expect(Math.abs(height - scipy.heights[i])).toBeLessThan(1e-6 * scipy.heights[i] + 1e-12);
  });
});
