import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { decodeJson, encodeJson } from '../../src/disk/codec.js';
import { openDirectory } from '../../src/disk/directory.js';
import { IdTable, idProblem } from '../../src/disk/ids.js';
import { metaCommits } from '../../src/disk/meta.js';
import { tempDir } from '../helpers/temp.js';

test('what one session writes the next reads', async () => {
  const path = join(tempDir(), 'data');
  const first = await openDirectory(path, { mode: 'write' });
  first.write(() => first.writeMeta('answer', { value: 42 }));
  await first.close();
  const second = await openDirectory(path, { mode: 'read' });
  expect(second.readMeta('answer')).toEqual({ value: 42 });
  expect(second.readMeta('nothing')).toBeNull();
  expect(() => second.write(() => {})).toThrow(expect.objectContaining({ code: 'read-only' }));
  await second.close();
});

test('a transaction that throws leaves nothing behind', async () => {
  const path = join(tempDir(), 'data');
  const directory = await openDirectory(path, { mode: 'write' });
  expect(() =>
    directory.write(() => {
      directory.writeMeta('half', 1);
      throw new Error('stop');
    }),
  ).toThrow('stop');
  expect(directory.readMeta('half')).toBeNull();
  await directory.close();
});

test('what is looked up once in a turn is looked up again after a write, one that fails, and a refresh', async () => {
  const path = join(tempDir(), 'data');
  const writer = await openDirectory(path, { mode: 'write' });
  writer.write(() => writer.writeMeta('one', 1));
  const reader = await openDirectory(path, { mode: 'read' });
  expect([writer.readMeta('one'), reader.readMeta('one'), reader.readMeta('two')]).toEqual([1, 1, null]);
  expect(() =>
    writer.write(() => {
      writer.writeMeta('one', 2);
      expect(writer.readMeta('one')).toBe(2);
      throw new Error('stop');
    }),
  ).toThrow('stop');
  expect(writer.readMeta('one')).toBe(1);
  writer.write(() => {
    writer.writeMeta('one', 3);
    writer.writeMeta('two', 2);
  });
  expect([writer.readMeta('one'), writer.readMeta('two')]).toEqual([3, 2]);
  reader.refresh();
  expect([reader.readMeta('one'), reader.readMeta('two')]).toEqual([3, 2]);
  await reader.close();
  await writer.close();
});

test('where commits are counted, values are kept over a refresh until one has changed some', async () => {
  const path = join(tempDir(), 'data');
  const commits = metaCommits();
  const counted = (): number => Atomics.load(commits, 0);
  const writer = await openDirectory(path, { mode: 'write', metaCommits: commits });
  writer.write(() => writer.writeMeta('one', 1));
  expect(counted()).toBe(1);
  const reader = await openDirectory(path, { mode: 'read', metaCommits: commits });
  const read = (): unknown => {
    reader.refresh();
    return reader.readMeta('one');
  };
  expect(read()).toBe(1);
  writer.write(() => {
    writer.write(() => writer.writeMeta('one', 2));
    expect(counted()).toBe(1); // it is not on disk yet
    expect(read()).toBe(1);
  });
  expect([counted(), read()]).toEqual([2, 2]);
  const failing = (): void =>
    writer.write(() => {
      writer.writeMeta('one', 3);
      throw new Error('stop');
    });
  expect(failing).toThrow('stop');
  writer.write(() => void writer.tables.users.putSync(Buffer.from('user'), Buffer.from('value')));
  expect([counted(), read()]).toEqual([2, 2]);
  writer.tables.meta.putSync(Buffer.from('one'), encodeJson(4)); // which nobody counts
  await new Promise(setImmediate);
  expect(read()).toBe(2);
  writer.write(() => writer.writeMeta('two', 1));
  expect(read()).toBe(4);
  await reader.close();
  await writer.close();
});

test('a write inside a write is part of it, and where it throws all of it fails, caught or not', async () => {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  directory.write(() => {
    directory.writeMeta('outer', 1);
    directory.write(() => directory.writeMeta('inner', 1));
  });
  expect([directory.readMeta('outer'), directory.readMeta('inner')]).toEqual([1, 1]);
  const failing = () =>
    directory.write(() => {
      directory.writeMeta('outer', 2);
      expect(() =>
        directory.write(() => {
          directory.writeMeta('inner', 2);
          throw new Error('inside');
        }),
      ).toThrow('inside');
    });
  expect(failing).toThrow('inside');
  expect([directory.readMeta('outer'), directory.readMeta('inner')]).toEqual([1, 1]);
  directory.write(() => directory.writeMeta('outer', 3));
  expect(directory.readMeta('outer')).toBe(3);
  await directory.close();
});

