import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { open, type PinnerSage } from 'pinnersage';
import { expect, test } from 'vitest';
import { cli, cliJson } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp.js';
import { randomMatrix } from '../helpers/vectors.js';

const now = Date.parse('2026-06-30T00:00:00Z');

async function filled(path: string): Promise<PinnerSage> {
  const data = await open(path);
  const vectors = randomMatrix(3, 30, 5, false);
  await data.putItems(
    Array.from({ length: 30 }, (_, i) => ({
      itemId: i === 0 ? 'ödd/"id"\n🎈' : `i${i}`,
      ...(i % 7 === 3 ? {} : { embedding: vectors.subarray(5 * i, 5 * i + 5) }),
      metadata: {
        title: `Title ${i}`,
        year: '2026-01-02',
        code: '007',
        tags: [`t${i % 3}`, 'x'],
        quality: i / 30,
        isNew: i % 2 === 0,
        ...(i === 5 ? { only: 'here' } : {}),
      },
    })),
  );
  await data.deleteItems(['i29']);
  await data.declareActionType('mute', { role: 'exclude', weight: 1 });
  const actions = Array.from({ length: 60 }, (_, i) => ({
    userId: `u${i % 6}`,
    itemId: `i${(i * 5) % 28}`,
    type: i % 9 === 0 ? 'mute' : 'save',
    timestamp: i === 0 ? 1e11 + 5 : now - i * 3_600_001,
    ...(i % 4 === 0 ? { eventId: `e${i}`, weight: 0.1, position: i, recommendationId: 'r' } : {}),
    ...(i % 5 === 0 ? { context: { page: 'home', at: i } } : {}),
  }));
  expect((await data.appendActions(actions)).accepted).toBe(60);
  await data.batch({ nowMs: now });
  return data;
}

const all = (data: PinnerSage, kind: 'items' | 'actions'): unknown[] => [...data.rows(kind)];

test.each(['ndjson', 'parquet'])(
  'items and actions exported as %s and imported are the same',
  async (format) => {
    const dir = tempDir();
    const data = await filled(join(dir, 'data'));
    const [items, actions] = ['items', 'actions'].map((kind) => join(dir, `${kind}.${format}`));
    expect(await data.export('items', items)).toEqual({ kind: 'items', format, file: items, rows: 29 });
    expect(await data.export('actions', actions)).toMatchObject({ rows: 60 });
    const copy = await open(join(dir, 'copy'));
    expect(await copy.importItems(items)).toMatchObject({ accepted: 29, rejected: {} });
    expect(await copy.importActions(actions)).toMatchObject({ accepted: 60, rejected: {} });
    expect(all(copy, 'items')).toEqual(all(data, 'items')); // vectors to the last bit
    expect(new Set(all(copy, 'actions').map((row) => JSON.stringify(row)))).toEqual(
      new Set(all(data, 'actions').map((row) => JSON.stringify(row))),
    );
    expect(await data.importItems(items)).toMatchObject({ accepted: 0, duplicates: 29 });
    expect(readdirSync(dir).sort()).toEqual([`actions.${format}`, 'copy', 'data', `items.${format}`]);
    await data.close();
    await copy.close();
  },
);

test('an export through a link replaces what it leads to', async () => {
  const dir = tempDir();
  const data = await filled(join(dir, 'data'));
  const [file, link] = [join(dir, 'items.ndjson'), join(dir, 'link.ndjson')];
  writeFileSync(file, 'before');
  symlinkSync(file, link);
  await data.export('items', link);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(30);
  await data.close();
});

test.each([
  [{ Title: 'a', title: 'b' }, 'the fields "Title" and "title"'],
  [{ EMBEDDING: 1 }, 'the fields "EMBEDDING" and "embedding"'],
  [{ '': 1 }, 'a field without a name'],
])('%j are no columns of Parquet, which is said, and NDJSON has them', async (metadata, message) => {
  const dir = tempDir();
  const data = await open(join(dir, 'data'));
  await data.putItems([{ itemId: 'a', embedding: [1, 0], metadata }]);
  const refused = data.export('items', join(dir, 'items.parquet'));
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toMatchObject({ code: 'option-invalid' });
  expect(existsSync(join(dir, 'items.parquet'))).toBe(false);
  expect(await data.export('items', join(dir, 'items.ndjson'))).toMatchObject({ rows: 1 });
  expect(all(data, 'items')).toEqual([{ item_id: 'a', embedding: [1, 0], ...metadata }]);
  await data.close();
});

