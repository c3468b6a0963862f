import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ActionLog } from '../../src/actions/log.js';
import { openDirectory } from '../../src/disk/directory.js';
import { IdTable } from '../../src/disk/ids.js';
import type { Action } from '../../src/model/action.js';
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

test('a time that is none, or is in seconds, is refused with what was got', async () => {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  const times: readonly unknown[] = [1e11, 1e11 - 1, 0, 1_764_000_000.5, '2026-06-30T00:00:00Z', null, [7]];
  const actions = [...times.map((timestamp) => ({ timestamp })), {}].map((time) => ({
    userId: 'u',
    itemId: 'a',
    type: 'save',
    ...time,
  }));
  const arrays = [[...actions, []] as unknown as Action[]];
  const [{ taken, rejected }] = checkActions(directory, arrays, now).arrays;
  expect(taken).toBe(1);
  const seconds = 'expected epoch milliseconds (this looks like seconds)';
  expect(rejected.map(({ index, code, message }) => [index, code, message])).toEqual([
    [1, 'timestamp-unparsable', `timestamp: got 99999999999, ${seconds}`],
    [2, 'timestamp-unparsable', `timestamp: got 0, ${seconds}`],
    [3, 'timestamp-unparsable', `timestamp: got 1764000000.5, ${seconds}`],
    [4, 'timestamp-unparsable', 'timestamp: got "2026-06-30T00:00:00Z", expected epoch milliseconds'],
    [5, 'timestamp-unparsable', 'timestamp: got null, expected epoch milliseconds'],
    [6, 'timestamp-unparsable', 'timestamp: got a list, expected epoch milliseconds'],
    [7, 'timestamp-unparsable', 'timestamp: got none, expected epoch milliseconds'],
    [8, 'not-an-object', 'got a list, expected an object'],
  ]);
  await directory.close();
});

test('what an action is refused for says what was got, and refuses it alone', async () => {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  const good = save('ada', 'a');
  const wrong: readonly (readonly [object, string, string])[] = [
    [{ weight: '2' }, 'weight-invalid', 'weight: got "2", expected a finite number ≥ 0'],
    [{ weight: Number.NaN }, 'weight-invalid', 'weight: got NaN, expected a finite number ≥ 0'],
    [{ position: [3] }, 'position-invalid', 'position: got a list, expected an integer ≥ 0'],
    [{ userId: 7 }, 'user-id-invalid', 'user_id: got 7, expected a string'],
    [{ eventId: {} }, 'event-id-invalid', 'event_id: got an object, expected a string'],
    [{ recommendationId: 5 }, 'recommendation-id-invalid', 'recommendation_id: got 5, expected a string'],
    [{ context: 'x' }, 'context-invalid', 'context: got "x", expected an object of flat JSON'],
    [{ context: new Date(0) }, 'context-invalid', 'context: got an object, expected an object of flat JSON'],
    [
      { context: { n: 5n } },
      'context-invalid',
      'context: got 5 as "n", expected text, a number, true, false or null',
    ],
  ];
  const actions = [...wrong.map(([over]) => ({ ...good, ...over })), good] as unknown as Action[];
  const [{ taken, rejected }] = checkActions(directory, [actions], now).arrays;
  expect(taken).toBe(1);
  expect(rejected).toEqual(wrong.map(([, code, message], index) => ({ index, code, message })));
  await directory.close();
});
