import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeNpy } from '../../src/files/npy.js';
import { cli, cliJson } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp.js';

function refused(code: string, ...args: string[]): string {
  const { status, stdout, stderr } = cli(...args, '--json');
  expect(status, stderr).toBe(2);
  const lines = stderr.trimEnd().split('\n');
  expect(lines.at(-1)).toMatch(new RegExp(`^pinnersage: .*\\[${code}\\]$`));
  expect(stdout === '' || JSON.parse(stdout)).toBeTruthy();
  return stderr;
}

const itemsCsv = 'item_id,title,embedding\na,A,"[1,0]"\nb,B,"[0,1]"\n';

function world(): { dir: string; data: string[]; file(name: string, content: string): string } {
  const dir = tempDir();
  const file = (name: string, content: string): string => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };
  return { dir, data: ['--data', join(dir, 'data')], file };
}

test('item files that cannot be used at all: one clear line, exit 2', () => {
  const { dir, data, file } = world();
  refused('file-missing', 'import', 'items', join(dir, 'none.csv'), ...data);
  refused('file-empty', 'import', 'items', file('empty.csv', ''), ...data);
  refused('file-format', 'import', 'items', file('fake.parquet', 'not parquet at all'), ...data);
  expect(
    refused('column-missing', 'import', 'items', file('wrong.csv', 'id,title\n1,x\n'), ...data),
  ).toContain('item_id');
  refused('rows-rejected', 'import', 'items', file('zero.csv', 'item_id,embedding\na,"[0,0]"\n'), ...data);
  expect(cli('import', 'items', dir, ...data).status).toBe(2);
});

