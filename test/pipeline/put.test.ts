import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ActionLog } from '../../src/actions/log.js';
import { openDirectory } from '../../src/disk/directory.js';
import { IdTable } from '../../src/disk/ids.js';
import { checkActions, storeActions } from '../../src/pipeline/put.js';
import { tempDir } from '../helpers/temp.js';

const now = Date.parse('2026-06-30T00:00:00Z');
const save = (userId: string, itemId: string) => ({ userId, itemId, type: 'save', timestamp: now - 1000 });

test('arrays that are stored together have a report each; what stands in two is a duplicate in the later one', async () => {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  const log = new ActionLog(directory);
  const items = new IdTable(directory, 'item');
  const arrays = [
    [save('bob', 'b'), save('ada', 'a')],
    [],
    [save('ada', 'a'), { ...save('ada', 'c'), timestamp: now + 1e9 }, save('ada', 'd')],
    [save('bob', 'b'), save('bob', 'b'), save('bob', 'e'), save('', 'e')],
  ];
  const reports = storeActions(directory, log, items, checkActions(directory, arrays, now), now);
  expect(reports.map(({ accepted, duplicates }) => [accepted, duplicates])).toEqual([
    [2, 0],
    [0, 0],
    [1, 1],
    [1, 2],
  ]);
  expect(reports.map(({ rejected }) => rejected.map(({ index, code }) => [index, code]))).toEqual([
    [],
    [],
    [[1, 'timestamp-in-future']],
    [[3, 'user-id-invalid']],
  ]);
  expect(log.count()).toBe(4);
  await directory.close();
});
