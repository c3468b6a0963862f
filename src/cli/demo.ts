import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { showSummary, showUser } from '../demo/show.js';
import { createWorld, type World } from '../demo/world.js';
import { PinnersageError } from '../errors.js';
import type { PinnerSage } from '../pipeline/pinnersage.js';
import { buildWorld, WorldJudge } from './demoworld.js';
import { type CommonFlags, count, seed, withCommon } from './options.js';
import { note, print, printJson, progress } from './output.js';
import { interruptible, withData } from './session.js';

interface Flags extends CommonFlags {
  readonly seed: number;
  readonly users: number;
}

/** Candidates per user on a page, and in the summary. */
const pageCount = 9;
const summaryCount = 30;
const summaryUsers = 300;
const defaultSeed = 1;

export function demoCommand(): Command {
  return withCommon(new Command('demo'), './pinnersage-demo')
    .description('build a synthetic world, find its interests, and show them beside the single average')
    .option('--seed <n>', 'another world', seed, defaultSeed)
    .option('--users <n>', 'how many users to show', count, 3)
    .action(demo);
}

async function demo(flags: Flags): Promise<void> {
  const started = performance.now();
  const world = createWorld({ seed: flags.seed });
  if (await isBuilt(flags.data, world)) note(`using the world in ${flags.data}; delete it to build it anew`);
  else await withData(flags.data, 'create', (data) => build(data, world));
  await withData(flags.data, 'read', (data) => {
    const judge = new WorldJudge(data, world);
    const summary = judge.summary(some(world, summaryUsers), summaryCount);
    if (flags.json) return printJson({ seed: flags.seed, ...summary });
    const color = process.stdout.isTTY === true;
    for (const user of interesting(world, flags.users))
      print(showUser(judge.page(user, pageCount), { color }));
    print(showSummary(summary, { color }));
    const [first] = interesting(world, 1);
    const at = `--data ${flags.data}`;
    print(`Look further (the demo took ${((performance.now() - started) / 1000).toFixed(0)} s):
  node dist/cli/main.js interests ${first.userId} --members ${at}
  node dist/cli/main.js recommend ${first.userId} --count 12 --explain ${at}
  node dist/cli/main.js describe ${at}`);
  });
}

async function isBuilt(path: string, world: World): Promise<boolean> {
  if (!existsSync(path)) return false;
  return withData(path, 'read', (data) => {
    const { items, batch } = data.describe();
    return items === world.settings.items && batch?.asOf === new Date(world.settings.endMs).toISOString();
  });
}

async function build(data: PinnerSage, world: World): Promise<void> {
  const signal = interruptible();
  const stopIfAsked = (): void => {
    if (signal.aborted) throw new PinnersageError('interrupted', 'interrupted; run the demo again to go on');
  };
  const itemBar = progress('items', 'items');
  const actionBar = progress('actions', 'actions');
  try {
    await buildWorld(data, world, { onItems: itemBar.update, onActions: actionBar.update, signal });
  } finally {
    itemBar.stop();
    actionBar.stop();
  }
  stopIfAsked();
  const bar = progress('batch', 'users');
  try {
    await data.batch({ nowMs: world.settings.endMs, signal, onProgress: bar.update });
  } finally {
    bar.stop();
  }
}

/** Every k-th user, so that `count` of them stand for all. */
function some(world: World, count: number) {
  const step = Math.max(1, Math.floor(world.settings.users / count));
  return Array.from({ length: Math.min(count, world.settings.users) }, (_, i) => world.user(i * step));
}

/** The first users with three to six interests of some weight: enough to see, few enough to read. */
function interesting(world: World, count: number) {
  const found = [];
  for (const user of world.users()) {
    const weighty = user.interests.filter(({ actionTimes }) => actionTimes.length >= 5).length;
    if (weighty >= 3 && user.interests.length <= 6) found.push(user);
    if (found.length === count) break;
  }
  return found;
}