test('rows that cannot be used are counted by reason with file and line, the rest is taken', () => {
  const { dir, data, file } = world();
  const rows = [
    '{"item_id": "a", "embedding": [1, 0], "title": "A"}',
    '{"item_id": "b", "embedding": [1, 0, 0]}',
    '{"item_id": "c", "embedding": [0, 0]}',
    '{"item_id": "", "embedding": [1, 0]}',
    '{"item_id": "d", "embedding": [1e999, 0]}',
    '{"embedding": [1, 0]}',
    '{"item_id": "e", broken',
    '{"item_id": "f"}',
  ].join('\n');
  const path = file('items.ndjson', rows);
  const { status, stdout, stderr } = cli(
    'import',
    'items',
    path,
    ...data,
    '--json',
    '--rejects',
    join(dir, 'bad.ndjson'),
  );
  expect(status).toBe(0);
  const report = JSON.parse(stdout);
  expect(report).toEqual({
    accepted: 2,
    duplicates: 0,
    rejected: expect.objectContaining({
      'dimension-mismatch': 1,
      'vector-zero': 1,
      'item-id-invalid': 1,
      'item-id-missing': 1,
    }),
  });
  expect(Object.values(report.rejected as Record<string, number>).reduce((a, b) => a + b)).toBe(6);
  expect(stderr).toContain('items.ndjson:2: embedding: got 3 dimensions, expected 2');
  const written = readFileSync(join(dir, 'bad.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(written.map(({ line }) => line).sort()).toEqual([2, 3, 4, 5, 6, 7]);

  const strict = cli('import', 'items', path, ...data, '--strict', '--json');
  expect(strict.status).toBe(2);
  expect(strict.stderr).toContain('[rows-rejected]');
});

test('embeddings apart in an .npy file, row by row', async () => {
  const { dir, data, file } = world();
  const items = file('items.csv', 'item_id,title\na,A\nb,B\nc,C\n');
  const npy = join(dir, 'e.npy');
  await writeNpy(npy, { rows: 3, dim: 2, data: Float32Array.of(1, 0, 0, 0, 0, 5) });
  expect(cliJson('import', 'items', items, '--embeddings', npy, ...data)).toEqual({
    accepted: 2,
    duplicates: 0,
    rejected: { 'vector-zero': 1 },
  });
  await writeNpy(npy, { rows: 2, dim: 2, data: Float32Array.of(1, 0, 0, 1) });
  expect(refused('dimension-mismatch', 'import', 'items', items, '--embeddings', npy, ...data)).toContain(
    'expected 3',
  );
  await writeNpy(npy, { rows: 3, dim: 3, data: new Float32Array(9).fill(1) });
  expect(refused('dimension-mismatch', 'import', 'items', items, '--embeddings', npy, ...data)).toContain(
    'expected 2',
  );
});

test('--delete hides the items that a file names, once', () => {
  const { data, file } = world();
  cliJson('import', 'items', file('items.csv', itemsCsv), ...data);
  const gone = file('gone.csv', 'item_id\na\nnever\n');
  expect(cliJson('import', 'items', gone, '--delete', ...data)).toEqual({
    accepted: 1,
    duplicates: 0,
    rejected: { 'item-unknown': 1 },
  });
  expect(cliJson('import', 'items', gone, '--delete', ...data)).toMatchObject({ accepted: 0, duplicates: 1 });
  expect(cliJson('describe', ...data)).toMatchObject({ items: 1 });
});

test('the same files twice add nothing', () => {
  const { data, file } = world();
  const items = file('items.csv', itemsCsv);
  const actions = file(
    'actions.csv',
    'user_id,item_id,type,timestamp\nu,a,save,1700000000\nu,b,save,1700000000\n',
  );
  expect(cliJson('import', 'items', items, ...data)).toMatchObject({ accepted: 2, duplicates: 0 });
  expect(cliJson('import', 'items', items, ...data)).toMatchObject({ accepted: 0, duplicates: 2 });
  expect(cliJson('import', 'actions', actions, ...data)).toMatchObject({ accepted: 2, duplicates: 0 });
  expect(cliJson('import', 'actions', actions, ...data)).toMatchObject({ accepted: 0, duplicates: 2 });
});

test('actions are refused by reason; files are taken as they come', () => {
  const { data, file } = world();
  cliJson('import', 'items', file('items.csv', itemsCsv), ...data);
  const actions = file(
    'log.dat',
    [
      'u1::a::1700000000',
      'u1::b::1600000000',
      'u2::::1700000000',
      '::a::1700000000',
      'u3::a::soon',
      'u3::c::1700000000',
    ].join('\n'),
  );
  const flags = [
    '--delimiter',
    '::',
    '--columns',
    'user,item,at',
    '--map',
    'user_id=user,item_id=item,timestamp=at',
  ];
  const report = cliJson<{ accepted: number; rejected: Record<string, number> }>(
    'import',
    'actions',
    actions,
    ...flags,
    '--type',
    'save',
    '--since',
    '2021-01-01',
    '--unknown-items',
    'reject',
    ...data,
  );
  expect(report.accepted).toBe(1);
  expect(report.rejected).toMatchObject({ 'before-since': 1, 'timestamp-unparsable': 1, 'item-unknown': 1 });
  expect(Object.values(report.rejected).reduce((a, b) => a + b)).toBe(5);
  const untyped = file('untyped.csv', 'user_id,item_id,timestamp\nu,a,1700000000\n');
  expect(refused('column-missing', 'import', 'actions', untyped, ...data)).toContain('type');
});

test('--sql reshapes a file on its way in', () => {
  const { data, file } = world();
  const ratings = file('ratings.csv', 'who,what,stars,added\nu,a,9,1700000000\nu,b,2,1700000000\n');
  const sql =
    "SELECT who AS user_id, what AS item_id, 'liked' AS type, added AS timestamp FROM file WHERE stars >= 7";
  expect(cliJson('import', 'actions', ratings, '--sql', sql, ...data)).toMatchObject({
    accepted: 1,
    rejected: {},
  });
});

test('what would lose or scatter data is refused', () => {
  const { dir, data, file } = world();
  const log = file('log.csv', 'user_id,item_id,type,timestamp\nu,a,save,1700000000\n');
  refused('option-invalid', 'import', 'actions', log, '--rejects', log, ...data);
  expect(readFileSync(log, 'utf8')).toContain('1700000000');
  refused('option-invalid', 'import', 'actions', log, '--map', 'evnt_id=type', ...data);
  const named = file('named.csv', 'item_id,name\na,Lamp\n');
  expect(refused('option-invalid', 'import', 'items', named, '--map', 'title=name', ...data)).toContain(
    '--sql',
  );
  refused(
    'file-format',
    'import',
    'actions',
    file('two.csv', 'user_id,user_id,item_id,type,timestamp\nu,v,a,s,1\n'),
    ...data,
  );
  refused('option-invalid', 'describe', '--data', '');
  refused('file-missing', 'import', 'items', join(dir, 'none.csv'), '--data', join(dir, 'fresh'));
  expect(existsSync(join(dir, 'fresh'))).toBe(false);
  refused('id-invalid', 'config', 'type', '', 'interest', ...data);
});

test('what the operating system refuses is one line, not a stack', () => {
  const { dir, data, file } = world();
  const items = file('items.csv', itemsCsv);
  const below = cli('import', 'items', items, '--data', join(items, 'below'));
  expect(below).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^pinnersage: .*not a directory.*\[file-access\]\n$/),
  });
  cliJson('import', 'items', items, ...data);
  const database = join(dir, 'data', 'state', 'data.mdb');
  const whole = readFileSync(database);
  writeFileSync(database, whole.subarray(0, 4096));
  expect(cli('describe', ...data)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('[data-damaged]'),
  });
  writeFileSync(database, 'garbage '.repeat(1000));
  expect(cli('describe', ...data)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('[data-damaged]'),
  });
  writeFileSync(database, whole);
  expect(cli('describe', ...data).status).toBe(0);
  const newline = cli('interests', 'new\nline', ...data);
  expect(newline.stderr.trimEnd().split('\n')).toHaveLength(1);
});

