import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDirectory } from '../../src/disk/directory.js';
import { readMarker, writeMarker } from '../../src/disk/marker.js';
import { type Migration, upgradeDirectory } from '../../src/disk/upgrade.js';
import { cli, cliJson } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp.js';

/** A directory as format 1 might have been: a name in one text. Later formats keep its parts. */
async function older(): Promise<string> {
  const path = join(tempDir(), 'data');
  const directory = await openDirectory(path, { mode: 'write' });
  directory.write(() => directory.writeMeta('name', 'Ada Lovelace'));
  await directory.close();
  return path;
}

const steps: { readonly [from: number]: Migration } = {
  1: (directory) => directory.writeMeta('name', directory.readMeta<string>('name')!.split(' ')),
  2: (directory) => {
    const [first, last] = directory.readMeta<string[]>('name')!;
    directory.writeMeta('name', { first, last });
  },
};

async function nameIn(path: string): Promise<unknown> {
  const directory = await openDirectory(path, { mode: 'read', upTo: 3 });
  const name = directory.readMeta('name');
  await directory.close();
  return name;
}

test('an older directory is brought up step by step, once', async () => {
  const path = await older();
  expect(await upgradeDirectory(path, 3, steps)).toEqual({ from: 1, to: 3 });
  expect(await nameIn(path)).toEqual({ first: 'Ada', last: 'Lovelace' });
  expect(readMarker(path)).toEqual({ format: 3, state: 'state' });
  expect(await upgradeDirectory(path, 3, steps)).toEqual({ from: 3, to: 3 });
  await expect(openDirectory(path, { mode: 'read' })).rejects.toMatchObject({ code: 'directory-newer' });
  await expect(upgradeDirectory(path)).rejects.toMatchObject({ code: 'directory-newer' });
});

test('an upgrade that dies is refused to everybody until it is finished', async () => {
  const path = await older();
  const dies = {
    ...steps,
    2: () => {
      throw new Error('killed');
    },
  };
  await expect(upgradeDirectory(path, 3, dies)).rejects.toThrow('killed');
  expect(readMarker(path)).toMatchObject({ format: 3, upgradingFrom: 1 });
  await expect(openDirectory(path, { mode: 'read' })).rejects.toMatchObject({ code: 'directory-newer' });
  expect(await upgradeDirectory(path, 3, steps)).toEqual({ from: 1, to: 3 });
  expect(await nameIn(path)).toEqual({ first: 'Ada', last: 'Lovelace' });
});

test('killed after the last step and before the marker, nothing runs twice', async () => {
  const path = await older();
  const directory = await openDirectory(path, { mode: 'write' });
  directory.write(() => {
    steps[1](directory);
    directory.writeMeta('format', 2);
  });
  await directory.close();
  writeMarker(path, { format: 2, state: 'state', upgradingFrom: 1 });
  expect(await upgradeDirectory(path, 2, steps)).toEqual({ from: 1, to: 2 });
  expect(await nameIn(path)).toEqual(['Ada', 'Lovelace']);
});

test('an older directory, or one half upgraded, says what to run', async () => {
  const path = await older();
  writeMarker(path, { format: 1, state: 'state', upgradingFrom: 1 });
  await expect(openDirectory(path, { mode: 'read' })).rejects.toMatchObject({ code: 'directory-older' });
  expect(cliJson('upgrade', '--data', path)).toEqual({ from: 1, to: 1 });
});

test('upgrade as a command', async () => {
  const path = await older();
  expect(cli('upgrade', '--data', path).stdout).toContain('nothing to do');
  expect(cli('upgrade', '--data', join(path, 'none')).stderr).toContain('[directory-missing]');
  mkdirSync(join(path, '..', 'newer'));
  writeMarker(join(path, '..', 'newer'), { format: 99, state: 'state' });
  expect(cli('upgrade', '--data', join(path, '..', 'newer')).stderr).toContain('[directory-newer]');
});
