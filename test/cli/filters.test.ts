import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Recommendation } from '../../src/model/candidate.js';
import { cli, cliJson } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp.js';

const items = `item_id,lang,year,tags,embedding
a,en,1999,"[""x""]","[1,0]"
b,en,2005,"[""x"",""y""]","[0.9,0.1]"
c,de,2010,"[""y""]","[0.8,0.2]"
d,en,2015,"[""y""]","[0.1,1]"
`;

test('filters and pools from the command line', () => {
  const dir = tempDir();
  const data = ['--data', join(dir, 'data')];
  writeFileSync(join(dir, 'items.csv'), items);
  writeFileSync(
    join(dir, 'actions.csv'),
    'user_id,item_id,type,timestamp\nu,a,save,2026-06-01T00:00:00Z\nu,a,click,2026-06-02T00:00:00Z\n',
  );
  cliJson('import', 'items', join(dir, 'items.csv'), ...data);
  cliJson('import', 'actions', join(dir, 'actions.csv'), ...data);
  cliJson('batch', '--now', '2026-06-03T00:00:00Z', ...data);
  const ids = (...flags: string[]) =>
    cliJson<Recommendation>('recommend', 'u', ...flags, ...data).items.map(({ itemId }) => itemId);
  expect(ids('--filter', '{"lang": "en", "year": {"gte": 2000}}')).toEqual(['b', 'd']);
  expect(ids('--filter', '{"tags": {"all": ["x", "y"]}}', '--merge', 'score')).toEqual(['b']);
  expect(cliJson('config', 'pool', 'late', '{"year": {"gt": 2005}}', ...data)).toEqual({
    late: { year: { gt: 2005 } },
  });
  expect(ids('--pool', 'late')).toEqual(['c', 'd']);
  expect(ids('--pool', 'late', '--filter', '{"not": {"lang": "de"}}')).toEqual(['d']);

  const refused = (...args: string[]) => {
    const { status, stderr } = cli(...args, ...data);
    expect(status, stderr).toBe(2);
    return stderr;
  };
  expect(refused('recommend', 'u', '--filter', '{"year": {"above": 1}}')).toMatch(
    /filter\.year\.above: .* \[option-invalid\]/,
  );
  expect(refused('recommend', 'u', '--filter', '{broken')).toContain('{broken');
  expect(refused('recommend', 'u', '--pool', 'none')).toContain('expected one of: late [pool-unknown]');
  expect(cliJson('config', 'pool', 'late', '--remove', ...data)).toEqual({});
  expect(cliJson('config', 'pool', ...data)).toEqual({});
});
