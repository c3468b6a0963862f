import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDirectory } from '../../src/disk/directory.js';
import { IdTable } from '../../src/disk/ids.js';
import { tempDir } from '../helpers/temp.js';

test.each(['user', 'item'] as const)(
  'ids of %ss by their numbers, also those given later, and none that was erased',
  async (kind) => {
    const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
    const ids = new IdTable(directory, kind);
    const name = (i: number): string => `${kind} ${i}`;
    const first = Array.from({ length: 300 }, (_, i) => name(i));
    const keys = directory.write(() => ids.ensureAll(first));
    expect(Array.from(keys, (key) => ids.idOf(key))).toEqual(first);

    const [later] = directory.write(() => ids.ensureAll([name(300)]));
    expect(ids.idOf(later)).toBe(name(300));

    directory.write(() => ids.erase(name(7), keys[7]));
    expect([6, 7, 8].map((i) => ids.idOf(keys[i]))).toEqual([name(6), '', name(8)]);
    expect(ids.find(name(7))).toBeNull();
    expect(() => ids.idOf(later + 1)).toThrow(expect.objectContaining({ code: 'data-damaged' }));
    await directory.close();
  },
);
