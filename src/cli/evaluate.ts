import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { writeFileDurably } from '../disk/durable.js';
import { evaluate } from '../evaluate/evaluate.js';
import { csvOf } from '../evaluate/report/csv.js';
import { placeOf } from '../files/write.js';
import { tablesOf } from './evaluatetables.js';
import {
  type CommonFlags,
  cosine,
  count,
  counts,
  defined,
  instant,
  list,
  nonNegative,
  positive,
  seed,
  share,
  windowDays,
  withCommon,
} from './options.js';
import { note, print, printJson, progress } from './output.js';
import { interruptible } from './session.js';

interface Flags extends CommonFlags {
  readonly space?: string;
  readonly beside?: readonly string[];
  readonly from?: number;
  readonly to?: number;
  readonly step?: number;
  readonly refit?: number;
  readonly users?: number;
  readonly seed?: number;
  readonly budgets?: readonly number[];
  readonly budget?: number;
  readonly relevanceCosine?: number;
  readonly repeatItems?: boolean;
  readonly negatives?: number;
  readonly windowDays?: number | 'all';
  readonly alpha?: number;
  readonly lambda?: number;
  readonly contenders?: readonly string[];
  readonly module?: readonly string[];
  readonly baseline?: string;
  readonly segment?: readonly string[];
  readonly exposureStrength?: number;
  readonly prior?: number;
  readonly popularShare?: number;
  readonly diversity?: number;
  readonly workers?: number;
  readonly csv?: string;
  readonly report?: string;
}

export function evaluateCommand(): Command {
  return withCommon(new Command('evaluate'))
    .description('walk the log forward and compare ways to serve its users')
    .option('--space <name>', 'the space that is evaluated (default: the active one)')
    .option('--beside <names>', 'spaces that are compared with it', list)
    .option('--from <iso>', 'start of the test period (default: the last fifth of the time span)', instant)
    .option('--to <iso>', 'its end (default: behind the newest action)', instant)
    .option('--step <days>', 'one step of the walk (default: 1)', positive)
    .option('--refit <days>', 'between fits of the global models (default: a tenth of the period)', positive)
    .option('--users <n>', 'users taken (default: 1000)', count)
    .option('--seed <n>', 'fixes users, draws, negatives and resamples (default: 0)', seed)
    .option(
      '--budgets <list>',
      'numbers of candidates (default: 10 to 400, by the size of the catalog)',
      counts,
    )
    .option('--budget <n>', 'the one that tables are about (default: near 1 % of the catalog)', count)
    .option('--relevance-cosine <c>', 'from this cosine on an item is relevant (default: 0.8)', cosine)
    .option('--repeat-items', 'items acted on before may come back and are to be foretold')
    .option('--negatives <n>', 'negatives per item of the ranking task (default: 20)', count)
    .option('--window-days <n|all>', 'how far back actions count (default: as configured)', windowDays)
    .option('--alpha <a>', 'merge threshold, a squared distance (default: that of the space)', positive)
    .option('--lambda <l>', 'decay of importance per day (default: as configured)', nonNegative)
    .option('--contenders <names>', 'only these of the built-in contenders', list)
    .option('--module <files>', 'modules with contenders of your own', list)
    .option('--baseline <name>', 'what all are compared with (default: average-0.01)')
    .option('--segment <attributes>', 'user attributes to group by', list)
    .option(
      '--exposure-strength <s>',
      'adds contenders re-ranked by exposure (default: 0, none)',
      nonNegative,
    )
    .option('--prior <s>', 'popularity prior of every contender (default: 0)', nonNegative)
    .option('--popular-share <s>', 'every contender searches this share of the catalog (default: 1)', share)
    .option('--diversity <d>', 'every contender spreads its candidates (default: 0)', nonNegative)
    .option('--workers <n>', 'threads (default: one per core)', count)
    .option('--csv <file>', 'writes every figure as CSV')
    .option('--report <file>', 'writes a self-contained HTML report')
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const signal = interruptible();
  const bar = progress('evaluate', 'users');
  const {
    data,
    json,
    csv,
    report: html,
    from,
    to,
    step,
    refit,
    module,
    segment,
    alpha,
    lambda,
    windowDays,
    prior,
    popularShare,
    diversity,
    ...rest
  } = flags;
  const profile = defined({ alpha, lambda, windowDays });
  const [csvPlace, htmlPlace] = [csv, html].map((file) => (file === undefined ? undefined : placeOf(file)));
  const report = await evaluate(data, {
    ...rest,
    ...defined({ fromMs: from, toMs: to, stepDays: step, refitDays: refit, segments: segment }),
    profile,
    shared: defined({ prior, popularShare, diversity }),
    modules: (module ?? []).map((file) => ({ module: pathToFileURL(resolve(file)).href })),
    signal,
    onProgress: bar.update,
  }).finally(() => bar.stop());
  if (csvPlace !== undefined) writeFileDurably(csvPlace, csvOf(report));
  if (htmlPlace !== undefined) {
    const { htmlOf } = await import('../evaluate/report/html.js'); // its libraries take a while to load
    writeFileDurably(htmlPlace, htmlOf(report));
  }
  for (const text of report.notes) note(`note: ${text}`);
  if (json) printJson(report);
  else print(tablesOf(report));
}
