import { expect, test } from 'vitest';
import type { LiveUser } from '../../src/pipeline/live.js';
import type { AnswerPool } from '../../src/pipeline/serve/pool.js';
import { LiveUsers } from '../../src/pipeline/serve/users.js';

function liveAt(asOf: number): LiveUser {
  const none: ReadonlySet<number> = new Set();
  return {
    interests: [],
    source: 'exact',
    asOf,
    maxSeq: 0,
    isPublished: false,
    barred: none,
    excluded: none,
    acted: { actions: 0, maxSeq: 0 },
  };
}

/** Of users who are looked up, who was, in order. */
function looking(): { readonly users: LiveUsers; readonly looked: string[] } {
  const looked: string[] = [];
  const call = async (_: 'user', { userId, nowMs }: { userId: string; nowMs: number }) => {
    looked.push(userId);
    return liveAt(nowMs);
  };
  return { users: new LiveUsers({ any: () => ({ call }) } as unknown as AnswerPool), looked };
}

test('who is found out by an answer is kept where the answer says who it is', async () => {
  const { users, looked } = looking();
  users.meet('ada', Promise.resolve(liveAt(1)));
  users.meet('bob', Promise.resolve(null));
  const both = await Promise.all([users.of('ada', 2), users.of('bob', 2)]);
  expect(both).toEqual([liveAt(1), liveAt(2)]);
  expect(looked).toEqual(['bob']);
  expect(users.known('ada')).toEqual(liveAt(1));
});

test('who changes while somebody finds out is asked for anew', async () => {
  const { users, looked } = looking();
  const changes = [
    () => users.forget(['ada']),
    () => users.erase('ada'),
    () => users.forgetAll(),
    () => users.forgetActorsOf(Uint32Array.of(3)),
  ];
  for (const change of changes) {
    const coming = Promise.resolve(liveAt(1));
    users.meet('ada', coming);
    change();
    await coming;
    expect(users.known('ada')).toBe(null);
  }
  expect(await users.of('ada', 5)).toEqual(liveAt(5));
  expect(looked).toEqual(['ada']);
});
