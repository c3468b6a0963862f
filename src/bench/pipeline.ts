import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { PinnersageError } from '../errors.js';
import { ownMemory } from './memory.js';
import type { StageName, StageOutcome, StageTask } from './pipeline-stage.js';
import { type PipelineWorld, writeWorld } from './pipeline-world.js';

export interface PipelineBenchOptions extends PipelineWorld {
  /** Folder for the files and the data directory; it must not hold a data directory yet. */
  readonly dir: string;
  readonly requests: number;
  readonly onNote: (note: string) => void;
}

export interface PipelineStage extends StageOutcome {
  readonly stage: string;
  /** Peak memory that is the process's own, bytes, sampled; null where the system does not tell. */
  readonly ownBytes: number | null;
}

export interface PipelineBench extends PipelineWorld {
  readonly cores: number;
  readonly node: string;
  readonly embeddingBytes: number;
  readonly stages: readonly PipelineStage[];
}

const titles: readonly (readonly [StageName, string])[] = [
  ['items', 'import items'],
  ['vectors', 'load embeddings'],
  ['actions', 'import actions'],
  ['index', 'index'],
  ['batch', 'batch'],
  ['load', 'open, load and answer once'],
  ['recommend', 'recommend'],
  ['more', 'import actions of 1 % of users'],
  ['again', 'batch after them, a day later'],
];

/** From files to recommendations, every stage in a process of its own by the public path. */
export async function benchPipeline(options: PipelineBenchOptions): Promise<PipelineBench> {
  const { dir, requests, onNote, seed, items, users, actions, dim } = options;
  const data = join(dir, 'data');
  if (existsSync(data))
    throw new PinnersageError('option-invalid', `${data}: exists already; give --dir a folder without one`);
  onNote(`writing ${actions} actions of ${users} users on ${items} items to ${dir}`);
  const files = await writeWorld(dir, { seed, items, users, actions, dim });
  const stages: PipelineStage[] = [];
  for (const [stage, title] of titles) {
    onNote(title);
    const outcome = await runStage({ stage, data, files, users, requests });
    stages.push({ ...outcome, stage: title });
  }
  return {
    seed,
    items,
    users,
    actions,
    dim,
    cores: availableParallelism(),
    node: process.version,
    embeddingBytes: 4 * items * dim,
    stages,
  };
}

const sampleEveryMs = 50;

function runStage(task: StageTask): Promise<StageOutcome & { ownBytes: number | null }> {
  const child = fork(new URL('./pipeline-stage.js', import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let ownBytes: number | null = null;
  const sample = setInterval(() => {
    const now = child.pid === undefined ? null : ownMemory(child.pid);
    if (now !== null) ownBytes = Math.max(ownBytes ?? 0, now);
  }, sampleEveryMs);
  return new Promise((resolve, reject) => {
    let outcome: StageOutcome | null = null;
    child.on('message', (message: StageOutcome) => {
      outcome = message;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      clearInterval(sample);
      if (outcome && code === 0) resolve({ ...outcome, ownBytes });
      else reject(new Error(`stage ${task.stage} ended with ${code}`));
    });
    child.send(task);
  });
}