test('directories that are missing, foreign, newer or damaged are refused by name', async () => {
  const root = tempDir();
  await expect(openDirectory(join(root, 'none'), { mode: 'read' })).rejects.toMatchObject({
    code: 'directory-missing',
  });

  mkdirSync(join(root, 'photos'));
  writeFileSync(join(root, 'photos', 'cat.jpg'), '');
  await expect(openDirectory(join(root, 'photos'), { mode: 'write' })).rejects.toMatchObject({
    code: 'directory-invalid',
  });

  writeFileSync(join(root, 'file'), '');
  await expect(openDirectory(join(root, 'file'), { mode: 'write' })).rejects.toMatchObject({
    code: 'directory-invalid',
  });

  mkdirSync(join(root, 'newer'));
  writeFileSync(join(root, 'newer', 'pinnersage.json'), '{"format": 99}');
  await expect(openDirectory(join(root, 'newer'), { mode: 'write' })).rejects.toMatchObject({
    code: 'directory-newer',
  });

  mkdirSync(join(root, 'damaged'));
  writeFileSync(join(root, 'damaged', 'pinnersage.json'), '{');
  await expect(openDirectory(join(root, 'damaged'), { mode: 'write' })).rejects.toMatchObject({
    code: 'data-damaged',
  });
});

test('a second writer is refused in this process and in another, readers are not', async () => {
  const path = join(tempDir(), 'data');
  const directory = await openDirectory(path, { mode: 'write' });
  await expect(openDirectory(path, { mode: 'write' })).rejects.toMatchObject({ code: 'directory-locked' });
  expect(await codeFromChild(path, 'write')).toBe('directory-locked');
  expect(await codeFromChild(path, 'read')).toBe('opened');
  await directory.close();
  expect(await codeFromChild(path, 'write')).toBe('opened');
});

test('the lock of a killed writer is gone with it', async () => {
  const path = join(tempDir(), 'data');
  const holder = openInChild(path, 'write', 'process.stdin.resume()');
  await once(holder.stdout, 'data');
  await expect(openDirectory(path, { mode: 'write' })).rejects.toMatchObject({ code: 'directory-locked' });
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  await (await openDirectory(path, { mode: 'write' })).close();
});

const built = pathToFileURL(fileURLToPath(new URL('../../dist/disk/directory.js', import.meta.url))).href;

function openInChild(path: string, mode: string, then: string) {
  const script = `
    import { openDirectory } from ${JSON.stringify(built)};
    const say = (text) => process.stdout.write(text);
    await openDirectory(${JSON.stringify(path)}, { mode: '${mode}' }).then(() => say('opened'), (e) => say(e.code));
    ${then}`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function codeFromChild(path: string, mode: string): Promise<string> {
  const child = openInChild(path, mode, 'process.exit(0)');
  let said = '';
  for await (const part of child.stdout) said += part;
  return said;
}

test('stored values begin with a version, and a newer one is refused', () => {
  const bytes = encodeJson({ a: 1 });
  expect(bytes[0]).toBe(1);
  expect(decodeJson(bytes)).toEqual({ a: 1 });
  bytes[0] = 2;
  expect(() => decodeJson(bytes)).toThrow(expect.objectContaining({ code: 'directory-newer' }));
});

test('ids get dense numbers once, in order of arrival, and any characters survive', async () => {
  const path = join(tempDir(), 'data');
  const ids = ['b', 'a/b', 'line\nbreak', '🦊', 'x'.repeat(256), 'b'];
  const directory = await openDirectory(path, { mode: 'write' });
  const table = new IdTable(directory, 'item');
  expect([...directory.write(() => table.ensureAll(ids))]).toEqual([0, 1, 2, 3, 4, 0]);
  expect([...directory.write(() => table.ensureAll(['new', 'b']))]).toEqual([5, 0]);
  await directory.close();

  const again = await openDirectory(path, { mode: 'read' });
  const stored = new IdTable(again, 'item');
  expect(stored.count()).toBe(6);
  expect(ids.map((id) => stored.find(id))).toEqual([0, 1, 2, 3, 4, 0]);
  expect(stored.idOf(3)).toBe('🦊');
  expect(stored.find('unheard of')).toBeNull();
  const byBytes = [...stored.ranks()].map((rank, key) => ({ rank, bytes: Buffer.from(stored.idOf(key)) }));
  byBytes.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  expect(byBytes.map(({ rank }) => rank)).toEqual([0, 1, 2, 3, 4, 5]);
  await again.close();
});

test('ids that cannot be used are told apart', () => {
  expect(idProblem('')).toContain('empty');
  expect(idProblem('é'.repeat(129))).toContain('258 bytes');
  expect(idProblem('\ud800')).toContain('Unicode');
  expect(idProblem('é'.repeat(128))).toBeNull();
});

test('the format marker is the last thing written', async () => {
  const path = join(tempDir(), 'data');
  await (await openDirectory(path, { mode: 'write' })).close();
  expect(JSON.parse(readFileSync(join(path, 'pinnersage.json'), 'utf8'))).toEqual({ format: 1 });
});
