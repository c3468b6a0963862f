import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'pinnersage';
import { expect, test } from 'vitest';
import { cli, cliJson } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp.js';

function world() {
  const dir = tempDir();
  const file = (name: string, content: string): string => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };
  return { path: join(dir, 'data'), data: ['--data', join(dir, 'data')], file };
}

test('users and their attributes: inserted, replaced, read, counted', async () => {
  const { path, data, file } = world();
  const csv = file('users.csv', 'who,country,age\nada,GB,36\nbob,FR,\n,DE,1\n');
  const imported = cliJson('import', 'users', csv, '--map', 'user_id=who', ...data);
  expect(imported).toEqual({ accepted: 2, duplicates: 0, rejected: { 'user-id-missing': 1 } });
  const rows = '{"user_id": "ada", "country": "IT"}\n{"user_id": "bob", "country": "FR"}\n';
  expect(cliJson('import', 'users', file('users.ndjson', rows), ...data)).toEqual({
    accepted: 1,
    duplicates: 1,
    rejected: {},
  });
  const library = await open(path);
  expect(library.user('ada')).toEqual({ userId: 'ada', attributes: { country: 'IT' } });
  expect(library.user('nobody')).toBeNull();
  const action = { userId: 'eve', itemId: 'a', type: 'save', timestamp: 1_700_000_000_000 };
  await library.appendActions([action, { ...action, userId: 'ada' }]);
  expect(library.user('eve')).toEqual({ userId: 'eve', attributes: {} });
  expect(library.user('ada')?.attributes).toEqual({ country: 'IT' });
  expect(library.describe()).toMatchObject({ users: 3, usersWithAttributes: 2 });
  const put = await library.putUsers([
    { userId: 'eve', attributes: { tags: ['new'] } },
    { userId: 'bob', attributes: { country: 'FR' } },
    { userId: '', attributes: {} },
  ]);
  expect(put).toMatchObject({
    accepted: 1,
    duplicates: 1,
    rejected: [{ index: 2, code: 'user-id-invalid' }],
  });
  expect(library.user('eve')?.attributes).toEqual({ tags: ['new'] });
  await library.close();
  expect(cli('import', 'users', file('none.csv', 'name\nada\n'), ...data).stderr).toContain(
    '[column-missing]',
  );
});

test('the roles declared with an import act in batch and retrieval', () => {
  const { data, file } = world();
  const items = 'item_id,embedding\na,"[1,0]"\nb,"[0.9,0.1]"\nc,"[0.8,0.2]"\nd,"[0.7,0.3]"\n';
  cliJson('import', 'items', file('items.csv', items), ...data);
  const rows = ['save', 'mute', 'view'].map((type, i) => `u,${'abc'[i]},${type},1700000000`).join('\n');
  const log = file('actions.csv', `user_id,item_id,type,timestamp\n${rows}\n`);
  const types = ['--types', 'save=interest:3,mute=exclude,view=impression'];
  expect(cliJson('import', 'actions', log, ...types, ...data)).toMatchObject({ accepted: 3 });
  expect(cliJson<{ actionTypes: unknown[] }>('describe', ...data).actionTypes).toEqual(
    expect.arrayContaining([
      { name: 'save', role: 'interest', weight: 3 },
      { name: 'mute', role: 'exclude', weight: 1 },
      { name: 'view', role: 'impression', weight: 1 },
    ]),
  );
  const clock = ['--now', '2023-11-14T22:13:20Z'];
  expect(cliJson('batch', ...clock, ...data)).toMatchObject({ users: 1, actionsLeftOut: { role: 2 } });
  expect(cliJson('interests', 'u', '--members', ...data)).toMatchObject({
    interests: [{ medoid: 'a', importance: 3, members: ['a'] }],
  });
  const { items: found } = cliJson<{ items: { itemId: string }[] }>('recommend', 'u', ...clock, ...data);
  expect(found.map(({ itemId }) => itemId)).toEqual(['c', 'd']); // seen is not barred; saved and muted are
});

test('types that cannot be declared are refused before a row is read', () => {
  const { data, file } = world();
  const log = file('actions.csv', 'user_id,item_id,type,timestamp\nu,a,save,1700000000\n');
  for (const types of ['save', 'save=like', 'save=interest:-1', 'save=interest:x'])
    expect(cli('import', 'actions', log, '--types', types, ...data).status, types).toBe(2);
  expect(cliJson('describe', ...data)).toMatchObject({ actions: 0 });
});
