import { open, type PinnerSage } from '../pipeline/pinnersage.js';
import { type PipelineFiles, worldEndMs } from './pipeline-world.js';

/** One stage of the benchmark, run in a process of its own so that its memory is its own. */
export type StageName = 'items' | 'actions' | 'load' | 'batch' | 'more' | 'again' | 'recommend';

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
    const { accepted } = await data.importItems(files.items, { embeddings: files.embeddings });
    return { accepted };
  },
  async actions(data, { files }) {
    const { accepted } = await data.importActions(files.actions);
    return { accepted };
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
  async recommend(data, { users, requests }) {
    const first = performance.now();
    data.recommend('u0', { count: 100, seed: 0, nowMs: worldEndMs });
    const loadSeconds = (performance.now() - first) / 1000;
    const times = new Float64Array(requests);
    for (let request = 0; request < requests; request++) {
      const started = performance.now();
      const user = Math.floor((request * users) / requests);
      data.recommend(`u${user}`, { count: 100, seed: request, nowMs: worldEndMs + dayMs });
      times[request] = performance.now() - started;
    }
    times.sort();
    const at = (p: number): number => times[Math.min(requests - 1, Math.floor(p * requests))];
    return {
      loadSeconds,
      medianMs: at(0.5),
      p99Ms: at(0.99),
      perSecond: 1000 / (times.reduce(add) / requests),
    };
  },
};

const add = (a: number, b: number): number => a + b;

function batchFacts(report: Awaited<ReturnType<PinnerSage['batch']>>): StageOutcome['facts'] {
  const { users, reused, usersPerSecond, clusteringShare, interests } = report;
  return { users, reused, usersPerSecond, clusteringShare, medianInterests: interests.median };
}

const reading: ReadonlySet<StageName> = new Set(['load', 'recommend']);

async function run(task: StageTask): Promise<StageOutcome> {
  const started = performance.now();
  const data = await open(task.data, { mode: reading.has(task.stage) ? 'read' : 'write' });
  const facts = await stages[task.stage](data, task);
  await data.close();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage();
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    maxRssBytes: 1024 * process.resourceUsage().maxRSS,
    facts,
  };
}

process.once('message', async (task: StageTask) => {
  const outcome = await run(task);
  process.send?.(outcome, () => process.disconnect());
});
