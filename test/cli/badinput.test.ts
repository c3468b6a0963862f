import { mkdirSync, readdirSync, readFileSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { open } from 'pinnersage';
import { expect, test } from 'vitest';
import { cli, cliJson } from '../helpers/cli.js';
import { smallDisk } from '../helpers/disk.js';
import { tempDir } from '../helpers/temp.js';

/** A directory that holds two items and one action: what was accepted before, and must still be there after. */
async function accepted(dir = tempDir()) {
  const data = ['--data', join(dir, 'data')];
  const file = (name: string, content: string): string => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };
  cliJson('import', 'items', file('first.csv', 'item_id,embedding\na,"[1,0]"\nb,"[0,1]"\n'), ...data);
  cliJson('import', 'actions', file('first.ndjson', action('u', 'a')), ...data);
  const held = async () => {
    const session = await open(join(dir, 'data'), { mode: 'read' });
    const { items, users, actions } = session.describe();
    await session.close();
    return { items, users, actions };
  };
  expect(await held()).toEqual({ items: 2, users: 1, actions: 1 });
  return { dir, data, file, held };
}

const action = (user_id: string, item_id: string, timestamp: unknown = '2026-05-01T00:00:00Z'): string =>
  JSON.stringify({ user_id, item_id, type: 'save', timestamp });

/** The one line on stderr. */
function oneLine({ stderr }: { stderr: string }): string {
  const lines = stderr.trimEnd().split('\n');
  expect(lines, stderr).toHaveLength(1);
  return lines[0];
}

