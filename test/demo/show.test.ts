import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { type ShownUser, showRequests, showSummary, showUser } from '../../src/demo/show.js';
import { bar, beside, paint, percent, toWidth } from '../../src/demo/text.js';

const item = (title: string, topic: string, wanted = true) => ({ title, topics: [topic], wanted });

const user: ShownUser = {
  userId: 'user-0007',
  actions: 12,
  windowDays: 90,
  truth: [
    { topic: 'brass lanterns', share: 0.75, found: true, bySeveral: true, byAverage: true },
    { topic: 'rye bread', share: 0.25, found: true, bySeveral: true, byAverage: false },
  ],
  interests: [
    { medoid: item('Ten brass lanterns, opal glass', 'brass lanterns'), share: 0.7, size: 8 },
    { medoid: item('Dark loaves', 'rye bread'), share: 0.2, size: 3 },
    { medoid: item('Lace hats', 'lace hats', false), share: 0.1, size: 1 },
  ],
  several: [
    {
      interest: 'Ten brass lanterns, opal glass',
      items: [item('Brass lanterns, warm glow', 'brass lanterns')],
    },
    { interest: 'Dark loaves', items: [item('A first loaf', 'rye bread')] },
  ],
  average: [
    item('Brass lanterns, warm glow', 'brass lanterns'),
    item('Paper lanterns', 'paper lanterns', false),
  ],
};

test('a user on one page', () => {
  expect(showUser(user, { width: 90, maxInterests: 2 })).toBe(`\
── user-0007: 12 actions in 90 days, 2 true interests ────────────────────────────────────

  What this user truly likes                                       found  several  average
  brass lanterns                          ████████████░░░░  75 %     ✓       ✓        ✓
  rye bread                               ████░░░░░░░░░░░░  25 %     ✓       ✓        ·

  Interests found, by their medoid                      importance
  Ten brass lanterns, opal glass                        ███████████░░░░░  70 %  8 items
  Dark loaves (rye bread)                               ███░░░░░░░░░░░░░  20 %  3 items
  and 1 more

  Candidates from several embeddings        │   Candidates from one average vector
  ▸ Ten brass lanterns, opal glass          │   ✓ Brass lanterns, warm glow
  ✓ Brass lanterns, warm glow               │   ✗ Paper lanterns
  ▸ Dark loaves                             │
  ✓ A first loaf (rye bread)                │
                                            │
  speaks to 2 of 2 interests                │   speaks to 1 of 2 interests
`);
});

test('colours change nothing but colours, and no line is wider than asked', () => {
  const esc = String.fromCharCode(27);
  const colored = showUser(user, { color: true });
  expect(colored).toContain(`${esc}[32m✓${esc}[0m`);
  expect(colored.replaceAll(new RegExp(`${esc}\\[[0-9]+m`, 'g'), '').replaceAll(/ +$/gm, '')).toBe(
    showUser(user),
  );
  for (const width of [60, 80, 100, 140]) {
    for (const line of showUser(user, { width }).split('\n'))
      expect([...line].length).toBeLessThanOrEqual(width);
  }
});

test('a user without anything still gives a page', () => {
  const empty = { ...user, actions: 1, truth: [], interests: [], several: [], average: [] };
  expect(showUser(empty)).toContain('1 action in 90 days, 0 true interests');
});

test('the summary', () => {
  const page = showSummary({
    users: 50,
    interests: 140,
    found: 0.93,
    bySeveral: 0.98,
    byAverage: 0.44,
    candidates: 12,
  });
  expect(page).toBe(`\
  140 true interests of 50 users
  found among as many of the strongest interests     ████████████████████████████░░  93 %
  spoken to by 12 candidates of several embeddings   █████████████████████████████░  98 %
  spoken to by 12 candidates of one average          █████████████░░░░░░░░░░░░░░░░░  44 %
`);
});

test('pieces', () => {
  expect([bar(0, 4), bar(0.01, 4), bar(0.5, 4), bar(2, 4)]).toEqual(['░░░░', '█░░░', '██░░', '████']);
  expect([toWidth('abc', 5), toWidth('abcdef', 4), toWidth('abcd', 4)]).toEqual(['abc  ', 'abc…', 'abcd']);
  expect(toWidth(paint('ab', 'red', { color: true }), 4)).toBe(`${paint('ab', 'red', { color: true })}  `);
  expect(beside(['a'], ['b', 'c'], 11)).toEqual(['a    │ b', '     │ c']);
  expect([percent(0.444), percent(1)]).toEqual(['44 %', '100 %']);
});

test('the requests that are shown are commands of a shell, with the time put in when they are run', () => {
  const text = showRequests({
    url: 'http://127.0.0.1:3000',
    userId: 'user-0007',
    newcomer: 'you-1',
    item: { itemId: 'item-00001', title: 'Dark loaves' },
  });
  const commands = text.split('\n').filter((line) => line.startsWith('  curl '));
  expect(commands).toHaveLength(7);
  // A shell whose curl prints what it was given.
  const shell = spawnSync('sh', ['-c', `curl() { printf '%s\\n' "$@"; }\n${commands[1]}`], {
    encoding: 'utf8',
  });
  const [, , , , body, address] = shell.stdout.split('\n');
  expect(address).toBe('http://127.0.0.1:3000/v1/actions');
  expect(JSON.parse(body)).toEqual([
    { userId: 'you-1', itemId: 'item-00001', type: 'save', timestamp: expect.any(Number) },
  ]);
});
