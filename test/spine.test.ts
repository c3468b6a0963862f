import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Recommendation } from '../src/model/candidate.js';
import type { UserInterests } from '../src/model/serving.js';
import type { BatchReport } from '../src/pipeline/batch.js';
import { cli, cliJson } from './helpers/cli.js';
import { tempDir } from './helpers/temp.js';

/**
 * From files to a candidate's `because`, every number on the way worked out by hand.
 *
 * The plane, all of norm 1:   A (1, 0)   B (.8, .6)   C (0, 1)   D (.96, .28)   E (.28, .96)   F (−1, 0)   H (.6, .8)
 * Squared distances:          AB .04 + .36 = .4       AC 2       BC .64 + .16 = .8
 * Ward at alpha .5:           A and B merge at .4; AB with C by Lance-Williams:
 *                             ((1+1)·2 + (1+1)·.8 − 1·.4) / 3 = 5.2/3 = 1.733 > .5, so {A, B} and {C}
 * Medoid of {A, B}:           both are equally near the mean; A has two actions, B one: A
 */
const items = `item_id,title,embedding
A,Alder,"[2, 0]"
B,Beech,"[4, 3]"
C,Cedar,"[0, 0.5]"
D,Date,"[0.96, 0.28]"
E,Elm,"[0.28, 0.96]"
F,Fir,"[-1, 0]"
H,Hazel,"[0.6, 0.8]"
`;

const action = (item_id: string, type: string, timestamp: string, more = {}) =>
  JSON.stringify({ user_id: 'ada', item_id, type, timestamp, ...more });

const actions = [
  action('A', 'save', '2026-06-20T00:00:00Z'), // 10 days old
  action('A', 'click', '2026-06-28T00:00:00Z', { weight: 3 }), // 2 days old, weight 3 × .5
  action('B', 'save', '2026-06-26T00:00:00Z'), // 4 days old
  action('C', 'save', '2026-06-29T00:00:00Z'), // 1 day old
  action('F', 'save', '2026-04-01T00:00:00Z'), // exactly 90 days old: outside the window, still not recommended
  action('E', 'save', '2026-07-01T00:00:00Z'), // after asOf: ignored by the batch, still acted on
  action('H', 'hide', '2026-06-29T12:00:00Z'), // excluded
  action('D', 'impression', '2026-06-29T12:00:00Z'), // only seen: may be recommended
  action('Z', 'save', '2026-06-29T00:00:00Z'), // not in the catalog: kept, unembedded
  action('C', 'save', '2026-06-29T00:00:00Z'), // the same event again
].join('\n');