test('a reader that has seen enough is no error', () => {
  const { data, file } = world();
  const ids = Array.from({ length: 4_000 }, (_, i) => `i${i},"[1,${i}]"`).join('\n');
  cliJson('import', 'items', file('items.csv', `item_id,embedding\n${ids}\n`), ...data);
  cliJson(
    'import',
    'actions',
    file('a.csv', 'user_id,item_id,type,timestamp\nu,i1,save,1700000000\n'),
    ...data,
  );
  cliJson('batch', '--now', '2023-11-20', ...data);
  const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
  const command = `"${process.execPath}" "${main}" recommend u --count 3000 --data "${data[1]}" | head -c 5`;
  const { stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
  expect(stderr).toBe('');
});

test('steps out of order say which step is missing', () => {
  const { data, file } = world();
  refused('directory-missing', 'batch', ...data);
  refused('directory-missing', 'recommend', 'u', ...data);
  cliJson('import', 'items', file('items.csv', 'item_id\na\n'), ...data);
  refused('space-missing', 'batch', ...data);
  cliJson('import', 'items', file('more.csv', itemsCsv), ...data);
  refused('file-empty', 'batch', ...data);
  refused('user-unknown', 'interests', 'u', ...data);
  expect(cliJson('recommend', 'u', ...data)).toMatchObject({ source: 'none', fallback: 'popularity' });
});

test('options out of range are refused before anything is done', () => {
  const { data, file } = world();
  cliJson('import', 'items', file('items.csv', itemsCsv), ...data);
  for (const flags of [
    ['--alpha', '0'],
    ['--alpha', 'x'],
    ['--window-days', '-1'],
    ['--lambda', '-1'],
    ['--now', 'yesterday'],
    ['--workers', '0'],
  ])
    expect(cli('batch', ...flags, ...data).status).toBe(2);
  expect(cli('recommend', 'u', '--count', '0', ...data).status).toBe(2);
  expect(cli('recommend', 'u', '--medoids', '1.5', ...data).status).toBe(2);
  refused('option-invalid', 'config', 'set', 'lambda', '-1', ...data);
  refused('option-invalid', 'config', 'set', 'colour', 'red', ...data);
  refused('option-invalid', 'config', 'set', 'alpha', '0', ...data);
  expect(refused('option-invalid', 'config', 'set', 'alpha', 'wide', ...data)).toContain('got "wide"');
  refused('option-invalid', 'config', 'type', 'save', 'favourite', ...data);
});

test('a batch whose window leaves most users out says so, with the newest action', () => {
  const { data, file } = world();
  cliJson('import', 'items', file('items.csv', itemsCsv), ...data);
  const log =
    'user_id,item_id,type,timestamp\nu,a,save,2020-05-01T00:00:00Z\nv,b,save,2020-01-01T00:00:00Z\n';
  cliJson('import', 'actions', file('actions.csv', log), ...data);
  const { status, stderr } = cli('batch', '--now', '2026-01-01', ...data);
  expect(status).toBe(0);
  expect(stderr).toContain('2 of 2 users have no interests');
  expect(stderr).toContain('2020-05-01');
  expect(cli('batch', '--now', '2020-05-02', '--window-days', 'all', ...data).stderr).not.toContain(
    'no interests',
  );
});

test('where the items of the actions are not those with vectors, batch and interests say so', () => {
  const { data, file } = world();
  cliJson('import', 'items', file('items.csv', itemsCsv), ...data);
  const log =
    'user_id,item_id,type,timestamp\nu,a,save,2025-12-01T00:00:00Z\nv,b,save,2025-12-01T00:00:00Z\n' +
    'x,A,save,2025-12-01T00:00:00Z\nx,B,save,2025-12-02T00:00:00Z\nx,a,save,2020-12-02T00:00:00Z\n';
  cliJson('import', 'actions', file('actions.csv', log), ...data);
  const before =
    '2 on items without a vector (are the item ids those of the items file?), 1 outside the window';
  expect(cli('interests', 'x', ...data).stdout).toContain(before);
  const { stderr } = cli('batch', '--now', '2026-01-01', ...data);
  expect(stderr).toContain('1 of 3 users have no interests, and 2 actions are on items without a vector');
  expect(stderr).not.toContain('--window-days');
  expect(cli('interests', 'x', ...data).stdout).toContain(before);
  expect(cliJson('interests', 'x', ...data)).toMatchObject({
    interests: [],
    leftOut: { unembedded: 2, outsideWindow: 1, afterAsOf: 0, role: 0 },
  });
  expect(cliJson('interests', 'u', ...data)).not.toHaveProperty('leftOut');
});

test('control characters in ids and titles are written out for people, and come as they are in JSON', () => {
  const { data, file } = world();
  const [user, item, title] = ['u\n1', 'i\u001b[2J\u0000', 'a\u009b title\n'];
  const rows = [item, 'other'].map((item_id) => JSON.stringify({ item_id, title, embedding: [1, 0] }));
  cliJson('import', 'items', file('items.ndjson', rows.join('\n')), ...data);
  const save = { user_id: user, item_id: item, type: 'save', timestamp: '2026-05-01T00:00:00Z' };
  cliJson('import', 'actions', file('actions.ndjson', JSON.stringify(save)), ...data);
  cliJson('batch', '--now', '2026-05-02', '--alpha', '0.4', ...data);
  for (const command of ['interests', 'recommend']) {
    const { stdout } = cli(command, user, ...data);
    expect(stdout).toContain(String.raw`a\u009b title\n (i\u001b[2J\u0000)`);
    expect(stdout).toContain(String.raw`u\n1`);
    expect(stdout).not.toMatch(/(?!\n)\p{Cc}/u);
  }
  expect(cliJson('interests', user, ...data)).toMatchObject({ userId: user, interests: [{ medoid: item }] });
});

test('an unnormalised space must state its threshold', () => {
  const { data, file } = world();
  cliJson(
    'import',
    'items',
    file('items.csv', 'item_id,embedding\na,"[10,0]"\nb,"[0,20]"\n'),
    '--no-normalize',
    ...data,
  );
  cliJson(
    'import',
    'actions',
    file('actions.csv', 'user_id,item_id,type,timestamp\nu,a,save,1700000000\n'),
    ...data,
  );
  for (const command of [['batch'], ['recommend', 'u'], ['interests', 'u'], ['verify']])
    expect(refused('option-invalid', ...command, ...data)).toContain('"config set alpha A"');
  expect(cliJson('batch', '--alpha', '5', '--window-days', 'all', ...data)).toMatchObject({ users: 1 });
  expect(cliJson('recommend', 'u', '--now', '2023-11-16', ...data)).toMatchObject({
    source: 'batch',
    items: [{ itemId: 'b' }],
  });
  expect(cliJson('recommend', 'stranger', ...data)).toMatchObject({
    fallback: 'popularity',
    items: [{ itemId: 'a' }, { itemId: 'b' }],
  });
  expect(cliJson('interests', 'u', ...data)).toMatchObject({ source: 'batch', interests: [{ medoid: 'a' }] });
  expect(cliJson('verify', ...data)).toMatchObject({ batch: { users: 1, identical: 1 } });
  expect(refused('option-invalid', 'batch', ...data)).toContain('"batch --alpha A"');
  cliJson('config', 'set', 'alpha', '5', ...data);
  expect(cliJson('batch', ...data)).toMatchObject({ alpha: 5 });
});

test('Ctrl-C stops a batch cleanly and the batch before stays in use', async () => {
  const { data, file } = world();
  const items = Array.from({ length: 600 }, (_, i) => `i${i},"[${Math.cos(i)},${Math.sin(i)},1]"`).join('\n');
  cliJson('import', 'items', file('items.csv', `item_id,embedding\n${items}\n`), ...data);
  const log = Array.from(
    { length: 90_000 },
    (_, i) => `u${i % 150},i${(i * 7) % 600},save,${1_700_000_000 + i}`,
  ).join('\n');
  cliJson('import', 'actions', file('actions.csv', `user_id,item_id,type,timestamp\n${log}\n`), ...data);
  cliJson('batch', '--now', '2023-11-16', ...data);
  const before = cliJson('interests', 'u1', ...data);

  const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
  const child = spawn(
    process.execPath,
    [main, 'batch', '--full', '--now', '2023-11-20', '--workers', '2', ...data],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  child.stderr.on('data', (part) => {
    if (said === '') child.kill('SIGINT');
    said += part;
  });
  const status = await new Promise((resolve) => child.on('exit', resolve));
  expect(status, said).toBe(1);
  expect(said).toContain('[interrupted]');
  expect(cliJson('interests', 'u1', ...data)).toEqual(before);
  expect(cliJson('batch', '--now', '2023-11-20', ...data)).toMatchObject({ users: 150 });
});

test('the file tools of the system agree on what --json prints', () => {
  const { data, file } = world();
  cliJson('import', 'items', file('items.csv', itemsCsv), ...data);
  const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
  const printed = execFileSync(process.execPath, [main, 'describe', '--json', ...data], { encoding: 'utf8' });
  expect(JSON.parse(printed)).toMatchObject({ items: 2, users: 0, actions: 0, activeSpace: 'default' });
});
