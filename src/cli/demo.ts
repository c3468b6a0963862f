import { Command, Option } from 'commander';
import { type ShownSummary, showRequests, showSummary, showUser } from '../demo/show.js';
import { createWorld, type World } from '../demo/world.js';
import { PinnersageError } from '../errors.js';
import type { PinnerSage } from '../pipeline/pinnersage.js';
import { claimWorld } from './demoplace.js';
import { buildWorld, WorldJudge } from './demoworld.js';
import { type CommonFlags, count, seed, withCommon } from './options.js';
import { note, print, printJson, progress } from './output.js';
import { startServer } from './serve.js';
import { port } from './serveoptions.js';
import { interrupted, interruptible, withData } from './session.js';

interface Flags extends CommonFlags {
  readonly seed: number;
  readonly users: number;
  readonly port: number;
  readonly serve: boolean;
}

/** Candidates per user on a page, and in the summary. */
const pageCount = 9;
const summaryCount = 30;
const summaryUsers = 300;
const defaultSeed = 1;

export function demoCommand(): Command {
  return withCommon(new Command('demo'), './pinnersage-demo')
    .description('build a synthetic world, find its interests beside the single average, and serve it')
    .option('--seed <n>', 'another world', seed, defaultSeed)
    .option('--users <n>', 'how many users to show', count, 3)
    .addOption(new Option('--port <n>', 'where to serve').argParser(port).default(3000).env('PORT'))
    .option('--no-serve', 'end when all is shown')
    .action(demo);
}

async function demo(flags: Flags): Promise<void> {
  const signal = interruptible('stopping; press Ctrl-C again to stop at once');
  const endMs = await claimWorld(flags.data, flags.seed, Date.now());
  const world = createWorld({ seed: flags.seed, endMs });
  if (await isBuilt(flags.data, world)) note(`using the world in ${flags.data}; delete it to build it anew`);
  else await withData(flags.data, 'write', (data) => build(data, world, signal));
  const summary = await withData(flags.data, 'read', (data) => show(data, world, flags));
  if (flags.json && !flags.serve) return printJson({ seed: flags.seed, ...summary });
  if (flags.serve && !signal.aborted) await serve(flags, world, summary, signal);
}

function show(data: PinnerSage, world: World, flags: Flags): ShownSummary {
  const judge = new WorldJudge(data, world);
  const summary = judge.summary(some(world, summaryUsers), summaryCount);
  if (flags.json) return summary;
  const color = process.stdout.isTTY === true;
  for (const user of interesting(world, flags.users)) print(showUser(judge.page(user, pageCount), { color }));
  print(showSummary(summary, { color }));
  const [first] = interesting(world, 1);
  const at = `--data ${flags.data}`;
  print(`Look further:
  node dist/cli/main.js interests ${first.userId} --members ${at}
  node dist/cli/main.js recommend ${first.userId} --count 12 --explain ${at}
  node dist/cli/main.js describe ${at}`);
  return summary;
}

/** Until a signal comes. */
async function serve(flags: Flags, world: World, summary: ShownSummary, signal: AbortSignal): Promise<void> {
  const server = await startServer({
    data: flags.data,
    port: flags.port,
    batchEvery: 'none',
    batchAt: 0,
    logLevel: 'warn',
    drainSeconds: 0,
  });
  const [first] = interesting(world, 1);
  if (flags.json) printJson({ seed: flags.seed, ...summary, url: server.url });
  else {
    const newcomer = `you-${Date.now().toString(36)}`; // new at every start
    print(showRequests({ url: server.url, userId: first.userId, newcomer, item: wished(world) }));
  }
  await interrupted(signal);
  await server.stop();
}

/** What a newcomer of the printed requests saves: the first item that lies in one topic alone. */
function wished(world: World): { readonly itemId: string; readonly title: string } {
  for (const item of world.items()) if (world.topicsOf(item.itemId).length === 1) return item;
  throw new PinnersageError('internal', 'every item of the world lies between topics');
}

async function isBuilt(path: string, world: World): Promise<boolean> {
  return withData(path, 'read', (data) => {
    const { items, batch } = data.describe();
    return items === world.settings.items && batch !== null;
  });
}

async function build(data: PinnerSage, world: World, signal: AbortSignal): Promise<void> {
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