test('a truncated Parquet file: one line, exit 2, nothing lost', async () => {
  const { dir, data, held } = await accepted();
  const path = join(dir, 'cut.parquet');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT 'i' || i AS item_id, [i + 1.0, 1.0] AS embedding FROM range(5000) t(i)) TO '${path}'`,
  );
  connection.closeSync();
  instance.closeSync();
  truncateSync(path, Math.floor(readFileSync(path).length / 2));
  const cut = cli('import', 'items', path, ...data);
  expect(cut.status).toBe(2);
  expect(oneLine(cut)).toMatch(/^pinnersage: .*cut\.parquet: .*\[file-format\]$/);
  expect(await held()).toEqual({ items: 2, users: 1, actions: 1 });
});

test('a broken line 7 is named and counted, the other lines are taken', async () => {
  const { data, file, held } = await accepted();
  const lines = Array.from({ length: 9 }, (_, i) => action(`v${i}`, 'a'));
  lines[6] = '{"user_id": "v6", "item';
  const report = cli('import', 'actions', file('seven.ndjson', lines.join('\n')), ...data, '--json');
  expect(report.status).toBe(0);
  expect(JSON.parse(report.stdout)).toEqual({ accepted: 8, duplicates: 0, rejected: { 'malformed-row': 1 } });
  expect(oneLine(report)).toContain('seven.ndjson:7: ');
  expect(await held()).toEqual({ items: 2, users: 9, actions: 9 });
});

test('ids: empty and long ones are refused, any characters are taken and come back', async () => {
  const { dir, data, file } = await accepted();
  const good = ['with/slash', 'with\nnewline', '🦊 fox', 'ü'.repeat(128)];
  const rows = ['', 'x'.repeat(300), ...good].map((user) => action(user, 'a'));
  const report = cli('import', 'actions', file('ids.ndjson', rows.join('\n')), ...data, '--json');
  expect(JSON.parse(report.stdout)).toEqual({
    accepted: 4,
    duplicates: 0,
    rejected: { 'user-id-invalid': 2 },
  });
  expect(report.stderr).toContain('got an id of 300 bytes');
  const items = ['', 'y'.repeat(300), ...good].map((item_id) =>
    JSON.stringify({ item_id, embedding: [1, 1] }),
  );
  expect(cliJson('import', 'items', file('items.ndjson', items.join('\n')), ...data)).toEqual({
    accepted: 4,
    duplicates: 0,
    rejected: { 'item-id-invalid': 2 },
  });
  cliJson('batch', '--now', '2026-05-02', ...data);
  const session = await open(join(dir, 'data'), { mode: 'read' });
  for (const userId of good) {
    expect(session.interests(userId)).toMatchObject({ userId, interests: [{ medoid: 'a' }] });
    const { items: list } = session.recommend(userId, { nowMs: Date.parse('2026-05-02') });
    expect(list.map(({ itemId }) => itemId).sort()).toEqual(['b', ...good].sort());
  }
  await session.close();
});

test('metadata nested too deeply to be written again: that row alone is refused, with its line', async () => {
  const { dir, data, file, held } = await accepted();
  const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const row = (id: string, levels: number) =>
    `{"item_id":"${id}","user_id":"${id}","deep":${nested(levels)}}`;
  const rows = file('deep.ndjson', [row('c', 5000), row('d', 31), row('e', 32)].join('\n'));
  for (const kind of ['items', 'users']) {
    const report = cli('import', kind, rows, ...data, '--json');
    expect(JSON.parse(report.stdout)).toEqual({
      accepted: 1,
      duplicates: 0,
      rejected: { 'metadata-invalid': 2 },
    });
    expect(report.stderr).toContain('deep.ndjson:1: metadata: got JSON nested deeper than 32 levels');
    expect(report.stderr).toContain('deep.ndjson:3: ');
  }
  expect(await held()).toEqual({ items: 3, users: 2, actions: 1 });
  const session = await open(join(dir, 'data'), { mode: 'write' });
  const deep = JSON.parse(nested(20_000));
  const put = await session.putItems([
    { itemId: 'f', metadata: { deep } },
    { itemId: 'g', embedding: [1, deep] },
    { itemId: 'h', metadata: { deep: JSON.parse(nested(31)) } },
  ]);
  await session.close();
  expect(put).toEqual({
    accepted: 1,
    duplicates: 0,
    rejected: [
      { index: 0, code: 'metadata-invalid', message: 'metadata: got JSON nested deeper than 32 levels' },
      {
        index: 1,
        code: 'vector-not-finite',
        message: 'embedding: got a list at place 1, expected finite float32 numbers',
      },
    ],
  });
  expect(
    cli('export', 'items', ...data)
      .stdout.split('\n')
      .filter(Boolean),
  ).toHaveLength(4);
});

test('a weight or a position that is no number is shown as it came', async () => {
  const { data, file } = await accepted();
  const rows = [
    { weight: 'abc' },
    { weight: -1 },
    { position: 'top' },
    { position: 1.5 },
    { weight: ' 2 ', position: '' },
  ].map((extras) => JSON.stringify({ ...JSON.parse(action('u', 'b')), ...extras }));
  const report = cli('import', 'actions', file('weights.ndjson', rows.join('\n')), ...data, '--json');
  expect(JSON.parse(report.stdout)).toMatchObject({
    accepted: 1,
    rejected: { 'weight-invalid': 2, 'position-invalid': 2 },
  });
  for (const detail of [
    '1: weight: got "abc", expected a finite number ≥ 0',
    '2: weight: got -1, expected a finite number ≥ 0',
    '3: position: got "top", expected an integer ≥ 0',
    '4: position: got 1.5, expected an integer ≥ 0',
  ])
    expect(report.stderr).toContain(`weights.ndjson:${detail}`);
});

test('timestamps from the future, before 1970 and in mixed units are refused by reason', async () => {
  const { data, file } = await accepted();
  const rows = [1_700_000_000, 1_700_000_000_000, -5, 32_503_680_000, 1_700_000_001]
    .map((timestamp) => action('u', 'b', timestamp))
    .concat(action('u', 'b', '3000-01-01T00:00:00Z'), action('u', 'b', '1969-12-31T23:59:59Z'));
  const report = cliJson('import', 'actions', file('times.ndjson', rows.join('\n')), ...data);
  expect(report).toEqual({
    accepted: 2,
    duplicates: 0,
    rejected: { 'timestamp-mixed-units': 1, 'timestamp-before-1970': 2, 'timestamp-in-future': 2 },
  });
});

test('a directory in place of a file', async () => {
  const { dir, data, held } = await accepted();
  mkdirSync(join(dir, 'folder.csv'));
  for (const kind of ['items', 'actions']) {
    const refused = cli('import', kind, join(dir, 'folder.csv'), ...data);
    expect(refused.status).toBe(2);
    expect(oneLine(refused)).toMatch(/folder\.csv.*directory.*\[file-missing\]$/);
  }
  expect(await held()).toEqual({ items: 2, users: 1, actions: 1 });
});

test('a directory of a newer format is left alone by every command', async () => {
  const { dir, data, file, held } = await accepted();
  const marker = join(dir, 'data', 'pinnersage.json');
  const before = readFileSync(marker, 'utf8');
  writeFileSync(marker, '{"format": 99}');
  for (const args of [
    ['import', 'items', file('more.csv', 'item_id\nc\n')],
    ['batch'],
    ['describe'],
    ['recommend', 'u'],
  ]) {
    const refused = cli(...args, ...data);
    expect(refused.status).toBe(2);
    expect(oneLine(refused)).toMatch(/format 99.*\[directory-newer\]$/);
  }
  writeFileSync(marker, before);
  expect(await held()).toEqual({ items: 2, users: 1, actions: 1 });
});

test('a second writer is refused while the first goes on', async () => {
  const { dir, data, file, held } = await accepted();
  const first = await open(join(dir, 'data'));
  const second = cli('import', 'items', file('more.csv', 'item_id\nc\n'), ...data);
  expect(second.status).toBe(1);
  expect(oneLine(second)).toMatch(/is writing to this data directory.*\[directory-locked\]$/);
  await first.putItems([{ itemId: 'd', embedding: [1, 1] }]);
  expect(await held()).toMatchObject({ items: 3 });
  await first.close();
});

test('a full disk: one line, what was accepted stays readable, and a later run goes on', async ({ skip }) => {
  const disk = smallDisk(4);
  if (disk === null) return skip('mounting a small file system is not permitted here');
  const { data, held } = await accepted(disk.path);
  const dir = tempDir();
  const items = Array.from({ length: 6000 }, (_, i) =>
    JSON.stringify({
      item_id: `i${i}`,
      title: `Item ${i}`,
      embedding: Array.from({ length: 2 }, () => i + 1),
    }),
  );
  const log = Array.from({ length: 120_000 }, (_, i) =>
    action(`u${i % 500}`, `i${i % 6000}`, 1_700_000_000 + i),
  );
  writeFileSync(join(dir, 'items.ndjson'), items.join('\n'));
  writeFileSync(join(dir, 'actions.ndjson'), log.join('\n'));
  const importBoth = () => [
    cli('import', 'items', join(dir, 'items.ndjson'), ...data),
    cli('import', 'actions', join(dir, 'actions.ndjson'), ...data),
  ];
  const full = importBoth().filter(({ status }) => status !== 0);
  expect(full.length).toBeGreaterThan(0);
  for (const refused of full) {
    expect(refused.status).toBe(1);
    expect(refused.stderr.trimEnd().split('\n').at(-1)).toMatch(/^pinnersage: .*\[disk-full\]$/);
    expect(refused.stderr).not.toContain('    at ');
  }
  expect((await held()).items).toBeGreaterThanOrEqual(2);
  expect(cli('batch', '--now', '2026-05-02', ...data).stderr).toMatch(/users|disk-full/);
  disk.grow();
  for (const { status, stderr } of importBoth()) expect(status, stderr).toBe(0);
  expect(await held()).toEqual({ items: 6002, users: 500 + 1, actions: 120_001 });
  expect(cliJson('batch', '--now', '2026-05-02', '--window-days', 'all', ...data)).toMatchObject({
    failed: 0,
  });
});

test('a full disk stops compact and export, which leave nothing of theirs on it', async ({ skip }) => {
  const disk = smallDisk(32);
  if (disk === null) return skip('mounting a small file system is not permitted here');
  const { data, held } = await accepted(disk.path);
  const dir = tempDir();
  const log = Array.from({ length: 80_000 }, (_, i) =>
    action(`u${i % 500}`, `i${i % 6000}`, 1_700_000_000 + i),
  );
  writeFileSync(join(dir, 'actions.ndjson'), log.join('\n'));
  expect(cli('import', 'actions', join(dir, 'actions.ndjson'), ...data).status).toBe(0);
  const before = await held();
  const { bavail, bsize } = statfsSync(disk.path);
  writeFileSync(join(disk.path, 'fill'), Buffer.alloc(bavail * bsize - (3 << 19)));
  const files = readdirSync(disk.path, { recursive: true }).length;
  const out = join(disk.path, 'out.ndjson');
  for (const [where, command] of [
    [data[1], ['compact']],
    [out, ['export', 'actions', '--out', out]],
  ] as const) {
    const { status, stderr } = cli(...command, ...data);
    expect(status, stderr).toBe(1);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
      new RegExp(`^pinnersage: ${where}: the disk is full.*\\[disk-full\\]$`),
    );
    expect(readdirSync(disk.path, { recursive: true }).length).toBe(files);
  }
  expect(await held()).toEqual(before);
});