test('an action in a file becomes the reason of a candidate, with every number as worked out by hand', () => {
  const dir = tempDir();
  const data = ['--data', join(dir, 'data')];
  writeFileSync(join(dir, 'items.csv'), items);
  writeFileSync(join(dir, 'actions.ndjson'), actions);

  expect(cliJson('import', 'items', join(dir, 'items.csv'), ...data)).toMatchObject({
    accepted: 7,
    rejected: {},
  });
  expect(cliJson('import', 'actions', join(dir, 'actions.ndjson'), ...data)).toMatchObject({
    accepted: 9,
    duplicates: 1,
    rejected: {},
  });
  cliJson('config', 'type', 'click', 'interest', '0.5', ...data);

  const now = '2026-06-30T00:00:00Z';
  const batch = cliJson<BatchReport>('batch', '--alpha', '0.5', '--now', now, ...data);
  expect(batch).toMatchObject({ asOf: '2026-06-30T00:00:00.000Z', users: 1, failed: 0, alpha: 0.5 });
  expect(batch.interests).toEqual({ median: 2, p90: 2, max: 2 });
  expect(batch.actionsLeftOut).toEqual({
    role: 2,
    afterAsOf: 1,
    outsideWindow: 1,
    unembedded: 1,
    truncated: 0,
  });

  // Importance: Σ w e^(−.01 · age): A saved e^−.1, A clicked 1.5 e^−.02, B e^−.04; C e^−.01.
  const ab = Math.exp(-0.1) + 1.5 * Math.exp(-0.02) + Math.exp(-0.04);
  const c = Math.exp(-0.01);
  const { interests } = cliJson<UserInterests>('interests', 'ada', '--members', ...data);
  expect(interests).toMatchObject([
    { medoid: 'A', size: 2, members: ['A', 'B'], lastActionAt: '2026-06-28T00:00:00.000Z' },
    { medoid: 'C', size: 1, members: ['C'], lastActionAt: '2026-06-29T00:00:00.000Z' },
  ]);
  expect(interests[0].importance).toBeCloseTo(ab, 12);
  expect(interests[1].importance).toBeCloseTo(c, 12);

  // Only B, D of A's side are left to find, and B was acted on; of C's side E was acted on and H excluded. So D is the
  // one candidate there is: cosine .96 to A, .28 to C; it comes from whichever interest was drawn first.
  const answer = cliJson<Recommendation>(
    'recommend',
    'ada',
    '--count',
    '5',
    '--explain',
    '--seed',
    '7',
    ...data,
  );
  expect(answer).toMatchObject({ userId: 'ada', seed: 7, fallback: null });
  const share: Record<string, number> = { A: ab / (ab + c), C: c / (ab + c) };
  expect(answer.interests.map(({ medoid }) => medoid).sort()).toEqual(['A', 'C']);
  for (const { medoid, probability } of answer.interests) expect(probability).toBeCloseTo(share[medoid], 12);
  expect(answer.propensity).toBeCloseTo(share[answer.interests[0].medoid], 12); // the second draw was certain
  expect(answer.items).toHaveLength(1);
  const [candidate] = answer.items;
  expect(candidate.itemId).toBe('D');
  const from = answer.interests[0];
  expect(candidate.interestId).toBe(from.interestId);
  expect(candidate.score).toBeCloseTo(from.medoid === 'A' ? 0.96 : 0.28, 6);
  // ‖D−A‖² = .08 < ‖D−B‖² = .128
  expect(candidate.because).toEqual(from.medoid === 'A' ? ['A', 'B'] : ['C']);

  const again = cliJson<Recommendation>(
    'recommend',
    'ada',
    '--count',
    '5',
    '--explain',
    '--seed',
    '7',
    ...data,
  );
  expect(again).toEqual(answer);

  // One medoid only, until A is drawn: the reason is then A's cluster, nearest member first.
  const seeds = Array.from({ length: 20 }, (_, seed) => `${seed}`);
  const one = seeds
    .map((seed) =>
      cliJson<Recommendation>('recommend', 'ada', '--medoids', '1', '--explain', '--seed', seed, ...data),
    )
    .find(({ interests: drawn }) => drawn[0].medoid === 'A');
  expect(one?.items).toMatchObject([{ itemId: 'D', because: ['A', 'B'] }]);
});

test('a user nobody knows gets popular items by name of the fallback, and no interests', () => {
  const dir = tempDir();
  const data = ['--data', join(dir, 'data')];
  writeFileSync(join(dir, 'items.csv'), items);
  writeFileSync(join(dir, 'actions.ndjson'), actions);
  cliJson('import', 'items', join(dir, 'items.csv'), ...data);
  cliJson('import', 'actions', join(dir, 'actions.ndjson'), ...data);
  cliJson('batch', '--now', '2026-06-30T00:00:00Z', ...data);
  const answer = cliJson<Recommendation>('recommend', 'nobody', '--count', '4', ...data);
  expect(answer).toMatchObject({ fallback: 'popularity', propensity: 1, interests: [] });
  // Decayed counts: A e^−.1 + 3 e^−.02 (click is of weight 1 here), C e^−.01, B e^−.04, then the rest with 0.
  expect(answer.items.map(({ itemId }) => itemId)).toEqual(['A', 'C', 'B', 'D']);
  expect(answer.items[0].score).toBeCloseTo(Math.exp(-0.1) + 3 * Math.exp(-0.02), 5);
  expect(answer.items[3].score).toBe(0);

  const unknown = cli('interests', 'nobody', ...data);
  expect(unknown.status).toBe(2);
  expect(unknown.stderr).toMatch(/^pinnersage: .*"nobody".*\[user-unknown\]\n$/);
});