test('metadata that is named as a column of ours does not take its place', async () => {
  const dir = tempDir();
  const data = await open(join(dir, 'data'));
  await data.putItems([{ itemId: 'a', metadata: { item_id: 'b', embedding: [1, 2], title: 'A' } }]);
  expect(all(data, 'items')).toEqual([{ item_id: 'a', title: 'A' }]);
  const copy = await open(join(dir, 'copy'));
  for (const format of ['ndjson', 'parquet']) {
    await data.export('items', join(dir, `items.${format}`));
    await copy.importItems(join(dir, `items.${format}`));
    expect(all(copy, 'items')).toEqual([{ item_id: 'a', title: 'A' }]);
    expect(copy.spaces()).toEqual([]);
  }
  await Promise.all([data.close(), copy.close()]);
});

test('profiles, embeddings and recommendations say what the library says', async () => {
  const dir = tempDir();
  const data = await filled(join(dir, 'data'));
  const rows = [...data.rows('profiles')];
  const first = data.interests('u1', { members: true });
  expect(rows.find((row) => row.user_id === 'u1')).toMatchObject({
    as_of: first.asOf,
    space: 'default',
    interests: first.interests.map(({ interestId, medoid, importance, members }) => ({
      interest_id: interestId,
      medoid,
      importance,
      members,
    })),
  });
  const request = { count: 4, seed: 7, nowMs: now };
  const answers = [...data.rows('recommendations', { recommend: request })];
  expect(answers).toHaveLength(rows.length);
  const expected = data.recommend('u2', request);
  expect(answers.find((row) => row.user_id === 'u2')).toMatchObject({
    recommendation_id: expected.recommendationId,
    items: expected.items.map(({ itemId, score }) => ({ item_id: itemId, score })),
  });
  expect([...data.rows('embeddings')]).toHaveLength(25);
  await data.close();

  const at = ['--data', join(dir, 'data')];
  for (const kind of ['profiles', 'recommendations', 'embeddings']) {
    const file = join(dir, `${kind}.parquet`);
    expect(cliJson('export', kind, '--out', file, ...at)).toMatchObject({ kind, format: 'parquet' });
    expect(readFileSync(file).subarray(0, 4).toString()).toBe('PAR1');
  }
  const { stdout } = cli('export', 'recommendations', '--count', '4', '--seed', '7', ...at);
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(answers.map((row) => JSON.parse(JSON.stringify(row))));
});

test('an export that cannot be made leaves what was there', async () => {
  const dir = tempDir();
  const data = await filled(join(dir, 'data'));
  const file = join(dir, 'items.ndjson');
  writeFileSync(file, 'before');
  await expect(
    data.export('items', file, { signal: AbortSignal.abort(), space: 'none' }),
  ).rejects.toMatchObject({
    code: 'space-unknown',
  });
  expect(readFileSync(file, 'utf8')).toBe('before');
  expect(existsSync(`${file}.tmp`)).toBe(false);
  const pipe = join(dir, 'pipe'); // as it were /dev/null, which a test had better leave alone
  execFileSync('mkfifo', [pipe]);
  for (const place of [join(dir, 'no', 'where.ndjson'), dir, pipe])
    await expect(data.export('items', place), place).rejects.toMatchObject({ code: 'option-invalid' });
  expect(statSync(pipe).isFIFO()).toBe(true);
  await data.close();
  const at = ['--data', join(dir, 'data')];
  for (const flags of [['plans'], ['items', '--json'], ['items', '--format', 'parquet']])
    expect(cli('export', ...flags, ...at).status).toBe(2);
});
