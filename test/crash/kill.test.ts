import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { open, type PinnerSage } from 'pinnersage';
import { afterAll, expect, test } from 'vitest';
import { hnswLibrary } from '../../src/ann/hnsw.js';
import { createWorld } from '../../src/demo/world.js';
import { createRng } from '../../src/math/rng.js';
import { cli } from '../helpers/cli.js';

/** Kills per command; the whole check of CI asks for twenty. */
const moments = Number(process.env.PINNERSAGE_CRASH_MOMENTS ?? 2);

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'pinnersage-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const world = createWorld({ seed: 3, items: 2000, users: 150, topics: 40, dim: 32 });
const now = new Date(world.settings.endMs).toISOString();
const lines = (rows: Iterable<object>): string => Array.from(rows, (row) => JSON.stringify(row)).join('\n');

const dayMs = 86_400_000;
const later = new Date(world.settings.endMs + dayMs).toISOString();

function writeFiles(): { items: string; actions: string; more: string } {
  const files = {
    items: join(dir, 'items.ndjson'),
    actions: join(dir, 'actions.ndjson'),
    more: join(dir, 'more.ndjson'),
  };
  const items = Array.from(world.items(), ({ itemId, title, tags, quality, embedding }) => ({
    item_id: itemId,
    title,
    tags,
    quality,
    embedding: Array.from(embedding),
  }));
  const actions = Array.from(world.actions(), ({ userId, itemId, type, timestamp }) => ({
    user_id: userId,
    item_id: itemId,
    type,
    timestamp,
  }));
  writeFileSync(files.items, lines(items));
  writeFileSync(files.actions, lines(actions));
  const more = Array.from({ length: 12 }, (_, u) => ({
    user_id: world.user(u).userId,
    item_id: items[97 * u].item_id,
    type: actions[0].type,
    timestamp: world.settings.endMs + u,
  }));
  writeFileSync(files.more, lines(more));
  return files;
}

/** Without what two undisturbed runs differ in: where they are, and when they built an index. */
function described(data: PinnerSage) {
  const { spaces, ...others } = data.describe();
  const timeless = spaces.map(({ index, ...space }) => ({
    ...space,
    index: index && { ...index, builtAt: '' },
  }));
  return { ...others, spaces: timeless, path: '' };
}

function usersOf(data: PinnerSage): unknown[] {
  return Array.from({ length: 40 }, (_, u) => world.user(u).userId).map((user) => {
    const { items, interests } = data.recommend(user, { count: 20, seed: 5, nowMs: world.settings.endMs });
    return [data.interests(user, { members: true, nowMs: world.settings.endMs }), items, interests];
  });
}

/** All that a user of the directory can see, also after a batch, so that what was imported counts. */
async function stateOf(path: string) {
  const data = await open(path, { create: false });
  const before = described(data);
  const state = { before, stored: [] as unknown[], after: {}, users: [] as unknown[] };
  if (before.batch) state.stored = usersOf(data);
  if (before.actions > 0) {
    await data.batch({ nowMs: world.settings.endMs });
    state.after = described(data);
    state.users = usersOf(data);
  }
  await data.close();
  return state;
}

type State = Awaited<ReturnType<typeof stateOf>>;

interface Step {
  readonly name: string;
  readonly args: readonly string[];
  /** How often the command has been carried through, where doing it again is to be seen in the result. */
  readonly timesDone: (state: State) => number;
}

const { items, actions, more } = writeFiles();
const spaceGeneration = ({ before }: State, space: string): number =>
  before.spaces.find(({ name }) => name === space)?.generation ?? 0;

/** The way from files to profiles; each step begins with what the one before left. */
const steps: readonly Step[] = [
  { name: 'import items', args: ['import', 'items', items], timesDone: () => 1 },
  { name: 'import actions', args: ['import', 'actions', actions], timesDone: () => 1 },
  {
    name: 'embed',
    args: ['embed', '--from', 'text', '--space', 'text', '--dim', '32'],
    timesDone: (state) => spaceGeneration(state, 'text'),
  },
  { name: 'batch', args: ['batch', '--now', now], timesDone: () => 1 },
  { name: 'batch of the other space', args: ['batch', '--space', 'text', '--now', now], timesDone: () => 1 },
  // One thread makes the same graph again.
  { name: 'index', args: ['index', '--workers', '1'], timesDone: () => 1 },
  { name: 'space use', args: ['space', 'use', 'text'], timesDone: () => 1 },
  { name: 'import later actions', args: ['import', 'actions', more], timesDone: () => 1 },
  { name: 'a batch a day later', args: ['batch', '--now', later], timesDone: () => 1 },
];

/** Runs a command and kills it after some time; null where it was faster. */
async function killAfter(ms: number, args: readonly string[]): Promise<number | null> {
  const child = spawn(process.execPath, [main, ...args], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await Promise.race([ended, sleep(ms)]);
  child.kill('SIGKILL');
  return (await ended)[0] as number | null;
}

const copyOf = (from: string, name: string): string => {
  const to = join(dir, name);
  rmSync(to, { recursive: true, force: true });
  if (existsSync(from)) cpSync(from, to, { recursive: true });
  return to;
};

let left = join(dir, 'nothing');

test.for(steps)(
  '$name, killed at any moment and run again, ends as if nothing had been',
  { timeout: 60_000 + 60_000 * moments },
  async (step, { skip }) => {
    skip(step.name === 'index' && !('Index' in hnswLibrary()), 'the library for indexes does not load here');
    const rng = createRng(1 + steps.indexOf(step));
    const before = left;
    left = join(dir, `after ${step.name}`);
    copyOf(before, `after ${step.name}`);
    const started = performance.now();
    const undisturbed = cli(...step.args, '--data', left);
    expect(undisturbed.status, undisturbed.stderr).toBe(0);
    const tookMs = performance.now() - started;
    const expected = [await stateOf(copyOf(left, 'looked at'))];
    let inTime = 0;
    for (let kill = 0; kill < moments; kill++) {
      const path = copyOf(before, 'killed');
      const ms = tookMs * (0.1 + 0.8 * rng.uniform());
      if ((await killAfter(ms, [...step.args, '--data', path])) === null) inTime++;
      const again = cli(...step.args, '--data', path);
      expect(again.status, `killed after ${ms} of ${tookMs} ms: ${again.stderr}`).toBe(0);
      const state = await stateOf(path);
      const times = step.timesDone(state);
      while (expected.length < times) {
        const more = copyOf(left, 'once more');
        for (let i = 0; i < expected.length; i++) expect(cli(...step.args, '--data', more).status).toBe(0);
        expected.push(await stateOf(more));
      }
      expect(state, `killed after ${ms} of ${tookMs} ms`).toEqual(expected[times - 1]);
    }
    // Of a few, all may come too late on a machine that has become faster meanwhile.
    if (moments >= 10) expect(inTime).toBeGreaterThan(0);
  },
);
