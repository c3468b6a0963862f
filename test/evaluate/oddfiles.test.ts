import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EvaluationReport } from '../../src/evaluate/report.js';
import { createRng } from '../../src/math/rng.js';
import { cli, cliJson } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp.js';

const minute = 60_000;
const day = 1440 * minute;
const start = Date.parse('2024-01-01T00:00:00Z');

interface Row {
  readonly who: string;
  readonly what: string;
  readonly when: string;
}

/** Rows of `users` people with `count` actions each at the times given, in the columns of a file that nobody made for us. */
function rows(users: number, count: number, when: (user: number, action: number) => string | number): Row[] {
  const rng = createRng(3);
  return Array.from({ length: users * count }, (_, i) => {
    const user = Math.floor(i / count);
    const item = 8 * rng.below(25) + ((user + 3 * rng.below(2)) % 8);
    return { who: `u${user}`, what: `sku ${item}`, when: String(when(user, i % count)) };
  });
}

/** What a stranger types: three imports and a report, with the flags of the importers. */
function evaluateFile(actions: readonly Row[]): EvaluationReport {
  const folder = tempDir();
  const data = join(folder, 'data');
  const items = Array.from({ length: 200 }, (_, i) => `sku ${i},group ${i % 8} shade ${i % 5}`);
  writeFileSync(join(folder, 'items.csv'), ['sku,name', ...items].join('\n'));
  const lines = actions.map(({ who, what, when }) => `${who};${what};${when}`);
  writeFileSync(join(folder, 'log.csv'), ['customer;sku;bought', ...lines].join('\n'));
  const at = ['--data', data];
  cliJson('import', 'items', join(folder, 'items.csv'), '--map', 'item_id=sku', ...at);
  const map = 'user_id=customer,item_id=sku,timestamp=bought';
  const taken = cliJson<{ accepted: number; duplicates: number }>(
    ...[
      'import',
      'actions',
      join(folder, 'log.csv'),
      '--map',
      map,
      '--type',
      'bought',
      '--delimiter',
      ';',
      ...at,
    ],
  );
  expect(taken.accepted + taken.duplicates).toBe(actions.length);
  cliJson('embed', '--from', 'text', '--fields', 'name', ...at);
  return cliJson(
    ...['evaluate', ...at, '--window-days', 'all', '--workers', '1'],
    ...['--contenders', 'popularity,last,average-0.01,medoid-0.01'],
  );
}

test('baskets by the minute, as text', () => {
  const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
  const report = evaluateFile(
    rows(30, 12, (user, i) => iso(start + (Math.floor(i / 3) * 5 + (user % 4)) * day + user * minute)),
  );
  expect(report.protocol.steps).toBeGreaterThan(10);
}, 120_000);

test('ratings over years, in seconds', () => {
  const rng = createRng(9);
  const report = evaluateFile(rows(30, 12, () => Math.floor((start - rng.uniform() * 3000 * day) / 1000)));
  expect(report.protocol.steps).toBeGreaterThan(10);
  expect(report.protocol.refits).toBeLessThanOrEqual(10);
}, 120_000);

test('one active day per user: an empty report that says why', () => {
  const report = evaluateFile(rows(30, 5, (user, i) => start + user * day + i * minute));
  expect(report.protocol.steps).toBe(0);
  expect(report.notes[0]).toMatch(/active on one day only/);
}, 120_000);

test('users with two actions', () => {
  const report = evaluateFile(rows(60, 2, (user, i) => start + i * 30 * day + user * 60 * minute));
  expect(report.protocol.steps).toBeGreaterThan(10);
}, 120_000);

test('all-equal timestamps: one line that says why, and exit code 2', () => {
  const folder = tempDir();
  const data = join(folder, 'data');
  writeFileSync(join(folder, 'items.csv'), 'item_id,name\na,lamp\nb,lamp red\nc,bread\n');
  writeFileSync(
    join(folder, 'log.csv'),
    'user_id,item_id,timestamp\nu,a,1704067200\nu,b,1704067200\nv,c,1704067200\n',
  );
  for (const args of [
    ['import', 'items', join(folder, 'items.csv')],
    ['import', 'actions', join(folder, 'log.csv'), '--type', 'save'],
    ['embed', '--from', 'text', '--fields', 'name'],
  ])
    expect(cli(...args, '--data', data).status).toBe(0);
  const { status, stderr } = cli('evaluate', '--data', data);
  expect(status).toBe(2);
  expect(stderr).toMatch(/nothing to evaluate.*different times/);
}, 120_000);
