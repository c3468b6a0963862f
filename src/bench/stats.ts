/** Milliseconds of CPU time per call. */
export interface Spread {
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly rounds: number;
}

export function spreadOf(times: readonly number[]): Spread {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { medianMs: at(0.5), p90Ms: at(0.9), rounds: sorted.length };
}

/**
 * Something to be measured: `time` runs it `calls` times and gives milliseconds of CPU time per call. All contenders run
 * on one thread; their CPU time is what an idle core would take, and another process on the machine adds little to it.
 */
export interface Contender {
  readonly name: string;
  time(calls: number): number | Promise<number>;
}

export interface RoundOptions {
  /** Time to spend per contender. */
  readonly budgetMs: number;
  readonly maxRounds: number;
  /** A round of a fast contender repeats it to fill this time. */
  readonly roundMs: number;
}

/** What a batch runs millions of times is measured as the optimising compiler leaves it. */
const warmUpMs = 300;
const mostWarmUpCalls = 2000;

/**
 * Times all contenders in turns, so that whatever else the machine does hits them alike. A slow contender drops out of
 * later rounds when its time is spent, but not before three.
 */
export async function measureInTurns(
  contenders: readonly Contender[],
  { budgetMs, maxRounds, roundMs }: RoundOptions,
): Promise<Map<string, Spread>> {
  const states = [];
  for (const contender of contenders) {
    await contender.time(1);
    const once = Math.max(await contender.time(1), 1e-4);
    const calls = Math.max(1, Math.round(roundMs / once));
    const warming = Math.round(Math.min(warmUpMs / once, mostWarmUpCalls));
    if (warming > 0) await contender.time(warming);
    const rounds = Math.max(3, Math.min(maxRounds, Math.round(budgetMs / (once * calls))));
    states.push({ contender, calls, rounds, times: [] as number[] });
  }
  for (let round = 0; round < maxRounds; round++) {
    for (const { contender, calls, rounds, times } of states) {
      if (round < rounds) times.push(await contender.time(calls));
    }
  }
  return new Map(states.map(({ contender, times }) => [contender.name, spreadOf(times)]));
}

/** A contender that runs in this thread; what the runtime does beside it (compiling, collecting) is counted. */
export interface LocalContender extends Contender {
  time(calls: number): number;
}

export function here(name: string, run: () => unknown): LocalContender {
  return {
    name,
    time(calls: number): number {
      const started = process.cpuUsage();
      for (let i = 0; i < calls; i++) sink = run();
      const { user, system } = process.cpuUsage(started);
      return (user + system) / 1000 / calls;
    },
  };
}

/** Keeps results alive, so that no work can be optimised away. */
export let sink: unknown;
