import { open, type PinnerSage } from '../pipeline/pinnersage.js';
import { batchProfile, runtimeSeconds } from './batch-profile.js';
import { timeRequests } from './pipeline-requests.js';
import { type PipelineFiles, worldEndMs } from './pipeline-world.js';

/** One stage of the benchmark, run in a process of its own so that its memory is its own. */
export type StageName =
  | 'items'
  | 'vectors'
  | 'actions'
  | 'index'
  | 'batch'
  | 'load'
  | 'recommend'
  | 'more'
  | 'again';

export interface StageTask {
  readonly stage: StageName;
  readonly data: string;
  readonly files: PipelineFiles;
  readonly users: number;
  readonly requests: number;
}

export interface StageOutcome {
  readonly seconds: number;
  /** Of all threads. */
  readonly cpuSeconds: number;
  /** Peak resident memory as the system reports it, bytes; includes the mapped pages of the data directory. */
  readonly maxRssBytes: number;
  /** What the stage says of itself. */
  readonly facts: { readonly [name: string]: number };
}

type Work = (data: PinnerSage, task: StageTask) => Promise<StageOutcome['facts']>;

const dayMs = 86_400_000;

const stages: Readonly<Record<StageName, Work>> = {
  async items(data, { files }) {
    const { accepted } = await data.importItems(files.items);
    return { accepted };
  },
  async vectors(data, { files }) {
    const { accepted } = await data.importItems(files.items, { embeddings: files.embeddings });
    return { accepted };
  },
  async actions(data, { files }) {
    const { accepted } = await data.importActions(files.actions);
    return { accepted };
  },
  async index(data) {
    const { indexed, recall, bytes } = await data.buildIndex();
    return { indexed, [`recall@${recall.k}`]: recall.value, MiB: bytes / 2 ** 20 };
  },
  async load(data) {
    return { items: data.recommend('nobody', { count: 10, seed: 1, nowMs: worldEndMs }).items.length };
  },
  async batch(data) {
    return batchFacts(await data.batch({ nowMs: worldEndMs }));
  },
  async more(data, { files }) {
    const { accepted } = await data.importActions(files.more);
    return { accepted };
  },
  async again(data) {
    return batchFacts(await data.batch({ nowMs: worldEndMs + dayMs }));
  },
  recommend(_, { data, users, requests }) {
    return timeRequests(data, { users, requests, nowMs: worldEndMs + dayMs });
  },
};

function batchFacts(report: Awaited<ReturnType<PinnerSage['batch']>>): StageOutcome['facts'] {
  const { users, read, usersPerSecond, clusteringShare, clusteringSeconds, interests } = report;
  return {
    users,
    read,
    usersPerSecond,
    clusteringShare,
    clusteringSeconds,
    medianInterests: interests.median,
  };
}

const reading: ReadonlySet<StageName> = new Set(['load', 'recommend']);

async function run(task: StageTask): Promise<StageOutcome> {
  const started = performance.now();
  const before = process.cpuUsage();
  const runtimeBefore = runtimeSeconds();
  const data = await open(task.data, { mode: reading.has(task.stage) ? 'read' : 'write' });
  const said = await stages[task.stage](data, task);
  await data.close();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpuSeconds = (user + system) / 1e6;
  const runtime = runtimeSeconds();
  const { clusteringSeconds, clusteringShare, ...others } = said;
  const spent = {
    clusteringSeconds,
    clusteringShare,
    cpuSeconds,
    runtimeSeconds: runtime === null || runtimeBefore === null ? null : runtime - runtimeBefore,
  };
  return {
    seconds,
    cpuSeconds,
    maxRssBytes: 1024 * process.resourceUsage().maxRSS,
    facts: clusteringSeconds === undefined ? said : { ...others, clusteringShare, ...batchProfile(spent) },
  };
}

process.once('message', async (task: StageTask) => {
  const outcome = await run(task);
  process.send?.(outcome, () => process.disconnect());
});
