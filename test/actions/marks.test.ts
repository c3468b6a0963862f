import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserMarks } from '../../src/actions/marks.js';
import { u32Key } from '../../src/disk/codec.js';
import { openDirectory } from '../../src/disk/directory.js';
import { createRng } from '../../src/math/rng.js';
import { tempDir } from '../helpers/temp.js';

const lastUser = 0xffffffff;

test('lists of marks, folded from time to time, say what a map of users would', async () => {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  const marks = new UserMarks(directory);
  const twin = new Map<number, number>();
  const rng = createRng(5);
  const users = [0, 1, 499, 500, 501, 999, 1000, 7777, lastUser];
  let seq = 0;
  let folds = 0;
  for (let step = 0; step < 600; step++) {
    const before = seq;
    const some = new Map<number, number>();
    for (let i = rng.below(5); i >= 0; i--) some.set(users[rng.below(users.length)], ++seq);
    directory.write(() => marks.put(some, before, seq, 10));
    for (const [user, newest] of some) twin.set(user, newest);
    const { lists } = directory.readMeta<{ lists: number }>('userMarks') ?? { lists: -1 };
    if (lists === 0) folds++;
    if (step % 50 > 0 && lists > 0) continue;
    const expected = [...twin].sort(([a], [b]) => a - b).map(([user, newest]) => ({ user, seq: newest }));
    const until = (to: number) => expected.filter(({ user }) => user < to);
    expect([...marks.of(0, 10_000)]).toEqual(until(10_000));
    expect([...marks.of(lastUser, lastUser + 1)]).toEqual(expected.filter(({ user }) => user === lastUser));
    expect([...marks.of(500, 1000)]).toEqual(until(1000).filter(({ user }) => user >= 500));
    expect([...marks.of(2, 499)]).toEqual([]);
    for (const since of [before - 1, before, seq - 1, seq])
      expect([...marks.of(0, 10_000, Math.max(0, since))]).toEqual(
        until(10_000).filter((mark) => mark.seq > since),
      );
  }
  expect(folds).toBe(2);
  expect(marks.coverSince(0, seq)).toBe(true);
  await directory.close();
});

test('a list of many users is folded at once', async () => {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  const marks = new UserMarks(directory);
  const many = new Map(Array.from({ length: 70_000 }, (_, user) => [user, 70_000 - user]));
  directory.write(() => marks.put(many, 0, 70_000, 70_000));
  expect(directory.readMeta('userMarks')).toMatchObject({ lists: 1, listed: 70_000 });
  directory.write(() => marks.put(new Map([[3, 70_001]]), 70_000, 70_001, 70_000));
  expect(directory.readMeta('userMarks')).toMatchObject({ lists: 0, listed: 0, from: 0, upTo: 70_001 });
  const found = [...marks.of(0, 70_000)];
  expect(found.length).toBe(70_000);
  expect(found[3]).toEqual({ user: 3, seq: 70_001 });
  expect(found[69_999]).toEqual({ user: 69_999, seq: 1 });
  await directory.close();
});

test('marks as a version before wrote them, one per user, count for nothing and go with the next change', async () => {
  const directory = await openDirectory(join(tempDir(), 'data'), { mode: 'write' });
  const marks = new UserMarks(directory);
  const old = Buffer.alloc(9);
  old[0] = 1;
  old.writeDoubleLE(40, 1);
  directory.write(() => {
    for (const user of [0, 3, 0x01020304]) directory.tables.marks?.putSync(u32Key(user), old);
    directory.writeMeta('userMarks', { from: 0, upTo: 40 });
  });
  expect(marks.coverSince(0, 40)).toBe(false);
  expect([...marks.of(0, 10)]).toEqual([]);
  directory.write(() => marks.put(new Map([[3, 41]]), 40, 41, 10));
  expect(marks.coverSince(39, 41)).toBe(false);
  expect(marks.coverSince(40, 41)).toBe(true);
  expect([...marks.of(0, 10)]).toEqual([{ user: 3, seq: 41 }]);
  expect([...(directory.tables.marks?.getKeys({}) ?? [])].length).toBe(1);
  await directory.close();
});
